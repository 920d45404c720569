-- cancel: ends waiting jobs, or asks the workers of running ones to stop them.
-- KEYS    1 · base `prefix:{queue}:`
-- ARGV    1 · reason    2 · '1' to release their dependents as if they had finished    3 · channel prefix of workers
--         4 · name of the call, then ids (at most 1,000)
-- Returns of each the status before the call ('' when there is no such job), with commas between; 'started' means that the stop was asked for
-- Keeps   a job that has ended is left as it is. The first write frees (ZREM), for a full Redis. The wish is stored in the job: a lost message only delays it until the next renewal.
-- Cost    O(log n) per job; O(queue length) when they are in the list, about once for all that come in its order
--@include _job
--@include _waiting
--@include _once
local base, statuses, changed = KEYS[1], {}, false
local before = said(base, ARGV[4])
if before then return before end

local function cancel(id)
  local key = base .. 'job:' .. id
  local job = redis.call('HMGET', key, 'status', 'flags', 'worker', 'expires_at', 'token')
  local status, flags = job[1] or '', job[2] or ''
  if status ~= 'started' and not CONTAINER[status] then return status end
  if CONTAINER[status] and job[4] and whole(job[4], now + 1) <= now then return 'expired' end
  changed = true
  if ARGV[2] == '1' and not has(flags, 'e') then flags = flags .. 'e' end
  if status == 'started' then
    redis.call('ZREM', base .. 'started', '')
    if not has(flags, 's') then flags = flags .. 's' end
    redis.call('HSET', key, 'flags', flags)
    if job[3] then redis.call('PUBLISH', ARGV[3] .. job[3], 'stop ' .. id .. ' ' .. (job[5] or '')) end
  else
    withdraw(base, id, status, job[4])
    fail(base, id, 'canceled', flags, ARGV[1])
  end
  return status
end

if #ARGV == 5 then
  statuses[1] = cancel(ARGV[5])
else
  together(function()
    for at = 5, #ARGV do statuses[#statuses + 1] = cancel(ARGV[at]) end
  end)
end
local answer = table.concat(statuses, ',')
if changed then say(base, ARGV[4], answer) end
return answer
