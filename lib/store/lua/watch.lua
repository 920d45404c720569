-- watch: reads where jobs stand and asks for a message when that changes.
-- KEYS    1 · base `prefix:{queue}:`
-- ARGV    ids (at most 1,000)
-- Returns per id { status, result, error, reason, ms until its ttl ends it or -1, progress }, or false when there is no such job
-- Keeps   subscribed before it reads, a caller misses nothing: the flag and the reading are one step.
--         The first write frees (ZREM): one may wait for results while Redis is full.
-- Cost    O(ids)
--@include _job
local base, seen, asked = KEYS[1], {}, false
for n, id in ipairs(ARGV) do
  local key = base .. 'job:' .. id
  local job = redis.pcall('HMGET', key, 'status', 'flags', 'result', 'error', 'reason', 'expires_at', 'progress')
  if not job[1] then
    seen[n] = false
  else
    local live = not REGISTRY[job[1]]
    if live and not has(job[2], 'w') then
      if not asked then redis.call('ZREM', base .. 'started', '') end
      redis.call('HSET', key, 'flags', (job[2] or '') .. 'w')
      asked = true
    end
    local expires = live and job[1] ~= 'started' and whole(job[6])
    seen[n] = { job[1], job[3] or false, job[4] or false, job[5] or false, expires and math.max(0, expires - now) or -1, job[7] }
  end
end
return seen
