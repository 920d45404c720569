-- Takes the first jobs of one queue. See claim.lua.
local FIELDS = { 'status', 'task', 'args', 'timeout', 'attempt', 'expires_at', 'enqueued_at', 'flags' }
local MORE = { 'retry', 'failures', 'meta', 'parents', 'created_at', 'result_ttl', 'run_at', 'tags', 'lost', 'takes', 'workflow', 'trace' }

-- Flat, eight values per job: a table for each would cost more than the job.
local function add(rows, index, base, id, job, attempt)
  local n, more = #rows, job[8] and (has(job[8], 'm') or has(job[8], 'x'))
  rows[n + 1], rows[n + 2], rows[n + 3], rows[n + 4] = index, id, attempt, job[2]
  rows[n + 5], rows[n + 6], rows[n + 7] = job[3], job[4], job[7]
  rows[n + 8] = more and redis.call('HMGET', base .. 'job:' .. id, unpack(MORE)) or false
  if more and has(job[8], 'i') then rows[n + 8][#MORE + 1] = redis.call('HGETALL', base .. 'job:' .. id .. ':inputs') end
end

-- Whether a popped id may run; what may not goes where it belongs.
local function startable(base, id, job)
  local status, expires = job[1], job[6] and whole(job[6])
  if expires then expiry(base, id, expires, 'queued', nil) end
  if status ~= 'queued' or not (job[2] and job[3]) then
    quarantine(base, id, job, status, job[8])
  elseif expires and expires <= now then
    fail(base, id, 'expired', job[8], 'ttl')
  else
    return true
  end
  return false
end

-- A queue that is paused, or written by a newer version, or broken, has nothing for us; the others go on. Else its `levels`, or '', and its limits, if it has any.
local function open(base)
  local meta = redis.pcall('HMGET', base .. 'meta', 'paused', 'version', 'levels', 'limits')
  if meta.err or (meta[1] and paused(meta[1])) or (meta[2] and meta[2] ~= '1') then return nil end
  return meta[3] or '', meta[4] and gates().limitsOf(base, meta[4])
end

-- That leases can be written is found out, by a write that frees, before the first id is popped.
local leasable = {}
local function writable(base)
  leasable[base] = leasable[base] or type(redis.pcall('ZREM', base .. 'started', '')) == 'number'
  return leasable[base]
end

-- Where the keys of a limit are broken a job rather runs than is lost.
local function heldBack(base, id, job, limits)
  local good, passes = pcall(gates().pass, base, id, job, limits)
  return good and not passes
end

-- Returns how many ids it took from the list, and whether there are more.
local function take(index, base, list, token, worker, want, leaseMs, rows, taken, limits)
  local wanted = string.format('%d', want)
  local ids = redis.pcall('LRANGE', list, '0', wanted)
  if ids.err or #ids == 0 or not writable(base) then return 0, false end
  local more = #ids > want
  if more then ids[#ids] = nil end
  local jobs, first = {}, #taken
  local call, pcall, prefix = redis.call, redis.pcall, base .. 'job:'
  for i, id in ipairs(ids) do jobs[i] = pcall('HMGET', prefix .. id, 'status', 'task', 'args', 'timeout', 'attempt', 'expires_at', 'enqueued_at', 'flags') end
  call('LTRIM', list, more and wanted or string.format('%d', #ids), '-1')
  for i, id in ipairs(ids) do
    local job = jobs[i]
    if not startable(base, id, job) then
      -- It is where it belongs.
    elseif limits and heldBack(base, id, job, limits) then
      expiry(base, id, job[6], nil, 'queued')
    else
      local attempt = job[5] and whole(job[5], 0) + 1 or '1'
      call('HSET', prefix .. id, 'status', 'started', 'attempt', attempt, 'token', token, 'worker', worker, 'started_at', nowText)
      if job[8] then tell(base, id, job[8], 'started\n') end
      taken[#taken + 1] = id
      add(rows, index, base, id, job, attempt)
    end
  end
  -- From the last to the first: a small zset is searched from its head for where an entry belongs.
  local leases, deadline = {}, stamp(now + leaseMs)
  for n = #taken, first + 1, -1 do leases[#leases + 1], leases[#leases + 2] = deadline, taken[n] end
  if #leases > 0 then redis.call('ZADD', base .. 'started', unpack(leases)) end
  return #ids, more
end
