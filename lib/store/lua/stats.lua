-- stats: reads the statistics of a queue.
-- KEYS    1 · base `prefix:{queue}:`
-- ARGV    1 · kind: '' for minutes, 'hour:', 'tasks:' (by the hour) · 2 · how many spans back, the present one included, at most 1,500; 0 for the totals
--         3 · fields to read, separated by spaces, or '' for all
-- Returns { now in s, span, { field, value, … }, span, … }: the newest first, those without anything left out; the span of totals is 0
-- Keeps   reads only
-- Cost    O(spans + fields)
local base, kind, count = KEYS[1], ARGV[1], math.min(tonumber(ARGV[2]), 1500)
local seconds = tonumber(redis.call('TIME')[1])
local present = math.floor(seconds / (kind == '' and 60 or 3600))
local names = {}
for name in string.gmatch(ARGV[3], '%S+') do names[#names + 1] = name end
local reply = { seconds }
local function read(span, key)
  local found = {}
  if #names == 0 then
    found = redis.call('HGETALL', key)
  elseif redis.call('EXISTS', key) == 1 then
    for at, value in ipairs(redis.call('HMGET', key, unpack(names))) do
      if value then
        found[#found + 1] = names[at]
        found[#found + 1] = value
      end
    end
  end
  if #found > 0 then
    reply[#reply + 1] = span
    reply[#reply + 1] = found
  end
end
if count == 0 then read(0, base .. 'stats:' .. kind .. 'total') end
for back = 0, count - 1 do read(present - back, base .. 'stats:' .. kind .. string.format('%.0f', present - back)) end
return reply
