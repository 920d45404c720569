-- tick: elects the leader of a queue, queues the jobs that have become due, and puts back a lost wake marker.
-- KEYS    1 · base `prefix:{queue}:`
-- ARGV    1 · worker name    2 · leadership in ms    3 · most jobs to promote
-- Returns { 1 leader or 0, jobs promoted, ms until the next is due or -1, messages in the outbox };
--         the fifth is 1 to a leader that has to sweep, to a follower the ms for which another leads
-- Keeps   a job is never queued before its time on the clock of Redis. Safe without the lock: two leaders promote nothing twice.
--         A queue written by a newer version is refused: its own workers lead it.
-- Cost    O(promoted · log scheduled)
--@include _job
--@include _waiting
--@include _quarantine
local base = KEYS[1]
local version = redis.call('HGET', base .. 'meta', 'version')
if version and version ~= '1' then return redis.error_reply('RQTS_SCHEMA_VERSION ' .. version) end
redis.call('ZREM', base .. 'scheduled', '')
local leader = redis.call('GET', base .. 'leader')
if leader and leader ~= ARGV[1] then return { 0, 0, -1, 0, redis.call('PTTL', base .. 'leader') } end
redis.call('SET', base .. 'leader', ARGV[1], 'PX', ARGV[2])
local due = redis.call('ZRANGEBYSCORE', base .. 'scheduled', '-inf', now, 'LIMIT', 0, ARGV[3])
for _, id in ipairs(due) do
  redis.call('ZREM', base .. 'scheduled', id)
  local job = redis.pcall('HMGET', base .. 'job:' .. id, 'status', 'front', 'expires_at', 'flags')
  if job[1] == 'scheduled' then
    ready(base, id, 'scheduled', nil, job[2], job[3], job[4])
  else
    quarantine(base, id, job, job[1], job[4])
  end
end
local meta = redis.call('HMGET', base .. 'meta', 'paused', 'levels', 'limits')
local halted = meta[1] and paused(meta[1])
if meta[1] and not halted then redis.call('HDEL', base .. 'meta', 'paused') end
local free = meta[3] and gates().admit(base, gates().limitsOf(base, meta[3])) or 1
if free > 0 and not halted and anyWaiting(base, meta[2]) then wake(base) end
local head = redis.call('ZRANGE', base .. 'scheduled', 0, 0, 'WITHSCORES')
-- Whether a sweep has something to do that cannot wait.
local late = redis.call('EXISTS', base .. 'unlinked')
for _, zset in ipairs({ 'started', 'expiry:queued', 'expiry:scheduled', 'expiry:deferred' }) do
  if #redis.call('ZRANGEBYSCORE', base .. zset, '-inf', nowText, 'LIMIT', '0', '1') > 0 then late = 1 end
end
return { 1, #due, head[2] and math.max(0, tonumber(head[2]) - now) or -1, redis.call('LLEN', base .. 'outbox'), late }
