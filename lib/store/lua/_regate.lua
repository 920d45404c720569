-- Mends a gate of limits. See repair.lua and _parking.lua.
-- Whoever has no business there goes, and those that have room come in.
local function regate(base, gate)
  local held, lane = base .. 'held:' .. gate, base .. 'parked:' .. gate
  local kind, name = string.match(gate, '^(%a+):(.*)$')
  local function belongs(id, running)
    local job = redis.pcall('HMGET', base .. 'job:' .. id, 'status', kind == 'key' and 'concurrency_key' or 'task')
    return job[2] == name and (job[1] == 'queued' or (running and job[1] == 'started'))
  end
  for _, id in ipairs(redis.call('SRANDMEMBER', held, 1000)) do
    if not belongs(id, true) or redis.call('ZSCORE', lane, id) then redis.call('SREM', held, id) end
  end
  for _, id in ipairs(redis.call('ZRANGE', lane, 0, 999)) do
    if not belongs(id, false) then redis.call('ZREM', lane, id) end
  end
  redis.call('ZADD', base .. 'gates', 'NX', '+inf', gate)
  gates().refill(base, gate)
end
