-- sweep: recovers jobs whose lease has ended, ends those past their ttl, forgets those past their retention.
-- KEYS    1 · base `prefix:{queue}:`
-- ARGV    1 · most entries per container    2 · losses after which a job fails
-- Returns { ids requeued as lost, ids failed as lost, 1 when more is left, children with parents elsewhere not yet registered, messages in the outbox }
-- Keeps   the lease is checked in the step that requeues; a job that keeps killing its workers ends as failed, whatever retries remain.
-- Cost    O(entries taken · log entries)
--@include _job
--@include _waiting
--@include _quarantine
--@include _outcome
local base, most, maxLost = KEYS[1], ARGV[1], tonumber(ARGV[2])
local requeued, failed, more, freed = {}, {}, 0, false
redis.call('ZREM', base .. 'started', '')

local function past(container)
  local ids = redis.call('ZRANGEBYSCORE', base .. container, '-inf', now, 'LIMIT', 0, most)
  if #ids == tonumber(most) then more = 1 end
  return ids
end

local expired = past('started')
-- From the last to the first: each goes to the head of the list, so their order is kept.
for at = #expired, 1, -1 do
  local id = expired[at]
  local key = base .. 'job:' .. id
  redis.call('ZREM', base .. 'started', id)
  local job = redis.pcall('HMGET', key, 'status', 'flags', 'lost', 'worker')
  if not job.err and job[1] == 'started' then
    -- What the attempt still writes is refused even before the next one begins.
    redis.call('HDEL', key, 'token')
    local err = string.format('{"name":"RqtsError","code":"RQTS_LOST","message":"Worker %s lost the job (loss %d of %d): its process died or could not renew the lease"}', job[4] or '?', whole(job[3], 0) + 1, maxLost)
    freed = freed or has(job[2], 'h')
    if has(job[2], 's') then
      unsuccessful(base, id, job[2], 'stop', 'stopped', '')
    else
      local list = lose(base, id, job[2], maxLost, err) and failed or requeued
      list[#list + 1] = id
    end
  else
    quarantine(base, id, job, job[1], job[2])
  end
end
for status in pairs(CONTAINER) do
  for _, id in ipairs(past('expiry:' .. status)) do
    redis.call('ZREM', base .. 'expiry:' .. status, id)
    local job = redis.pcall('HMGET', base .. 'job:' .. id, 'status', 'flags')
    if not job.err and job[1] == status then
      withdraw(base, id, status, nil)
      fail(base, id, 'expired', job[2], 'ttl')
    end
  end
end
for _, registry in ipairs({ 'finished', 'failed', 'canceled' }) do
  local ids = past(registry)
  if #ids > 0 then redis.call('ZREM', base .. registry, unpack(ids)) end
end
if redis.call('EXISTS', base .. 'gates') == 1 then gates().mend(base) end
if freed then gates().nudge(base) end
return { requeued, failed, more, redis.call('SRANDMEMBER', base .. 'unlinked', 100), redis.call('LLEN', base .. 'outbox') }
