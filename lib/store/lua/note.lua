-- note: writes progress, a log line or meta of a job.
-- KEYS    1 · base `prefix:{queue}:`
-- ARGV    1 · id    2 · attempt token, or '' from outside the job    3 · progress · log · meta    4 · text
--         5 · log: most lines kept; meta: the text that is to be replaced ('' for none)    6 · log: writer:n, counting up
-- Returns 1 written, 0 the job is gone or the lease lost; for meta, the present text when it is not the one to be replaced
-- Keeps   a job that is gone is not born again in fragments; a stale attempt writes nothing; a line said again is not written again.
--         The first write frees (ZREM): a handler must not fail because Redis is full.
-- Cost    O(1)
--@include _job
local base, id, kind, text = KEYS[1], ARGV[1], ARGV[3], ARGV[4]
local key = base .. 'job:' .. id
local job = redis.call('HMGET', key, 'status', 'token', 'flags', 'meta', 'logged')
if not job[1] or (ARGV[2] ~= '' and (job[1] ~= 'started' or job[2] ~= ARGV[2])) then return 0 end
local flags = job[3] or ''
redis.call('ZREM', base .. 'started', '')
if kind == 'meta' then
  if job[4] ~= text and (job[4] or '') ~= ARGV[5] then return job[4] or '' end
  if not has(flags, 'm') then flags = flags .. 'm' end
  redis.call('HSET', key, 'meta', text, 'flags', flags)
elseif kind == 'progress' then
  redis.call('HSET', key, 'progress', text)
else
  local writer, n = string.match(ARGV[6], '^(.*):(%d+)$')
  local last, before = string.match(job[5] or '', '^(.*):(%d+)$')
  if writer == last and tonumber(n) <= tonumber(before) then return 1 end
  local past = redis.call('RPUSH', key .. ':logs', text) - ARGV[5]
  if past > 0 then
    redis.call('LTRIM', key .. ':logs', past, -1)
    redis.call('HINCRBY', key, 'logs_cut', past)
  end
  local ttl = redis.call('PTTL', key)
  if ttl > 0 then redis.call('PEXPIRE', key .. ':logs', ttl) end
  if not has(flags, 'x') then flags = flags .. 'x' end
  redis.call('HSET', key, 'flags', flags, 'logged', ARGV[6])
end
tell(base, id, flags, kind .. '\n' .. text)
return 1
