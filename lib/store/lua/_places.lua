-- Where an id is, and where its record says that it should be. See repair.lua.
local function homeOf(status)
  return CONTAINER[status] or REGISTRY[status] or (status == 'started' and status) or nil
end

-- Takes an id out of every container but its home, and out of the list when it is there twice. Returns false when it is not at home,
-- else true or its score.
-- Held back by a limit, at one gate: all is well. Whoever is parked in another way is taken out.
local function parkedWell(base, id, status)
  local turn = redis.call('ZSCORE', base .. 'parked', id)
  local job = redis.pcall('HMGET', base .. 'job:' .. id, 'concurrency_key', 'task')
  local lanes = 0
  for kind, name in pairs({ key = job[1], task = job[2] }) do
    local lane = name and redis.call('ZSCORE', base .. 'parked:' .. kind .. ':' .. name, id)
    if lane then lanes = lanes + (lane == turn and 1 or 2) end
  end
  if status == 'queued' and turn and lanes == 1 then return true end
  if lanes > 0 then redis.call('ZADD', base .. 'parked', 0, id) end
  if turn or lanes > 0 then gates().unpark(base, id) end
  return false
end

-- Whether a job in the list, or running, has passed the gate of its key.
local function passed(base, id)
  local key = redis.pcall('HGET', base .. 'job:' .. id, 'concurrency_key')
  return type(key) ~= 'string' or redis.call('SISMEMBER', base .. 'held:key:' .. key, id) == 1
end

local function tidy(base, id, status)
  local home, own, there = homeOf(status), status == 'queued' and passed(base, id) and listOf(base, id), false
  local parked = parkedWell(base, id, status)
  if parked then own = false end
  local known = lists(redis.call('HGET', base .. 'meta', 'levels'))
  for _, list in ipairs(known) do
    local found = #redis.call('LPOS', base .. list, id, 'COUNT', 0)
    if list == own and found == 1 then there = true elseif found > 0 then redis.call('LREM', base .. list, 0, id) end
  end
  -- Perhaps in a list of which claims do not know.
  if own and not there then redis.call('LREM', base .. own, 0, id) end
  for _, zset in ipairs({ 'started', 'scheduled', 'deferred', 'finished', 'failed', 'canceled' }) do
    if zset == home then there = redis.call('ZSCORE', base .. zset, id) or false else redis.call('ZREM', base .. zset, id) end
  end
  for waiting in pairs(CONTAINER) do
    if waiting ~= status then redis.call('ZREM', base .. 'expiry:' .. waiting, id) end
  end
  if status ~= 'deferred' then redis.call('DEL', base .. 'job:' .. id .. ':waits') redis.call('SREM', base .. 'unlinked', id) end
  return parked or there
end
