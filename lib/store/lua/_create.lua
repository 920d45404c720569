-- Jobs with options: where they wait first.
--@include _announce
--@include _await
--@include _own

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
