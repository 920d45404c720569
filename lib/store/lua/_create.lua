-- Jobs with options: where they wait first.
-- Registers a child with a parent of the same queue; returns the parent's status when it has ended already.
local function register(base, parent, child)
  local key = base .. 'job:' .. parent
  local job = redis.pcall('HMGET', key, 'status', 'flags')
  if not job[1] or REGISTRY[job[1]] then return job[1] or 'deleted' end
  redis.call('RPUSH', key .. ':dependents', child)
  if not has(job[2], 'd') then redis.call('HSET', key, 'flags', (job[2] or '') .. 'd') end
  return nil
end

--@include _announce

local function await(base, job)
  local waits, dead = base .. 'job:' .. job.id .. ':waits', false
  for _, parent in ipairs(job.control.parents or {}) do
    local ended = nil
    if string.find(parent, '/', 1, true) then redis.call('SADD', base .. 'unlinked', job.id) else ended = register(base, parent, job.id) end
    if not ended then redis.call('SADD', waits, parent) end
    dead = dead or (ended and ended ~= 'finished' and not job.control.allowFailure)
  end
  if dead then redis.call('DEL', waits) redis.call('SREM', base .. 'unlinked', job.id) end
  return redis.call('EXISTS', waits) == 1, dead
end

-- A waiting holder makes way; a running one goes on, and the key passes to the newer job.
local function own(base, id, unique)
  local owner, job = holder(base, unique.key)
  if owner and CONTAINER[job[1]] then
    withdraw(base, owner, job[1], job[2])
    -- Fifty changes in a second must not be kept for a year.
    redis.call('HSETNX', base .. 'job:' .. owner, 'failure_ttl', RESULT_TTL)
    fail(base, owner, 'canceled', job[3], 'replaced')
  end
  local key = base .. 'unique:' .. unique.key
  if unique.throttle then redis.call('SET', base .. 'throttled:' .. unique.key, id, 'PX', unique.throttle) end
  if unique.ttl then redis.call('SET', key, id, 'PX', unique.ttl) else redis.call('SET', key, id) end
end

-- Since when calls put off the run of a key, each taking the place of the one before.
local function putOffSince(base, unique)
  local owner, job = holder(base, unique.key)
  if not owner or not CONTAINER[job[1]] then return now end
  local since, born, enqueued = unpack(redis.call('HMGET', base .. 'job:' .. owner, 'since', 'created_at', 'enqueued_at'))
  return whole(since) or whole(born) or whole(enqueued, now)
end

local function create(base, name, job)
  local control, id, key = job.control, job.id, job.key
  local runAt = control.runAt or (control.delay and now + control.delay)
  local patience, since = control.unique and control.unique.maxWait, nil
  if patience then
    since = putOffSince(base, control.unique)
    runAt = runAt and math.min(runAt, since + patience)
  end
  local expires = control.ttl and now + control.ttl
  local fields = { 'status', 'deferred', 'origin', name }
  local function field(field, value)
    if value then fields[#fields + 1], fields[#fields + 2] = field, value end
  end
  -- What goes straight into the list is created when it is enqueued.
  field('created_at', ((runAt and runAt > now) or control.parents) and nowText)
  field('run_at', runAt)
  field('since', since)
  field('expires_at', expires)
  field('front', control.front)
  field('allow_failure', control.allowFailure)
  for at = job.from, job.to do fields[#fields + 1] = ARGV[at] end
  redis.call('HSET', key, unpack(fields))
  announce(base, job)
  local waiting, dead = await(base, job)
  if dead then
    fail(base, id, 'canceled', redis.call('HGET', key, 'flags'), 'dependency')
    return 'canceled'
  end
  if control.unique then own(base, id, control.unique) end
  if not waiting then return ready(base, id, nil, runAt, control.front, expires, control.line) end
  redis.call('ZADD', base .. 'deferred', now, id)
  expiry(base, id, expires, nil, 'deferred')
  return 'deferred'
end
