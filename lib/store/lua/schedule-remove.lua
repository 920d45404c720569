-- schedule-remove: deletes a schedule with its history. Jobs that it has fired go on.
-- KEYS    1 · base `prefix:{schedules}:`
-- ARGV    1 · name    2 · name of the call
-- Returns 1 deleted, 0 not there
-- Keeps   no key of the schedule is left; what it fired and is not delivered yet still becomes a job
-- Cost    O(log n) per run in its history
--@include _once
local base, name = KEYS[1], ARGV[1]
if said(base, ARGV[2]) then return 1 end
local there = redis.call('SREM', base .. 'names', name)
for _, id in ipairs(redis.call('LRANGE', base .. 'history:' .. name, 0, -1)) do redis.call('ZREM', base .. 'open', name .. ' ' .. id) end
redis.call('DEL', base .. 'schedule:' .. name, base .. 'history:' .. name, base .. 'runs:' .. name)
redis.call('ZREM', base .. 'next', name)
redis.call('ZREM', base .. 'custom', name)
if there == 1 then say(base, ARGV[2], 1) end
return there
