-- schedule-advance: fires runs of a schedule and moves it on to its next one, in one step.
-- KEYS    1 · base `prefix:{schedules}:`
-- ARGV    1 · name    2 · its rev, or '' for any    3 · the next run that it must have, or '' to leave it where it is    4 · fence, or ''
--         5 · the next run that it gets, or '' for none    6 · runs that count against its limit    7 · name of the call, then four per run:
--         id, its time, run time of the job, verdict: fire · overlap · missed · skipped
-- Returns { 1 done or 0 it has moved on, messages { id, text }: the jobs to enqueue }
-- Keeps   each run is decided once: only from the next run that the caller saw, and a run that is known is not fired again. The jobs wait in
--         `fires` until they are enqueued. A full Redis refuses the first write, and the schedule stays where it is.
-- Cost    O(runs · length of the job)
--@include _once
local time = redis.call('TIME')
local now = string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000))
local base, name, expected = KEYS[1], ARGV[1], ARGV[3]
local key, history, runs = base .. 'schedule:' .. name, base .. 'history:' .. name, base .. 'runs:' .. name
local messages = {}
if said(base, ARGV[7]) then
  -- What its first sending fired, unless someone else has delivered it by now.
  for at = 8, #ARGV, 4 do
    local text = redis.call('HGET', base .. 'fires', ARGV[at])
    if text then messages[#messages + 1] = { ARGV[at], text } end
  end
  return { 1, messages }
end
local schedule = redis.call('HMGET', key, 'rev', 'next', 'queue', 'job', 'custom')
if not schedule[1] or (ARGV[2] ~= '' and schedule[1] ~= ARGV[2]) then return { 0, {} } end
if expected ~= '' and schedule[2] ~= expected then return { 0, {} } end
if ARGV[4] ~= '' and redis.call('GET', base .. 'fence') ~= ARGV[4] then return { 0, {} } end

for at = 8, #ARGV, 4 do
  local id, verdict = ARGV[at], ARGV[at + 3]
  if redis.call('HEXISTS', runs, id) == 0 then
    if verdict == 'fire' then
      local text = schedule[3] .. '\n' .. name .. '\n' .. ARGV[at + 2] .. ' ' .. now .. '\n' .. schedule[4]
      redis.call('HSET', base .. 'fires', id, text)
      redis.call('ZADD', base .. 'open', now, name .. ' ' .. id)
      -- What the next run may not overlap.
      redis.call('HSET', key, expected == '' and 'manual' or 'last', schedule[3] .. ' ' .. id)
      messages[#messages + 1] = { id, text }
    end
    redis.call('HSET', runs, id, ARGV[at + 1] .. ' ' .. now .. ' ' .. verdict .. ' ' .. schedule[3])
    redis.call('LPUSH', history, id)
  end
end
while redis.call('LLEN', history) > 20 do
  local old = redis.call('RPOP', history)
  redis.call('HDEL', runs, old)
  redis.call('ZREM', base .. 'open', name .. ' ' .. old)
end
if ARGV[6] ~= '0' then redis.call('HINCRBY', key, 'fired', ARGV[6]) end
if expected ~= '' then
  local index = base .. (schedule[5] and 'custom' or 'next')
  if ARGV[5] == '' then
    redis.call('HDEL', key, 'next')
    redis.call('ZREM', index, name)
  else
    redis.call('HSET', key, 'next', ARGV[5])
    redis.call('ZADD', index, ARGV[5], name)
  end
end
say(base, ARGV[7], 1)
return { 1, messages }
