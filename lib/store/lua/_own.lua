-- Jobs with a unique key.
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
