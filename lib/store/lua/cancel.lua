-- cancel: ends a waiting job, or asks the worker of a running one to stop it.
-- KEYS    1 · base `prefix:{queue}:`
-- ARGV    1 · id    2 · reason    3 · '1' to release its dependents as if it had finished    4 · channel prefix of workers    5 · name of the call
-- Returns the status before the call ('' when there is no such job); 'started' means that the stop was asked for
-- Keeps   a job that has ended is left as it is. The first write frees (ZREM), for a full Redis. The wish is stored in the job: a lost message only delays it until the next renewal.
-- Cost    O(log n); O(queue length) when the job is in the list
--@include _job
--@include _waiting
--@include _once
local base, id = KEYS[1], ARGV[1]
local key = base .. 'job:' .. id
local before = said(base, ARGV[5])
if before then return before end
local job = redis.call('HMGET', key, 'status', 'flags', 'worker', 'expires_at', 'token')
local status, flags = job[1] or '', job[2] or ''
if status ~= 'started' and not CONTAINER[status] then return status end
if CONTAINER[status] and job[4] and whole(job[4], now + 1) <= now then return 'expired' end
if ARGV[3] == '1' and not has(flags, 'e') then flags = flags .. 'e' end
if status == 'started' then
  redis.call('ZREM', base .. 'started', '')
  if not has(flags, 's') then flags = flags .. 's' end
  redis.call('HSET', key, 'flags', flags)
  if job[3] then redis.call('PUBLISH', ARGV[4] .. job[3], 'stop ' .. id .. ' ' .. (job[5] or '')) end
else
  withdraw(base, id, status, job[4])
  fail(base, id, 'canceled', flags, ARGV[2])
end
say(base, ARGV[5], status)
return status
