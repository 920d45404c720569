-- Gates let only so many jobs through: `key:KEY` those of a concurrency key, `task:NAME` those of a task with a limit. Of each gate the set
-- `held:GATE` has the ids inside: started, or in the list and sure to get in. The others are parked: queued, but in no list. The zset
-- `parked` has all of them in order, `parked:GATE` those of one gate; `gates` has all gates in use, with the time at which a rate lets
-- more in. A job passes its key's gate when it enters the list, and its task's when it is claimed.
local function capacity(base, gate)
  local kind, name = string.match(gate, '^(%a+):(.*)$')
  local limits = limitsOf(base)
  if kind == 'key' then return whole(redis.call('HGET', base .. 'limits', name)) or limits.keys or 1 end
  local rule = limits.tasks and limits.tasks[name] or {}
  return rule.concurrency or math.huge, rule.rate
end

local function gateOfKey(base, id)
  return 'key:' .. (redis.call('HGET', base .. 'job:' .. id, 'concurrency_key') or '')
end

local function gateOfTask(base, id)
  return 'task:' .. (redis.call('HGET', base .. 'job:' .. id, 'task') or '')
end

local function hold(base, gate, id)
  redis.call('SADD', base .. 'held:' .. gate, id)
  redis.call('ZADD', base .. 'gates', 'NX', '+inf', gate)
end

-- Higher levels first, then those for the front, then in order of arrival: one number says it all. Who is parked again keeps its turn.
local TURNS = 1e12
local function park(base, id, gate, front, look)
  local key = base .. 'job:' .. id
  local turn, priority = unpack(redis.call('HMGET', key, 'turn', 'priority'))
  if not turn then
    turn = redis.call('HINCRBY', base .. 'meta', 'turns', 1)
    turn = (front and -turn or turn) - whole(priority, 0) * TURNS
    redis.call('HSET', key, 'turn', string.format('%.0f', turn))
  end
  redis.call('ZADD', base .. 'parked', turn, id)
  redis.call('ZADD', base .. 'parked:' .. gate, turn, id)
  redis.call('ZADD', base .. 'gates', 'LT', look or '+inf', gate)
end

-- Takes a waiting job out of where it is parked; false when it is not.
local function unpark(base, id)
  if redis.call('ZREM', base .. 'parked', id) == 0 then return false end
  redis.call('ZREM', base .. 'parked:' .. gateOfKey(base, id), id)
  redis.call('ZREM', base .. 'parked:' .. gateOfTask(base, id), id)
  return true
end
