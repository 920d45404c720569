-- What may refuse a new job. `arriving`, in a call that is all or nothing, knows the jobs and keys admitted so far, which are not written yet.
local arriving = nil

-- nil when the job may be written, else { code, id }. Writes nothing.
local function check(base, job)
  local control, key = job.control, job.key
  local refusal = { control and control.exists == 'return' and 'exists' or 'duplicate', job.id }
  if redis.call('EXISTS', key) == 1 then
    local found = redis.pcall('HMGET', key, 'status', 'nonce')
    local nonce = control and control.nonce
    if found[1] and (not nonce or found[2] == nonce) then return { 'own', found[1] } end
    return refusal
  end
  if control and control.once and redis.call('EXISTS', base .. 'heard:' .. job.id) == 1 then return { 'own', 'finished' } end
  if arriving and arriving[job.id] then return refusal end
  for _, parent in ipairs(control and control.parents or {}) do
    local here = not string.find(parent, '/', 1, true)
    if here and not (arriving and arriving[parent]) and redis.call('EXISTS', base .. 'job:' .. parent) == 0 then return { 'unknown', parent } end
  end
  local unique = control and control.unique
  if unique then
    local owner = arriving and arriving['unique ' .. unique.key] or holder(base, unique.key)
    if unique.throttle and not owner then owner = redis.call('GET', base .. 'throttled:' .. unique.key) or nil end
    if owner and unique.mode ~= 'replace' then return { unique.mode == 'return' and 'exists' or 'taken', owner } end
    if arriving then arriving['unique ' .. unique.key] = job.id end
  end
  return nil
end
