-- tally: adds what a worker has counted to the statistics of a queue.
-- KEYS    1 · base `prefix:{queue}:`
-- ARGV    1 · id of this call · 2 number of fields of the queue · then field, increment: those of the queue, then those of tasks (`TASK field`)
-- Returns nothing
-- Keeps   a repeated call adds nothing; every key dies: minutes after 25 h, hours after 31 d, tasks after 8 d, totals 31 d after the last job
-- Cost    O(fields)
--@include _once
local base, fields = KEYS[1], tonumber(ARGV[2])
if said(base, ARGV[1]) then return end
say(base, ARGV[1], '1')
local seconds = tonumber(redis.call('TIME')[1])
local hour = string.format('%.0f', math.floor(seconds / 3600))
local function add(key, ttl, from, to)
  if from > to then return end
  local full = redis.call('HLEN', key) > 4000
  for at = from, to, 2 do
    if not full or redis.call('HEXISTS', key, ARGV[at]) == 1 then redis.call('HINCRBY', key, ARGV[at], ARGV[at + 1]) end
  end
  redis.call('EXPIRE', key, ttl)
end
local last = 2 + 2 * fields
add(base .. 'stats:' .. string.format('%.0f', math.floor(seconds / 60)), 90000, 3, last)
add(base .. 'stats:hour:' .. hour, 2678400, 3, last)
add(base .. 'stats:total', 2678400, 3, last)
add(base .. 'stats:tasks:' .. hour, 691200, last + 1, #ARGV)
add(base .. 'stats:tasks:total', 2678400, last + 1, #ARGV)
