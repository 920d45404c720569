-- requeue: puts a job that has ended back into the queue with a fresh retry budget, or a scheduled one before its time.
-- KEYS    1 · base `prefix:{queue}:`
-- ARGV    1 · id    2 · '1' for the front    3 · 'requeue' or 'promote'    4 · name of the call
-- Returns { status before the call ('' when there is no such job), the job that holds its unique key or '', and of jobs of a workflow
--         1 the outbox has news for its children or 2 it was not requeued, since it waits for others that failed }
-- Keeps   a job is requeued from its registry in one step, so it is never in two places; ended_at, result, error and budget go.
-- Cost    O(log n)
--@include _job
--@include _waiting
--@include _once
local base, id, front = KEYS[1], ARGV[1], ARGV[2] == '1'
local key = base .. 'job:' .. id
local before = said(base, ARGV[4])
if before then return { string.match(before, '^%S*'), '', string.find(before, ' ', 1, true) and 1 or nil } end
local job = redis.call('HMGET', key, 'status', 'flags', 'expires_at', 'ttl', 'unique', 'front')
local status, flags = job[1] or '', job[2] or ''
-- Past its ttl, though no sweep has written it down.
local late = CONTAINER[status] and whole(job[3], now + 1) <= now
if ARGV[3] == 'promote' then
  if late then return { 'expired', '' } end
  if status == 'scheduled' then
    withdraw(base, id, status, job[3])
    redis.call('HDEL', key, 'run_at')
    ready(base, id, nil, nil, front or job[6], job[3], flags)
    say(base, ARGV[4], status)
  end
  return { status, '' }
end
local registry = REGISTRY[status]
if not registry and not late then return { status, '' } end
if job[5] then
  local owner = holder(base, job[5])
  if owner and owner ~= id then return { late and 'expired' or status, owner } end
end
local workflow = has(flags, 'g')
if workflow and redis.call('EXISTS', key .. ':unmet') == 1 then return { status, '', 2 } end
if late then withdraw(base, id, status, job[3]) else redis.call('ZREM', base .. registry, id) end
if job[5] then redis.call('SET', base .. 'unique:' .. job[5], id) end
redis.call('PERSIST', key)
keepBirth(key)
for _, name in ipairs(belongings(key, flags)) do redis.call('PERSIST', name) end
redis.call('HDEL', key, 'ended_at', 'started_at', 'result', 'error', 'reason', 'failures', 'lost', 'token', 'worker', 'progress', 'run_at', 'expires_at', 'turn', 'repeated')
flags = string.gsub(flags, '[sepyho]', '')
if flags ~= '' then redis.call('HSET', key, 'flags', flags) else redis.call('HDEL', key, 'flags') end
local expires = whole(job[4]) and now + whole(job[4])
if expires then redis.call('HSET', key, 'expires_at', expires) end
ready(base, id, nil, nil, front, expires, flags)
status = late and 'expired' or status
say(base, ARGV[4], workflow and status .. ' 1' or status)
if workflow then redis.call('RPUSH', base .. 'outbox', id .. ' requeued') end
return workflow and { status, '', 1 } or { status, '' }
