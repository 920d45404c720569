-- A job that runs again after success, and has not run often enough, waits for its next run: the same job, its failures forgotten.
-- True when it does. `remember` notes the attempt that has ended.
local function runAgain(base, id, flags, result, remember)
  local key = base .. 'job:' .. id
  local times, every, done = unpack(redis.call('HMGET', key, 'repeat_times', 'repeat_every', 'repeated'))
  done = whole(done, 0)
  if done >= whole(times, 0) then return false end
  if remember then flags = remember(base, id, 'finished') end
  keepBirth(key)
  redis.call('HDEL', key, 'started_at', 'worker', 'expires_at', 'failures', 'lost', 'progress', 'error', 'reason', 'result')
  local at = now + whole(every, 0)
  redis.call('HSET', key, 'repeated', done + 1, 'run_at', at)
  if result ~= '' then redis.call('HSET', key, 'result', result) end
  letGo(base, id, flags)
  ready(base, id, nil, at, false, nil, flags)
  return true
end
