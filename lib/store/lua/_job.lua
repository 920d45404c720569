-- Moves that every transition shares. `base` is `prefix:{queue}:`. `flags` is the job's field of that name, which most jobs do not have:
-- c has callbacks, d has dependents, e releases them when stopped, g belongs to a workflow, h started under a limit of its queue,
-- i takes results of its parents, k has a concurrency key, l has a level, m has more fields for the worker, n runs again after success, o passes the gate of its task
-- (see _parking.lua), p and y have left their end to others (see _suspend.lua), r gives its result to dependents, s is asked to stop,
-- t has a result_ttl, u holds a unique key, w is watched,
-- x has attempts or logs.
local RESULT_TTL, FAILURE_TTL = 500000, 31536000000
local REGISTRY = { finished = 'finished', failed = 'failed', stopped = 'failed', canceled = 'canceled', expired = 'canceled' }
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
-- A command that is given a number prints it with 17 digits, which costs more than the rest of a small one: hot paths give texts.
local function stamp(at)
  return string.format('%d%03d', at / 1000, at % 1000)
end
local nowText, scores = stamp(now), {}

-- A whole number as stored, else the default: Lua does not roll back, so a broken field must not break a script half way.
local function whole(text, default)
  local n = tonumber(text)
  return n and n == math.floor(n) and math.abs(n) < 1e15 and n or default
end

-- Of a queue: '1' until it is resumed, else the time at which that ends.
local function paused(text)
  return text == '1' or whole(text, now + 1) > now
end

local function has(flags, letter)
  return flags and string.find(flags, letter, 1, true)
end

local function tell(base, id, flags, event)
  if has(flags, 'w') then redis.call('PUBLISH', base .. 'job:' .. id, event) end
end

-- One marker is enough: whoever takes it and leaves jobs behind puts the next one.
local function wake(base)
  if redis.pcall('LLEN', base .. 'wake') == 0 then redis.call('RPUSH', base .. 'wake', 1) end
end

--@include _levels
--@include _gates

local function push(base, id, front, flags)
  if has(flags, 'k') then
    local good, inside = pcall(gates().enter, base, id, front)
    if good and not inside then return end
  end
  local list = has(flags, 'l') and intoLevel(base, id) or 'queue'
  if redis.call(front and 'LPUSH' or 'RPUSH', base .. list, id) == 1 then wake(base) end
end

--@include _ending
