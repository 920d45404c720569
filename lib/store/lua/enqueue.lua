-- enqueue: creates jobs in one queue and puts each where it waits.
-- KEYS    1 · base `prefix:{queue}:`
-- ARGV    1 · queue name    2 · '1' all or nothing, '0' each for itself, 'p' all plain    3 · number of jobs, then these:
--         '', task, timeout, number: so many plain jobs, of each its id and args
--         '+', or control as JSON, then the id, number of texts, that many field names and values: one job
--         control: { front, line flags that say where it waits, delay ms, runAt, ttl ms, nonce, exists 'return', allowFailure, unique { key, mode, ttl, maxWait, throttle },
--         parents [id of this queue, or queue/id] }
-- Returns { 1 until the queue is noted as listed, now, entries }, entries being absent when all jobs are plain and new, else one per job:
--         its status, or { code, id } with code own · exists · duplicate · taken · unknown (a parent), or 'unwritten' when others were refused
-- Keeps   an id is in one container; a repeated call is recognised as its own; nothing is written before all checks of a job passed.
--         The first write is refused by a full Redis, and with it the whole call.
-- Cost    O(jobs + parents)
--@include _job
--@include _waiting
--@include _arrivals
--@include _admit
--@include _create
--@include _plain
local base, name, atomic = KEYS[1], ARGV[1], ARGV[2] == '1'
local meta = redis.call('HMGET', base .. 'meta', 'version', 'listed')
if meta[1] and meta[1] ~= '1' then return redis.error_reply('RQTS_SCHEMA_VERSION ' .. meta[1]) end

local unlisted = meta[2] and 0 or 1
if ARGV[2] == 'p' and enqueuePlain(base, name, tonumber(ARGV[3])) then
  if not meta[1] then redis.call('HSET', base .. 'meta', 'version', 1) end
  return { unlisted, now }
end
local jobs, known = readJobs(base, 4, tonumber(ARGV[3]))
local function look(job)
  return (known or job.control) and check(base, job) or nil
end
local results, refused = {}, false
if atomic then
  arriving = {}
  for n, job in ipairs(jobs) do
    results[n] = look(job)
    if not results[n] then arriving[job.id] = true end
    refused = refused or (results[n] and results[n][1] ~= 'exists' and results[n][1] ~= 'own')
  end
  if refused then
    for n in ipairs(jobs) do results[n] = results[n] or 'unwritten' end
    return { 0, now, results }
  end
end

local plain, special, created = {}, false, false
local function flush()
  if #plain > 0 and redis.call('RPUSH', base .. 'queue', unpack(plain)) == #plain then wake(base) end
  plain = {}
end
local function write(job, ...)
  redis.call('HSET', job.key, 'status', 'queued', 'origin', name, 'enqueued_at', nowText, ...)
  plain[#plain + 1] = job.id
  if #plain == 1000 then flush() end
  return 'queued'
end
for n, job in ipairs(jobs) do
  -- What follows may raise; the jobs before this one must not be left half written.
  if job.control then flush() end
  local found = results[n] or (not atomic and look(job))
  -- A queue of which all was refused is none.
  if not found and not created then
    if not meta[1] then redis.call('HSET', base .. 'meta', 'version', 1) end
    created = true
  end
  if found then
    results[n], special = found, true
  elseif job.control then
    results[n], special = create(base, name, job), true
  elseif job.to then
    results[n] = write(job, unpack(ARGV, job.from, job.to))
  else
    results[n] = write(job, 'task', job.task, 'args', job.args, 'timeout', job.timeout)
  end
end
flush()
-- With a version there are jobs: this call may be the repetition of the one that made them.
unlisted = (created or meta[1]) and unlisted or 0
if special then return { unlisted, now, results } end
return { unlisted, now }
