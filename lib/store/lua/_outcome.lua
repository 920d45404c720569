-- The outcomes of an attempt, written by whoever holds it.
local function history(base, id, outcome, err)
  local key = base .. 'job:' .. id
  local job = redis.call('HMGET', key, 'attempt', 'worker', 'started_at', 'flags')
  redis.pcall('RPUSH', key .. ':attempts', string.format('{"attempt":%.0f,"worker":"%s","startedAt":%.0f,"endedAt":%.0f,"outcome":"%s"%s}',
    whole(job[1], 0), job[2] or '', whole(job[3], 0), now, outcome, err and ',"error":' .. err or ''))
  redis.pcall('LTRIM', key .. ':attempts', -20, -1)
  local flags = job[4] or ''
  if has(flags, 'x') then return flags end
  redis.call('HSET', key, 'flags', flags .. 'x')
  return flags .. 'x'
end

--@include _repeat

local function succeed(base, id, flags, result)
  if has(flags, 'n') and runAgain(base, id, flags, result, history) then return nil end
  local key, ttl = base .. 'job:' .. id, RESULT_TTL
  if has(flags, 'x') then redis.call('HDEL', key, 'error', 'reason') end
  if has(flags, 't') then ttl = whole(redis.call('HGET', key, 'result_ttl'), RESULT_TTL) end
  if result == '' then return finish(base, id, 'finished', ttl, flags, '') end
  return finish(base, id, 'finished', ttl, flags, result, 'result', result)
end

-- Back to the head of the list, where it came from.
local function putBack(base, id, flags)
  redis.call('HSET', base .. 'job:' .. id, 'status', 'queued')
  redis.call('HDEL', base .. 'job:' .. id, 'started_at', 'worker')
  push(base, id, true, flags)
  tell(base, id, flags, 'queued\n')
end

local function countFailure(key)
  redis.call('HSET', key, 'failures', whole(redis.call('HGET', key, 'failures'), 0) + 1)
end

-- Its worker is gone: back to the queue, or the end when that has happened too often. Returns whether it failed.
local function lose(base, id, flags, maxLost, err)
  local key = base .. 'job:' .. id
  local lost = whole(redis.call('HGET', key, 'lost'), 0) + 1
  redis.call('HSET', key, 'lost', lost)
  redis.call('HDEL', key, 'expires_at')
  flags = history(base, id, 'lost', err)
  if lost < maxLost then
    putBack(base, id, flags)
    return false
  end
  fail(base, id, 'failed', flags, 'lost', err)
  return true
end

local function unsuccessful(base, id, flags, kind, a, b)
  local key = base .. 'job:' .. id
  local err = kind ~= 'ok' and kind ~= 'release' and kind ~= 'wait' and kind ~= 'yield' and b ~= '' and b or nil
  if kind == 'stop' or has(flags, 's') then
    flags = history(base, id, 'stopped', err)
    fail(base, id, 'stopped', flags, kind == 'stop' and a or 'stopped', err)
  elseif kind == 'release' then
    -- Its first wait goes on, so its ttl counts again.
    local job = redis.call('HMGET', key, 'attempt', 'expires_at')
    redis.call('HSET', key, 'attempt', math.max(0, whole(job[1], 1) - 1))
    expiry(base, id, job[2], nil, 'queued')
    putBack(base, id, flags)
  elseif kind == 'lost' then
    lose(base, id, flags, whole(a, 1), err)
  elseif kind == 'retry' then
    local delay = whole(a, 0)
    flags = history(base, id, 'retry', err)
    countFailure(key)
    keepBirth(key)
    redis.call('HDEL', key, 'started_at', 'worker', 'expires_at')
    redis.call('HSET', key, 'run_at', now + delay, 'error', err or 'null')
    letGo(base, id, flags)
    ready(base, id, nil, now + delay, false, nil, flags)
  else
    flags = history(base, id, 'failed', err)
    countFailure(key)
    fail(base, id, 'failed', flags, a, err)
  end
end
