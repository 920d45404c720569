-- renew: extends the leases of running jobs and tells which were lost or are asked to stop.
-- KEYS    1 · base `prefix:{queue}:`
-- ARGV    1 · lease in ms, then pairs: id, attempt token
-- Returns one number per job: 1 renewed, 2 renewed and asked to stop, 0 lost
-- Keeps   only the holder of the token renews. Begins with a freeing write: a full Redis must not lose every lease at once.
-- Cost    O(jobs)
local time = redis.call('TIME')
local deadline = time[1] * 1000 + math.floor(time[2] / 1000) + tonumber(ARGV[1])
local base, verdicts = KEYS[1], {}
redis.call('ZREM', base .. 'started', '')
for at = 2, #ARGV, 2 do
  local job = redis.pcall('HMGET', base .. 'job:' .. ARGV[at], 'token', 'status', 'flags')
  local held = not job.err and job[1] == ARGV[at + 1] and job[2] == 'started'
  if held then redis.call('ZADD', base .. 'started', deadline, ARGV[at]) end
  verdicts[#verdicts + 1] = not held and 0 or (job[3] and string.find(job[3], 's', 1, true) and 2 or 1)
end
return verdicts
