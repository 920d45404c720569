-- Jobs that wait for parents.
-- Registers a child with a parent of the same queue; returns the parent's status when it has ended already.
local function register(base, parent, child)
  local key = base .. 'job:' .. parent
  local job = redis.pcall('HMGET', key, 'status', 'flags')
  if not job[1] or REGISTRY[job[1]] then return job[1] or 'deleted' end
  redis.call('RPUSH', key .. ':dependents', child)
  if not has(job[2], 'd') then redis.call('HSET', key, 'flags', (job[2] or '') .. 'd') end
  return nil
end

local function await(base, job)
  local waits, dead = base .. 'job:' .. job.id .. ':waits', false
  for _, parent in ipairs(job.control.parents or {}) do
    local ended = nil
    if string.find(parent, '/', 1, true) then redis.call('SADD', base .. 'unlinked', job.id) else ended = register(base, parent, job.id) end
    if not ended then redis.call('SADD', waits, parent) end
    dead = dead or (ended and ended ~= 'finished' and not job.control.allowFailure)
  end
  if dead then redis.call('DEL', waits) redis.call('SREM', base .. 'unlinked', job.id) end
  return redis.call('EXISTS', waits) == 1, dead
end
