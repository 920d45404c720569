-- link: registers children in other queues with their parent here.
-- KEYS    1 · base `prefix:{queue}:` of the parent
-- ARGV    1 · parent's id    2 · child as queue/id
-- Returns '' when registered, else the status with which the parent has ended, after a space its result if there is one, or 'deleted'
-- Keeps   a parent that ends while the child is being registered is either seen here or tells the child later.
--         Said again, it finds the child among the latest ones; beyond those it is listed twice, which does nothing.
-- Cost    O(1); O(children) when the parent is gone
--@include _job
local key = KEYS[1] .. 'job:' .. ARGV[1]
local job = redis.pcall('HMGET', key, 'status', 'flags')
-- Gone, but the message to its children is still to be delivered.
if not job[1] then return redis.call('LPOS', key .. ':dependents', ARGV[2]) and '' or 'deleted' end
if REGISTRY[job[1]] then
  local result = job[1] == 'finished' and has(job[2], 'r') and redis.call('HGET', key, 'result')
  return result and job[1] .. ' ' .. result or job[1]
end
if not redis.call('LPOS', key .. ':dependents', ARGV[2], 'RANK', -1, 'MAXLEN', 1000) then redis.call('RPUSH', key .. ':dependents', ARGV[2]) end
if not has(job[2], 'd') then redis.call('HSET', key, 'flags', (job[2] or '') .. 'd') end
return ''
