-- How jobs get past a gate. See _parking.lua.
-- From the gate into the list: those of a key at its end, so that keys take turns; those of a task at its head, where they were.
local function letIn(base, gate, id, turn)
  redis.call('ZREM', base .. 'parked', id)
  local job = redis.pcall('HMGET', base .. 'job:' .. id, 'status', 'flags')
  if job.err or job[1] ~= 'queued' then return false end
  local list, level = 'queue', 0
  if has(job[2], 'l') then
    local _, of = listOf(base, id)
    list, level = intoLevel(base, id), of
  end
  local key = string.sub(gate, 1, 4) == 'key:'
  local front = not key or turn + level * TURNS < 0
  if key then redis.call('HDEL', base .. 'job:' .. id, 'turn') end
  hold(base, gate, id)
  if redis.call(front and 'LPUSH' or 'RPUSH', base .. list, id) == 1 then wake(base) end
  return true
end

-- Lets in as many as have room; of a gate with a rate, also says when to look again.
local function refill(base, gate)
  local most, rate = capacity(base, gate)
  local free, look = math.min(1000, most - redis.call('SCARD', base .. 'held:' .. gate)), '+inf'
  if rate then
    local left, wait = tokens(base .. 'rate:' .. gate, rate)
    local oldest = redis.call('LINDEX', base .. 'rate:' .. gate, 0)
    free, look = math.min(free, left), now + (wait or (oldest and math.max(1, tonumber(oldest) + rate.per - now)) or rate.per)
  end
  local parked = free > 0 and redis.call('ZRANGE', base .. 'parked:' .. gate, 0, free - 1, 'WITHSCORES') or {}
  -- Those of a task from the last to the first: each goes to the head.
  local from, to, step = 1, #parked - 1, 2
  if string.sub(gate, 1, 5) == 'task:' then from, to, step = to, from, -2 end
  for at = from, to, step do
    redis.call('ZREM', base .. 'parked:' .. gate, parked[at])
    letIn(base, gate, parked[at], tonumber(parked[at + 1]))
  end
  if redis.call('EXISTS', base .. 'parked:' .. gate) == 1 then
    redis.call('ZADD', base .. 'gates', look, gate)
  elseif redis.call('EXISTS', base .. 'held:' .. gate) == 0 then
    redis.call('ZREM', base .. 'gates', gate)
  else
    redis.call('ZADD', base .. 'gates', '+inf', gate)
  end
  return #parked / 2
end

-- Whether a job may enter the list; else it is parked.
local function enter(base, id, front)
  local gate = gateOfKey(base, id)
  local held = base .. 'held:' .. gate
  if redis.call('SISMEMBER', held, id) == 1 then return true end
  if redis.call('SCARD', held) < capacity(base, gate) then
    hold(base, gate, id)
    return true
  end
  park(base, id, gate, front)
  return false
end

-- A job that no longer waits in the list nor runs gives its places to the next ones.
local function letGo(base, id, flags)
  if has(flags, 'k') then
    local gate = gateOfKey(base, id)
    if redis.call('SREM', base .. 'held:' .. gate, id) == 1 then refill(base, gate) end
  end
  if has(flags, 'o') then
    local gate = gateOfTask(base, id)
    redis.call('HDEL', base .. 'job:' .. id, 'turn')
    if redis.call('SREM', base .. 'held:' .. gate, id) == 1 then refill(base, gate) end
  end
end
