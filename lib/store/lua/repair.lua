-- repair: puts jobs back where their records say that they are, and removes what belongs to no job.
-- KEYS    1 · base `prefix:{queue}:`
-- ARGV    1 · lease in ms for a started job that has none    2… · ids, or unique:KEY for the holder of a key, or gate:GATE (at most 100)
-- Returns nothing of use: whoever asked looks again
-- Keeps   a job that is whole stays as it is, so a repetition, or a job that moved meanwhile, changes nothing. A running attempt keeps its
--         token and gets a lease: its worker renews it, or the sweep takes it back. What no other field tells (attempts, failures) stays.
-- Cost    O(length of the lists) per job
--@include _job
--@include _waiting
--@include _quarantine
--@include _resolve
--@include _places
--@include _mend
--@include _regate
local function live(base, id, key, job, there, leaseMs)
  local status, flags = job[1], job[2] or ''
  for _, name in ipairs({ key, unpack(belongings(key, flags)) }) do redis.call('PERSIST', name) end
  redis.call('HDEL', key, 'ended_at')
  if status == 'started' and job[6] and job[7] then
    if not there or there == 'inf' then redis.call('ZADD', base .. 'started', now + leaseMs, id) end
    if not passed(base, id) then gates().hold(base, 'key:' .. redis.call('HGET', key, 'concurrency_key'), id) end
    return
  elseif status == 'started' then
    -- Nobody can write its outcome.
    redis.call('ZREM', base .. 'started', id)
    there, status = false, 'queued'
  end
  redis.call('HDEL', key, 'worker', 'started_at', 'token')
  if status == 'deferred' then
    if not there then redis.call('ZADD', base .. 'deferred', now, id) end
    expiry(base, id, job[3], nil, status)
    if redis.call('EXISTS', key .. ':waits') == 1 then return reunite(base, id, key) end
    withdraw(base, id, status, job[3])
    if has(flags, 'p') then return conclude(base, id, key, { [5] = job[3], [6] = flags }, '', true, '') end
    there = false
  end
  if not there then return ready(base, id, nil, status ~= 'queued' and whole(job[4]) or nil, job[5], job[3], flags) end
  expiry(base, id, job[3], nil, status)
end

local function put(base, id, leaseMs)
  local key = base .. 'job:' .. id
  local job = redis.pcall('HMGET', key, 'status', 'flags', 'expires_at', 'run_at', 'front', 'token', 'worker')
  local status = not job.err and job[1] or nil
  local there = tidy(base, id, status)
  if job.err or not homeOf(status) then
    local known = job.err or redis.call('EXISTS', key) == 1
    if known then quarantine(base, id, job, status, job[2]) else bury(base, id, key) end
  else
    local flags = letters(key, job[2] or '')
    if flags ~= (job[2] or '') then redis.call('HSET', key, 'flags', flags) end
    redis.call('HSET', key, 'origin', string.match(base, '{(.*)}:$'))
    job[2] = flags
    if REGISTRY[status] then retain(base, id, key, status, flags, there) else live(base, id, key, job, there, leaseMs) end
  end
end

for at = 2, #ARGV do
  local kind, name = string.match(ARGV[at], '^(%a+):(.*)$')
  if kind == 'unique' then release(KEYS[1], name) elseif kind == 'gate' then regate(KEYS[1], name) else put(KEYS[1], ARGV[at], tonumber(ARGV[1])) end
end
return 0
