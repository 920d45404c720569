-- What happens to others when a job ends or is deleted. See _ending.lua.
-- The task to enqueue with the outcome: a message in the same step as the end, so that it is neither lost nor doubled.
local function callBack(base, id, status, text)
  local job = redis.call('HMGET', base .. 'job:' .. id, status == 'finished' and 'on_success' or 'on_failure', 'attempt')
  if job[1] then redis.call('RPUSH', base .. 'outbox', id .. ' call ' .. (job[2] or 0) .. ' ' .. status .. '\n' .. job[1] .. '\n' .. text) end
end

-- Lets go of what hangs on a job: each way of ending or deleting passes here.
local function detach(base, id, flags, status, text)
  letGo(base, id, flags)
  if has(flags, 'u') then
    local holder = base .. 'unique:' .. (redis.call('HGET', base .. 'job:' .. id, 'unique') or '')
    if redis.pcall('GET', holder) == id then redis.call('DEL', holder) end
  end
  if has(flags, 'd') then
    local outcome = (status == 'stopped' or status == 'canceled') and has(flags, 'e') and 'released' or status
    local result = status == 'finished' and text ~= '' and has(flags, 'r') and ' ' .. text or ''
    redis.call('RPUSH', base .. 'outbox', id .. ' ' .. outcome .. result)
  end
  if has(flags, 'c') and (status == 'finished' or status == 'failed') then callBack(base, id, status, text) end
end
