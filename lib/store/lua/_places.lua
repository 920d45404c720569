-- Where an id is, and where its record says that it should be. See repair.lua.
local function homeOf(status)
  return CONTAINER[status] or REGISTRY[status] or (status == 'started' and status) or nil
end

-- Takes an id out of every container but its home, and out of the list when it is there twice. Returns false when it is not at home,
-- else true or its score.
local function tidy(base, id, status)
  local home, own, there = homeOf(status), status == 'queued' and listOf(base, id), false
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
  return there
end
