-- Jobs of a workflow that were canceled for want of a parent. See _resolve.lua.
local function give(key, flags, parent, text)
  if text ~= '' and has(flags, 'i') then redis.call('HSET', key .. ':inputs', parent, text) end
end

-- A job of a workflow that will not run for want of a parent keeps what it still waited for, and which of them are dead.
local function shelve(key, parent)
  if redis.call('EXISTS', key .. ':waits') == 1 then redis.call('RENAME', key .. ':waits', key .. ':unmet') end
  redis.call('SADD', key .. ':unmet', parent)
  redis.call('SADD', key .. ':dead', parent)
end

-- All its dead parents have been requeued: it waits again, and so do those that were canceled with it.
local function revive(base, child, key, flags, parent)
  redis.call('ZREM', base .. 'canceled', child)
  redis.call('DEL', key .. ':dead')
  redis.call('RENAME', key .. ':unmet', key .. ':waits')
  redis.call('PERSIST', key)
  redis.call('PERSIST', key .. ':waits')
  for _, name in ipairs(belongings(key, flags)) do redis.call('PERSIST', name) end
  redis.call('HDEL', key, 'ended_at', 'reason', 'error', 'expires_at')
  local ttl = whole(redis.call('HGET', key, 'ttl'))
  redis.call('HSET', key, 'status', 'deferred')
  if ttl then redis.call('HSET', key, 'expires_at', now + ttl) end
  redis.call('ZADD', base .. 'deferred', now, child)
  expiry(base, child, ttl and now + ttl, nil, 'deferred')
  if string.find(parent, '/', 1, true) then redis.call('SADD', base .. 'unlinked', child) end
  redis.call('RPUSH', base .. 'outbox', child .. ' requeued')
  tell(base, child, flags, 'deferred\n')
end

-- What a canceled job of a workflow hears may let it come back, and results must not be lost until then.
local function overhear(base, child, key, flags, parent, outcome, text)
  if redis.call('SISMEMBER', key .. ':unmet', parent) == 0 then return end
  if outcome == 'requeued' then
    if redis.call('SREM', key .. ':dead', parent) == 1 and redis.call('EXISTS', key .. ':dead') == 0 then revive(base, child, key, flags, parent) end
  elseif outcome == 'finished' or outcome == 'released' then
    redis.call('SREM', key .. ':unmet', parent)
    give(key, flags, parent, text)
    local ttl = redis.call('PTTL', key)
    if ttl > 0 then redis.call('PEXPIRE', key .. ':inputs', ttl) end
  else
    redis.call('SADD', key .. ':dead', parent)
  end
end
