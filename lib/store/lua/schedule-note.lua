-- schedule-note: writes down how runs of schedules have ended, before their jobs are forgotten.
-- KEYS    1 · base `prefix:{schedules}:`
-- ARGV    three per run: name of the schedule, id, its outcome as `status` or `status endedAt`, or '' when the job has not ended
-- Returns the number of runs noted
-- Keeps   a run that the history has dropped is not born again; one that goes on is looked at after the others. The first write frees (ZREM).
-- Cost    O(runs)
local time = redis.call('TIME')
local base, now, noted = KEYS[1], string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000)), 0
redis.call('ZREM', base .. 'open', '')
for at = 1, #ARGV, 3 do
  local member, runs = ARGV[at] .. ' ' .. ARGV[at + 1], base .. 'runs:' .. ARGV[at]
  if ARGV[at + 2] == '' then
    redis.call('ZADD', base .. 'open', 'XX', now, member)
  else
    redis.call('ZREM', base .. 'open', member)
    local run = redis.call('HGET', runs, ARGV[at + 1])
    local head = run and string.match(run, '^%S+ %S+ %S+ %S+')
    if head then
      redis.call('HSET', runs, ARGV[at + 1], head .. ' ' .. ARGV[at + 2])
      noted = noted + 1
    end
  end
end
return noted
