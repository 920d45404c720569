-- A job that left its end to others, see _suspend.lua: this is its end.
--@include _repeat

local function conclude(base, child, key, job, parent, good, text)
  local flags = string.gsub(job[6], '[py]', '')
  if good and has(job[6], 'y') and text ~= '' then redis.call('HSET', key, 'result', text) end
  if good and redis.call('SCARD', key .. ':waits') > 0 then return end
  withdraw(base, child, 'deferred', job[5])
  if flags ~= '' then redis.call('HSET', key, 'flags', flags) else redis.call('HDEL', key, 'flags') end
  if good and has(flags, 'n') and runAgain(base, child, flags, redis.call('HGET', key, 'result') or '') then return end
  if good then
    local result, ttl = unpack(redis.call('HMGET', key, 'result', 'result_ttl'))
    local score = finish(base, child, 'finished', whole(ttl, RESULT_TTL), flags, result or '')
    if score then redis.call('ZADD', base .. 'finished', score, child) end
  else
    redis.call('HDEL', key, 'result')
    fail(base, child, 'failed', flags, 'error',
      '{"name":"RqtsError","code":"RQTS_JOB_FAILED","message":"The workflow to which this job left its end did not finish: see its last job, ' .. parent .. '"}')
  end
end
