-- enlist: writes a worker's record, unless a live worker of the same name has another identity.
-- KEYS    1 · `prefix:worker:NAME`
-- ARGV    1 · identity of the process    2 · ms for which the record counts as alive    3 · ms for which it is kept, then fields and values
-- Returns now, or 0 when the name is taken
-- Keeps   one live worker per name; the record is written whole each time, so a flushed Redis heals at the next heartbeat
-- Cost    O(fields)
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local record = redis.pcall('HMGET', KEYS[1], 'identity', 'deadline')
if record[1] and record[1] ~= ARGV[1] and (tonumber(record[2]) or 0) > now then return 0 end
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'identity', ARGV[1], 'heartbeat', now, 'deadline', now + ARGV[2], unpack(ARGV, 4))
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return now
