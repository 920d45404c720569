-- Waiting jobs: the containers of queued, scheduled and deferred, each with an index of those that have a ttl.
local CONTAINER = { queued = 'queue', scheduled = 'scheduled', deferred = 'deferred' }

local function expiry(base, id, at, from, to)
  at = whole(at)
  if not at then return end
  if from then redis.call('ZREM', base .. 'expiry:' .. from, id) end
  if to then redis.call('ZADD', base .. 'expiry:' .. to, at, id) end
end

-- The live job that holds a unique key. One that is past its ttl, or gone, holds nothing.
local function holder(base, unique)
  local owner = redis.pcall('GET', base .. 'unique:' .. unique)
  if type(owner) ~= 'string' then return nil end
  local job = redis.pcall('HMGET', base .. 'job:' .. owner, 'status', 'expires_at', 'flags')
  if job.err or not job[1] or REGISTRY[job[1]] then return nil end
  local expires = CONTAINER[job[1]] and whole(job[2])
  if not expires or expires > now then return owner, job end
end

-- A new earliest time is news for the leader, which sleeps until the one it knew.
local function schedule(base, id, at)
  redis.call('ZADD', base .. 'scheduled', at, id)
  if redis.call('ZRANGE', base .. 'scheduled', 0, 0)[1] == id then redis.call('PUBLISH', base .. 'due', at) end
end

--@include _leaving

-- Takes a waiting job out of its container.
local function withdraw(base, id, status, expires)
  if status == 'queued' then
    if redis.call('ZSCORE', base .. 'parked', id) then gates().unpark(base, id) else takeOut(base, base .. listOf(base, id), id) end
  else
    redis.call('ZREM', base .. status, id)
    if status == 'deferred' then redis.call('DEL', base .. 'job:' .. id .. ':waits') redis.call('SREM', base .. 'unlinked', id) end
  end
  expiry(base, id, expires, status, nil)
end

-- A job that went straight into the list was created when it was enqueued; it keeps that time before it is enqueued again.
local function keepBirth(key)
  local job = redis.call('HMGET', key, 'created_at', 'enqueued_at')
  if job[2] and not job[1] then redis.call('HSET', key, 'created_at', job[2]) end
end

-- A job that waits for no parent: to its run time, or to the list.
local function ready(base, id, from, runAt, front, expires, flags)
  local to = runAt and runAt > now and 'scheduled' or 'queued'
  local key = base .. 'job:' .. id
  expiry(base, id, expires, from, to)
  if to == 'scheduled' then
    redis.call('HSET', key, 'status', to)
    schedule(base, id, runAt)
  else
    redis.call('HSET', key, 'status', to, 'enqueued_at', now)
    push(base, id, front, flags)
  end
  tell(base, id, flags, to .. '\n')
  return to
end
