-- A handler has left its job to others of its queue: it ends when they have, with its own result (wait) or with theirs (yield).
-- Until then it is deferred, with `p` among its flags, and `y` for yield. See _resolve.lua for its end.
local function suspend(base, id, flags, kind, others, result)
  local key = base .. 'job:' .. id
  letGo(base, id, flags)
  redis.call('HDEL', key, 'started_at', 'worker', 'expires_at', 'run_at')
  redis.call('HSET', key, 'status', 'deferred', 'flags', (flags or '') .. (kind == 'yield' and 'py' or 'p'))
  if result ~= '' then redis.call('HSET', key, 'result', result) end
  redis.call('ZADD', base .. 'deferred', now, id)
  for other in string.gmatch(others, '%S+') do
    local child = base .. 'job:' .. other
    local job = redis.pcall('HMGET', child, 'status', 'flags', 'result')
    redis.call('SADD', key .. ':waits', other)
    redis.call('RPUSH', child .. ':dependents', id)
    if not job[1] or REGISTRY[job[1]] then
      -- It was faster than we: it tells now.
      redis.call('RPUSH', base .. 'outbox', other .. ' ' .. (job[1] or 'deleted') .. (job[1] == 'finished' and job[3] and ' ' .. job[3] or ''))
    elseif not has(job[2], 'd') then
      redis.call('HSET', child, 'flags', (job[2] or '') .. 'd')
    end
  end
  tell(base, id, flags, 'deferred\n')
end
