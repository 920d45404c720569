-- Tells a child that one of its parents has ended, or begins anew. Idempotent: only the first telling finds the parent in `waits`.
--@include _revive
--@include _conclude
local function resolve(base, child, parent, outcome, text)
  local key = base .. 'job:' .. child
  local job = redis.pcall('HMGET', key, 'status', 'allow_failure', 'run_at', 'front', 'expires_at', 'flags', 'reason')
  if job[1] == 'canceled' and job[7] == 'dependency' and has(job[6], 'g') then return overhear(base, child, key, job[6], parent, outcome, text) end
  if job[1] ~= 'deferred' or outcome == 'requeued' or redis.pcall('SREM', key .. ':waits', parent) ~= 1 then return end
  local good = outcome == 'finished' or outcome == 'released'
  if good then give(key, job[6], parent, text) end
  if has(job[6], 'p') then return conclude(base, child, key, job, parent, good, text) end
  if not good and not job[2] then
    if has(job[6], 'g') then shelve(key, parent) end
    withdraw(base, child, 'deferred', job[5])
    fail(base, child, 'canceled', job[6], 'dependency')
  elseif redis.call('SCARD', key .. ':waits') == 0 then
    withdraw(base, child, 'deferred', job[5])
    ready(base, child, nil, whole(job[3]), job[4], job[5], job[6])
  end
end
