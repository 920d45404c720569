-- glance: several queues with what happened in them lately, in one call.
-- KEYS    bases `prefix:{queue}:`, of one slot on a Cluster; keys that do not end in a colon are guards and passed over
-- ARGV    1 · how many minutes back, the present one included, at most 60
-- Returns { now in s, for each queue what `counts` returns, then statistics added up, without waits: field, sum, …, as words }
-- Keeps   reads only
-- Cost    O(queues · (log n + minutes))
--@include _counts
local time = redis.call('TIME')
local now, minute = time[1] * 1000 + math.floor(time[2] / 1000), math.floor(time[1] / 60)
local reply = { tonumber(time[1]) }
local function lately(base, row)
  local sums = {}
  for back = 0, math.min(tonumber(ARGV[1]), 60) - 1 do
    local found = redis.pcall('HGETALL', base .. 'stats:' .. string.format('%.0f', minute - back))
    for at = 1, #found, 2 do
      local name = found[at]
      if string.sub(name, 1, 4) ~= 'wait' then sums[name] = (sums[name] or 0) + (tonumber(found[at + 1]) or 0) end
    end
  end
  for name, sum in pairs(sums) do
    row[#row + 1] = name
    row[#row + 1] = sum
  end
end
for _, base in ipairs(KEYS) do
  if string.sub(base, -1) == ':' then
    local row = countJobs(base, now)
    lately(base, row)
    -- A thousand lists of a dozen numbers are slow to read for the one who asked.
    reply[#reply + 1] = table.concat(row, ' ')
  end
end
return reply
