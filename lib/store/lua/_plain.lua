-- A call of nothing but plain jobs, which most calls are: no table per job, no look at each. False, and nothing is written, when
-- some id is known already. See enqueue.lua.
local function enqueuePlain(base, name, count)
  local keys, ids, call, prefix = {}, {}, redis.call, base .. 'job:'
  for n = 1, count do keys[n] = prefix .. ARGV[n * 5 - 1] end
  for from = 1, count, 1000 do
    if call('EXISTS', unpack(keys, from, math.min(from + 999, count))) > 0 then return false end
  end
  for n = 1, count do
    local at = n * 5 - 1
    local added = call('HSET', keys[n], 'status', 'queued', 'origin', name, 'enqueued_at', nowText,
      'task', ARGV[at + 2], 'args', ARGV[at + 3], 'timeout', ARGV[at + 4])
    -- None when the call names an id twice.
    if added > 0 then ids[#ids + 1] = ARGV[at] end
  end
  for from = 1, #ids, 1000 do
    local to = math.min(from + 999, #ids)
    if call('RPUSH', base .. 'queue', unpack(ids, from, to)) == to - from + 1 then wake(base) end
  end
  return true
end
