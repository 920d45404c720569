-- counts: how many jobs of a queue are in each state, as time has it now.
-- KEYS    1 · base `prefix:{queue}:`
-- ARGV    none
-- Returns { queued, started, deferred, scheduled, finished, failed, canceled, 1 when paused, ms the head of the list has waited or -1, now }
-- Keeps   reads only: what its ttl has ended but no sweep has written down counts as canceled, what is past its retention is gone
-- Cost    O(log n)
local time = redis.call('TIME')
local base, now = KEYS[1], time[1] * 1000 + math.floor(time[2] / 1000)
local function late(status)
  return redis.call('ZCOUNT', base .. 'expiry:' .. status, '-inf', now)
end
local function kept(registry)
  return redis.call('ZCOUNT', base .. registry, '(' .. string.format('%.0f', now), '+inf')
end
local queued, deferred, scheduled = late('queued'), late('deferred'), late('scheduled')
local head = redis.call('LINDEX', base .. 'queue', 0)
local since = head and redis.pcall('HGET', base .. 'job:' .. head, 'enqueued_at')
since = type(since) == 'string' and tonumber(since)
return {
  redis.call('LLEN', base .. 'queue') - queued, redis.call('ZCARD', base .. 'started'), redis.call('ZCARD', base .. 'deferred') - deferred,
  redis.call('ZCARD', base .. 'scheduled') - scheduled, kept('finished'), kept('failed'), kept('canceled') + queued + deferred + scheduled,
  redis.call('HEXISTS', base .. 'meta', 'paused'), since and math.max(0, now - since) or -1, now,
}
