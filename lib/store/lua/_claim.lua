-- Takes up to `want` jobs for a worker, from the queues in the order given. See claim.lua.
-- What an earlier call of this request took and the worker never heard of.
local function again(index, base, ids, token, rows)
  for id in string.gmatch(ids, '%S+') do
    local job = redis.pcall('HMGET', base .. 'job:' .. id, 'token', unpack(FIELDS))
    if job[1] == token and job[2] == 'started' then
      table.remove(job, 1)
      add(rows, index, base, id, job, job[5])
    end
  end
end

local function claim(queues, token, worker, want, leaseMs, lane)
  local rows, wait = {}, nil
  want = math.min(want, 1000)
  for index = 1, queues do
    local base = KEYS[index]
    local record = base .. 'claim:' .. worker .. lane
    local last = redis.pcall('GET', record)
    if type(last) == 'string' and string.sub(last, 1, #token + 1) == token .. ' ' then
      again(index, base, string.sub(last, #token + 2), token, rows)
    else
      local looked, taken, levels, limits = 0, {}, open(base)
      local most, more, seen = limits and gates().admit(base, limits) or want, false, 0
      for _, list in ipairs(levels and most > 0 and lists(levels) or {}) do
        repeat
          seen, more = take(index, base, base .. list, token, worker, math.min(want - #rows / 8, most - #taken), leaseMs, rows, taken, limits)
          looked = looked + seen
        until not more or #taken >= most or #rows >= want * 8 or looked >= 1000
        if #taken >= most or #rows >= want * 8 or looked >= 1000 then break end
      end
      local leveled = levels and levels ~= ''
      if leveled and #rows < want * 8 and writable(base) then levels = dropLevels(base) end
      if limits then
        local ms = gates().after(base, limits, levels, #taken)
        wait = ms and math.min(wait or ms, ms) or wait
      elseif more or (leveled and looked > 0 and anyWaiting(base, levels)) then
        wake(base)
      end
      if #taken > 0 then
        redis.call('SET', record, token .. ' ' .. table.concat(taken, ' '), 'PX', leaseMs > 60000 and string.format('%d', leaseMs) or '60000')
      end
    end
    if #rows >= want * 8 then break end
  end
  return rows, wait
end
