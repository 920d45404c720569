-- How a job ends, whatever ended it; what it leaves to others first (see _detach.lua).
-- Keys that live as long as their job. Returns their names.
local function belongings(key, flags)
  local keys = has(flags, 'x') and { key .. ':attempts', key .. ':logs' } or {}
  if has(flags, 'g') then
    for _, part in ipairs({ ':inputs', ':unmet', ':dead' }) do keys[#keys + 1] = key .. part end
  end
  return keys
end

--@include _detach

-- Writes an end; returns the score for the registry, nil when nothing is kept. `text` goes to whoever watches.
local function finish(base, id, status, ttl, flags, text, ...)
  local key = base .. 'job:' .. id
  if flags then
    detach(base, id, flags, status, text)
    tell(base, id, flags, status .. '\n' .. text)
  end
  if ttl == 0 then
    if flags then redis.call('DEL', key, unpack(belongings(key, flags))) else redis.call('DEL', key) end
    return nil
  end
  redis.call('HSET', key, 'status', status, 'ended_at', nowText, ...)
  if ttl < 0 then return '+inf' end
  local score = scores[ttl]
  if not score then
    score = stamp(now + ttl)
    scores[ttl] = score
  end
  redis.call('PEXPIREAT', key, score)
  if flags then
    for _, name in ipairs(belongings(key, flags)) do redis.call('PEXPIREAT', name, score) end
  end
  return score
end

-- An end other than finished, with its reason; into the registry at once.
local function fail(base, id, status, flags, reason, err)
  local ttl = whole(redis.call('HGET', base .. 'job:' .. id, 'failure_ttl'), FAILURE_TTL)
  local fields = err and { 'reason', reason, 'error', err } or { 'reason', reason }
  local score = finish(base, id, status, ttl, flags, reason .. '\n' .. (err or ''), unpack(fields))
  if score then redis.call('ZADD', base .. REGISTRY[status], score, id) end
end
