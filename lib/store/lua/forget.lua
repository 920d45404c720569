-- forget: removes the bookkeeping of a queue that holds no jobs.
-- KEYS    1 · base `prefix:{queue}:`
-- ARGV    none
-- Returns 1 forgotten, 0 when jobs, or messages to their dependents, are left
-- Keeps   a job that arrives at the same time is either seen here or finds a queue that is new
-- Cost    O(log n) plus the entries past their retention
local time = redis.call('TIME')
local base, now = KEYS[1], string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000))
for _, registry in ipairs({ 'finished', 'failed', 'canceled' }) do redis.call('ZREMRANGEBYSCORE', base .. registry, '-inf', now) end
local levels = redis.pcall('HGET', base .. 'meta', 'levels')
for level in string.gmatch(type(levels) == 'string' and levels or '', '%S+') do
  if redis.call('EXISTS', base .. 'queue:' .. level) == 1 then return 0 end
end
for _, part in ipairs({ 'queue', 'started', 'scheduled', 'deferred', 'finished', 'failed', 'canceled', 'outbox', 'parked' }) do
  if redis.call('EXISTS', base .. part) == 1 then return 0 end
end
for _, part in ipairs({ 'meta', 'wake', 'unlinked', 'leader', 'expiry:queued', 'expiry:scheduled', 'expiry:deferred', 'limits', 'gates', 'rate', 'stats:total', 'stats:tasks:total' }) do
  redis.call('DEL', base .. part)
end
return 1
