-- schedule-remove: deletes a schedule with its history. Jobs that it has fired go on.
-- KEYS    1 · base `prefix:{schedules}:`
-- ARGV    1 · name
-- Returns 1 deleted, 0 not there
-- Keeps   no key of the schedule is left; what it fired and is not delivered yet still becomes a job
-- Cost    O(log n) per run in its history
local base, name = KEYS[1], ARGV[1]
local there = redis.call('SREM', base .. 'names', name)
for _, id in ipairs(redis.call('LRANGE', base .. 'history:' .. name, 0, -1)) do redis.call('ZREM', base .. 'open', name .. ' ' .. id) end
redis.call('DEL', base .. 'schedule:' .. name, base .. 'history:' .. name, base .. 'runs:' .. name)
redis.call('ZREM', base .. 'next', name)
redis.call('ZREM', base .. 'custom', name)
return there
