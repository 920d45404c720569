-- What a new job of a workflow brings along. See _create.lua.
local function pushAll(list, ids)
  for at = 1, #ids, 1000 do redis.call('RPUSH', list, unpack(ids, at, math.min(at + 999, #ids))) end
end

-- What a workflow knows from the start: children elsewhere, which are there already, and with its last job the sign that all is written:
-- the end of a job that never was, which those that begin elsewhere wait for.
local function announce(base, job)
  local control = job.control
  if control.once then redis.call('SET', base .. 'heard:' .. job.id, 1, 'PX', 3600000) end
  if control.children then pushAll(job.key .. ':dependents', control.children) end
  if control.opens then
    pushAll(base .. 'job:' .. control.opens.id .. ':dependents', control.opens.children)
    redis.call('RPUSH', base .. 'outbox', control.opens.id .. ' finished')
  end
end
