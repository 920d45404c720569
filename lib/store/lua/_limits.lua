-- The limits of a queue: the field `limits` of meta, JSON written by limits.lua; those of single keys are in the hash `limits`.
-- { concurrency, rate { max, per ms }, tasks { NAME { concurrency, rate } }, keys: concurrency per key, keyed: 1 when some key has been limited by hand }
--@include _rules
local limitsByBase = {}
local function limitsOf(base, known, anew)
  if anew or not limitsByBase[base] then
    local text = known or redis.pcall('HGET', base .. 'meta', 'limits')
    limitsByBase[base] = type(text) == 'string' and readLimits(text) or {}
  end
  return limitsByBase[base]
end

-- How many more may start now; when not one, also in how many ms. The list holds the starts of the last `per` ms, oldest first.
local function tokens(key, rate)
  local head = redis.call('LINDEX', key, 0)
  for _ = 1, head and tonumber(head) + rate.per <= now and 10 or 0 do
    local past = 0
    for _, at in ipairs(redis.call('LRANGE', key, 0, 999)) do
      if tonumber(at) + rate.per > now then break end
      past = past + 1
    end
    if past > 0 then redis.call('LTRIM', key, past, -1) end
    if past < 1000 then break end
  end
  local free = rate.max - redis.call('LLEN', key)
  if free > 0 then return free end
  return 0, math.max(1, tonumber(redis.call('LINDEX', key, 0 - free)) + rate.per - now)
end

local function spend(key, rate, count)
  local starts = {}
  for n = 1, count do starts[n] = nowText end
  redis.call('RPUSH', key, unpack(starts))
  redis.call('PEXPIRE', key, rate.per)
end

-- How many more jobs of the queue may start now; when the rate allows none, also in how many ms.
local function room(base, limits)
  local free, wait = 1000, nil
  if limits.concurrency then free = math.max(0, limits.concurrency - redis.call('ZCARD', base .. 'started')) end
  if limits.rate and free > 0 then
    local left, ms = tokens(base .. 'rate', limits.rate)
    free, wait = math.min(free, left), ms
  end
  return free, wait
end

-- A place has become free: whoever is told takes the next job.
local function nudge(base)
  local meta = redis.call('HMGET', base .. 'meta', 'paused', 'levels')
  if not (meta[1] and paused(meta[1])) and anyWaiting(base, meta[2]) and room(base, limitsOf(base)) > 0 then wake(base) end
end
