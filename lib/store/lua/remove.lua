-- remove: deletes jobs with every key they own.
-- KEYS    1 · base `prefix:{queue}:`
-- ARGV    1 · '' or the only status or registry to delete from    2 · channel prefix of workers    3 · name of the call, then ids (at most 1,000)
-- Returns a digit per id: 1 deleted, 0 not there or in another status, 2 a stray entry without a job, taken out of that status
-- Keeps   dependents hear of it through the outbox, the unique key is released, whoever waits is told, a running handler is stopped.
-- Cost    O(log n) per job; O(queue length) when they are in the list, about once for all that come in its order
--@include _job
--@include _waiting
--@include _once
local function strayFromLists(base, id)
  gates().unpark(base, id)
  for _, list in ipairs(lists(redis.call('HGET', base .. 'meta', 'levels'))) do redis.call('LREM', base .. list, 0, id) end
end
local base, verdicts, changed, freed = KEYS[1], {}, false, false
local before = said(base, ARGV[3])
if before then return before end
local function remove(id)
  local key = base .. 'job:' .. id
  local job = redis.pcall('HMGET', key, 'status', 'flags', 'expires_at', 'worker', 'token')
  local status = job[1] or redis.call('EXISTS', key) == 1 and 'broken'
  local registry = REGISTRY[status] or (CONTAINER[status] and whole(job[3], now + 1) <= now and 'canceled')
  if status and (ARGV[1] == '' or ARGV[1] == status or ARGV[1] == registry) then
    if CONTAINER[status] then
      withdraw(base, id, status, job[3])
    elseif REGISTRY[status] or status == 'started' then
      redis.call('ZREM', base .. (REGISTRY[status] or status), id)
      if status == 'started' and job[4] then redis.call('PUBLISH', ARGV[2] .. job[4], 'stop ' .. id .. ' ' .. (job[5] or '')) end
    else
      strayFromLists(base, id)
      for _, zset in ipairs({ 'started', 'scheduled', 'deferred', 'finished', 'failed', 'canceled' }) do redis.call('ZREM', base .. zset, id) end
    end
    if not REGISTRY[status] then detach(base, id, job[2], 'deleted') end
    freed = freed or (status == 'started' and has(job[2], 'h'))
    tell(base, id, job[2], 'deleted\n')
    redis.call('DEL', key, key .. ':waits', key .. ':attempts', key .. ':logs')
    if has(job[2], 'g') then redis.call('DEL', unpack(belongings(key, job[2]))) end
    verdicts[#verdicts + 1], changed = 1, true
  elseif not status and ARGV[1] ~= '' then
    if ARGV[1] == 'queued' then strayFromLists(base, id) else redis.call('ZREM', base .. ARGV[1], id) end
    verdicts[#verdicts + 1], changed = 2, true
  else
    verdicts[#verdicts + 1] = 0
  end
end
if #ARGV == 4 then
  remove(ARGV[4])
else
  together(function()
    for at = 4, #ARGV do remove(ARGV[at]) end
  end)
end
if freed then gates().nudge(base) end
if changed then say(base, ARGV[3], table.concat(verdicts)) end
return table.concat(verdicts)
