-- How many jobs of a queue are in each state, as time has it now, and whether it is paused. See counts.lua.
local function countJobs(base, now)
  local function late(status)
    return redis.call('ZCOUNT', base .. 'expiry:' .. status, '-inf', now)
  end
  local function kept(registry)
    return redis.call('ZCOUNT', base .. registry, '(' .. string.format('%.0f', now), '+inf')
  end
  local queued, deferred, scheduled = late('queued'), late('deferred'), late('scheduled')
  local meta = redis.call('HMGET', base .. 'meta', 'paused', 'levels', 'limits')
  local waiting, since = 0, nil
  local function line(list)
    local head = redis.call('LINDEX', list, 0)
    if not head then return end
    waiting = waiting + redis.call('LLEN', list)
    local entered = redis.pcall('HGET', base .. 'job:' .. head, 'enqueued_at')
    entered = type(entered) == 'string' and tonumber(entered)
    if entered and (not since or entered < since) then since = entered end
  end
  line(base .. 'queue')
  for level in string.gmatch(meta[2] or '', '%S+') do line(base .. 'queue:' .. level) end
  return {
    waiting + redis.call('ZCARD', base .. 'parked') - queued, redis.call('ZCARD', base .. 'started'), redis.call('ZCARD', base .. 'deferred') - deferred,
    redis.call('ZCARD', base .. 'scheduled') - scheduled, kept('finished'), kept('failed'), kept('canceled') + queued + deferred + scheduled,
    meta[1] and (meta[1] == '1' or tonumber(meta[1]) > now) and 1 or 0, since and math.max(0, now - since) or -1, now,
    (meta[3] or redis.call('EXISTS', base .. 'limits') == 1) and 1 or 0,
  }
end
