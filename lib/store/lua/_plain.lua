-- A call of nothing but plain jobs, which most calls are: no table per job, no look at each. False, and nothing is written, when
-- some id is known already. See enqueue.lua.
local function enqueuePlain(base, name, count)
  local keys, ids, call, prefix, at = {}, {}, redis.call, base .. 'job:', 4
  while #keys < count do
    local last = at + 2 + 2 * tonumber(ARGV[at + 3])
    for job = at + 4, last, 2 do keys[#keys + 1] = prefix .. ARGV[job] end
    at = last + 2
  end
  for from = 1, count, 1000 do
    if call('EXISTS', unpack(keys, from, math.min(from + 999, count))) > 0 then return false end
  end
  local n = 0
  at = 4
  while n < count do
    local task, timeout, last = ARGV[at + 1], ARGV[at + 2], at + 2 + 2 * tonumber(ARGV[at + 3])
    for job = at + 4, last, 2 do
      n = n + 1
      local added = call('HSET', keys[n], 'status', 'queued', 'origin', name, 'enqueued_at', nowText,
        'task', task, 'args', ARGV[job + 1], 'timeout', timeout)
      -- None when the call names an id twice.
      if added > 0 then ids[#ids + 1] = ARGV[job] end
    end
    at = last + 2
  end
  for from = 1, #ids, 1000 do
    local to = math.min(from + 999, #ids)
    if call('RPUSH', base .. 'queue', unpack(ids, from, to)) == to - from + 1 then wake(base) end
  end
  return true
end
