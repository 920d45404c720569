-- An id has been taken from a container and its record does not agree. If its job is where its status says, all is well; if not it
-- must neither stop the queue nor vanish: it fails with a code, or its key is set aside. `job` is an HMGET of any fields.
local function quarantine(base, id, job, status, flags)
  local key = base .. 'job:' .. id
  if job.err then
    redis.call('RENAME', key, base .. 'corrupt:' .. id)
    return
  end
  if not status and redis.call('EXISTS', key) == 0 then return end
  if status == 'queued' and (redis.call('LPOS', base .. listOf(base, id), id) or redis.call('ZSCORE', base .. 'parked', id)) then return end
  local container = status and status ~= 'queued' and (REGISTRY[status] or CONTAINER[status] or (status == 'started' and status))
  if container and redis.call('ZSCORE', base .. container, id) then return end
  local err = '{"name":"RqtsError","code":"RQTS_CORRUPT","message":"The record of the job is broken: it lacks its task, its args or a status that agrees with its place"}'
  redis.call('DEL', key .. ':waits')
  redis.call('HSET', key, 'origin', string.match(base, '{(.*)}:$'))
  fail(base, id, 'failed', flags, 'corrupt', err)
end
