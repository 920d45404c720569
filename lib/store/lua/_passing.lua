-- What limits mean for a claim, and what the sweep mends. See _parking.lua.
-- Rates let in what is due.
local function refillDue(base)
  for _, gate in ipairs(redis.call('ZRANGEBYSCORE', base .. 'gates', '-inf', nowText, 'LIMIT', 0, 10)) do refill(base, gate) end
end

-- How many jobs of the queue may be claimed now.
local function admit(base, limits)
  if limits.tasks then refillDue(base) end
  return room(base, limits)
end

local function mark(base, id, job, letter)
  if has(job[8], letter) then return end
  job[8] = (job[8] or '') .. letter
  redis.call('HSET', base .. 'job:' .. id, 'flags', job[8])
end

-- Whether a job that was taken from the list may start; else it is parked. `job` as in _take.
local function pass(base, id, job, limits)
  if limits.keyed and has(job[8], 'k') then
    -- The limit may have been lowered while it was in the list.
    local gate = gateOfKey(base, id)
    if redis.call('SCARD', base .. 'held:' .. gate) > capacity(base, gate) then
      redis.call('SREM', base .. 'held:' .. gate, id)
      park(base, id, gate, true)
      return false
    end
  end
  local rule = limits.tasks and limits.tasks[job[2]]
  if rule then
    local gate, full, wait = 'task:' .. job[2], false, nil
    local held = base .. 'held:' .. gate
    local inside = rule.concurrency and redis.call('SISMEMBER', held, id)
    if inside then full = redis.call('SCARD', held) - inside >= rule.concurrency end
    if not full and rule.rate then
      local left, ms = tokens(base .. 'rate:' .. gate, rule.rate)
      full, wait = left == 0, ms
    end
    mark(base, id, job, 'o')
    if full then
      redis.call('SREM', held, id)
      park(base, id, gate, false, wait and now + wait)
      return false
    end
    if inside then hold(base, gate, id) end
    if rule.rate then spend(base .. 'rate:' .. gate, rule.rate, 1) end
  end
  if limits.concurrency then mark(base, id, job, 'h') end
  return true
end

-- After a claim that took so many: the rate is charged, others are told of what is left, and whoever asked hears in how many ms to ask again.
local function after(base, limits, levels, taken)
  if limits.rate and taken > 0 then spend(base .. 'rate', limits.rate, taken) end
  local free, wait = 0, nil
  if anyWaiting(base, levels) then free, wait = room(base, limits) end
  if free > 0 then wake(base) end
  local head = limits.tasks and redis.call('ZRANGE', base .. 'gates', 0, 0, 'WITHSCORES') or {}
  local due = tonumber(head[2])
  if due and due < math.huge then wait = math.min(wait or due, math.max(1, due - now)) end
  return wait
end

-- Places whose holders are gone without a word become free, and what could pass does.
local function mend(base)
  for _, gate in ipairs(redis.call('ZRANDMEMBER', base .. 'gates', 20)) do
    for _, id in ipairs(redis.call('SRANDMEMBER', base .. 'held:' .. gate, 50)) do
      local status = redis.pcall('HGET', base .. 'job:' .. id, 'status')
      if status ~= 'queued' and status ~= 'started' then redis.call('SREM', base .. 'held:' .. gate, id) end
    end
    refill(base, gate)
  end
end
