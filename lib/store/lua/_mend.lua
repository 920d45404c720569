-- Mends one job. See repair.lua.
-- What only the flags tell the scripts of.
local function letters(key, flags)
  local function say(letter, told)
    if told and not has(flags, letter) then flags = flags .. letter end
  end
  local job = redis.call('HMGET', key, 'retry', 'meta', 'parents', 'tags', 'priority', 'concurrency_key', 'result_ttl')
  say('m', job[1] or job[2] or job[3] or job[4])
  say('l', job[5] and whole(job[5], 0) ~= 0)
  say('k', job[6])
  say('t', job[7])
  say('d', redis.call('EXISTS', key .. ':dependents') == 1)
  say('x', redis.call('EXISTS', key .. ':attempts', key .. ':logs') > 0)
  say('g', redis.call('EXISTS', key .. ':inputs', key .. ':unmet', key .. ':dead') > 0)
  return flags
end

-- There is no job: what hangs on it goes, and those that wait for it hear that it is gone.
local function bury(base, id, key)
  redis.call('DEL', key .. ':attempts', key .. ':logs', key .. ':inputs', key .. ':unmet', key .. ':dead')
  if redis.call('EXISTS', key .. ':dependents') == 1 then redis.call('RPUSH', base .. 'outbox', id .. ' deleted') end
end

-- An ended job is in its registry, and dies with all that is its own at the time that its registry knows.
local function retain(base, id, key, status, flags, at)
  local field, default = 'failure_ttl', FAILURE_TTL
  if status == 'finished' then field, default = 'result_ttl', RESULT_TTL end
  local ttl, left = whole(redis.call('HGET', key, field), default), redis.call('PTTL', key)
  if ttl >= 0 and left < 0 and at ~= 'inf' then left = ttl end
  local dies = left >= 0 and now + left or '+inf'
  if at and at ~= 'inf' and left >= 0 then dies = whole(at, dies) end
  redis.call('HSETNX', key, 'ended_at', nowText)
  if status ~= 'finished' then redis.call('HSETNX', key, 'reason', 'corrupt') else redis.call('HDEL', key, 'reason') end
  redis.call('ZADD', base .. REGISTRY[status], dies, id)
  local names = belongings(key, flags)
  names[#names + 1] = key
  for _, name in ipairs(names) do
    if left >= 0 then redis.call('PEXPIREAT', name, dies) else redis.call('PERSIST', name) end
  end
  if redis.call('EXISTS', key .. ':dependents') == 1 then detach(base, id, 'd' .. string.gsub(flags, '[^er]', ''), status, redis.call('HGET', key, 'result') or '') end
end

-- A unique key is held by a live job that knows of it, or by nobody.
local function release(base, unique)
  local owner, job = holder(base, unique)
  local knows = owner and has(job[3], 'u') and redis.call('HGET', base .. 'job:' .. owner, 'unique') == unique
  if not knows then redis.call('DEL', base .. 'unique:' .. unique) end
end

-- A child is told of parents that have ended in silence, and made known to those that live.
local function reunite(base, id, key)
  for _, parent in ipairs(redis.call('SMEMBERS', key .. ':waits')) do
    local of = base .. 'job:' .. parent
    local job = redis.pcall('HMGET', of, 'status', 'flags', 'result')
    if string.find(parent, '/', 1, true) then
      redis.call('SADD', base .. 'unlinked', id)
    elseif not job[1] or REGISTRY[job[1]] then
      resolve(base, id, parent, job[1] or 'deleted', job[1] == 'finished' and job[3] or '')
    elseif not redis.call('LPOS', of .. ':dependents', id) then
      redis.call('RPUSH', of .. ':dependents', id)
      redis.call('HSET', of, 'flags', letters(of, job[2] or ''))
    end
  end
end
