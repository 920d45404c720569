-- schedule-write: creates, changes, pauses or resumes a schedule.
-- KEYS    1 · base `prefix:{schedules}:`
-- ARGV    1 · name    2 · the rev that it must have, or '' for a new one    3 · the rev that it gets    4 · its next run, or '' for none
--         5 · '1' paused or ''    6 · '1' when its next run is computed by a function of the program, or '', then fields and values
-- Returns 1 written, 0 someone else was faster
-- Keeps   what was decided from one state is written to that state only; sent again, it knows itself by the new rev. The run that was due is dropped:
--         a change never fires.
-- Cost    O(fields)
local time = redis.call('TIME')
local now = string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000))
local base, name = KEYS[1], ARGV[1]
local key = base .. 'schedule:' .. name
local rev = redis.call('HGET', key, 'rev') or ''
if rev == ARGV[3] then return 1 end
if rev ~= ARGV[2] then return 0 end
redis.call('HSET', key, 'rev', ARGV[3], 'updated_at', now, unpack(ARGV, 7))
redis.call('HSETNX', key, 'created_at', now)
redis.call('SADD', base .. 'names', name)
for field, value in pairs({ next = ARGV[4], paused = ARGV[5], custom = ARGV[6] }) do
  if value == '' then redis.call('HDEL', key, field) else redis.call('HSET', key, field, value) end
end
redis.call('ZREM', base .. 'next', name)
redis.call('ZREM', base .. 'custom', name)
redis.call('PUBLISH', base .. 'changed', name)
if ARGV[4] ~= '' then redis.call('ZADD', base .. (ARGV[6] == '1' and 'custom' or 'next'), ARGV[4], name) end
return 1
