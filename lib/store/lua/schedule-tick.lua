-- schedule-tick: elects the one who ticks and hands it the schedules that are due.
-- KEYS    1 · base `prefix:{schedules}:`
-- ARGV    1 · who asks    2 · leadership in ms    3 · most schedules per call    4 · '1' also for those with a function of the program,
--         which whoever knows it may fire
-- Returns { 1 leader or 0, fence, now, ms until the next is due or -1, ms that the leadership lasts, jobs undelivered, runs not known to have ended,
--         rows { name, spec, next, anchor, fired, rev, length of its job } }
-- Keeps   a schedule is never due before its time on the clock of Redis. Each new leadership has a higher fence: an advance under an older one is refused.
--         The first write frees (ZREM), so the leadership stays even when Redis is full.
-- Cost    O(due · log n)
local time = redis.call('TIME')
local base, now = KEYS[1], time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREM', base .. 'next', '')
local holder = redis.call('GET', base .. 'ticker')
local leads = not holder or holder == ARGV[1]
if leads then
  redis.call('SET', base .. 'ticker', ARGV[1], 'PX', ARGV[2])
  if not holder then redis.call('INCR', base .. 'fence') end
end
local stamp = string.format('%.0f', now)
local rows, soonest = {}, -1
local function look(index)
  for _, name in ipairs(redis.call('ZRANGEBYSCORE', base .. index, '-inf', stamp, 'LIMIT', 0, ARGV[3])) do
    local key = base .. 'schedule:' .. name
    local found = redis.pcall('HMGET', key, 'spec', 'next', 'anchor', 'fired', 'rev')
    if found[2] then
      rows[#rows + 1] = { name, found[1] or '', found[2], found[3] or '0', found[4] or '0', found[5] or '', redis.call('HSTRLEN', key, 'job') }
    else
      redis.call('ZREM', base .. index, name)
    end
  end
  local head = redis.call('ZRANGEBYSCORE', base .. index, '(' .. stamp, '+inf', 'WITHSCORES', 'LIMIT', 0, 1)
  local wait = head[2] and tonumber(head[2]) - now
  if wait and (soonest < 0 or wait < soonest) then soonest = wait end
end
if leads then look('next') end
if ARGV[4] == '1' then look('custom') end
return {
  leads and 1 or 0, tonumber(redis.call('GET', base .. 'fence') or 0), now, soonest, redis.call('PTTL', base .. 'ticker'),
  redis.call('HLEN', base .. 'fires'), redis.call('ZCARD', base .. 'open'), rows,
}
