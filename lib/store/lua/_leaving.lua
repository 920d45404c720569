-- Out of a list. One job is a walk from its head. Those of a call for many (`together`) are marked first, from the place of the first of them on, as
-- whoever changes many has read them in this order, and then go in one walk: at most the list is read once, whatever their number.
local PAGE, FEW = 1000, 10
local leaving = nil

local function takeOut(base, list, id)
  if not leaving then return redis.call('LREM', list, 1, id) end
  if not leaving[list] then
    -- Not a list: said before anything is done. And the first write frees, for a full Redis.
    redis.call('LLEN', list)
    redis.call('ZREM', base .. 'started', '')
    leaving[list] = {}
  end
  table.insert(leaving[list], id)
end

-- Marks those of `wanted` between two places of the list. Returns how many of the `left` ones it did not meet.
local function mark(list, from, to, wanted, left)
  while left > 0 and from <= to do
    local ids = redis.call('LRANGE', list, from, math.min(from + PAGE - 1, to))
    if #ids == 0 then break end
    for n, id in ipairs(ids) do
      if wanted[id] then
        redis.call('LSET', list, from + n - 1, '')
        wanted[id], left = nil, left - 1
      end
    end
    from = from + PAGE
  end
  return left
end

local function strike(list, ids)
  if #ids < FEW then
    for _, id in ipairs(ids) do redis.call('LREM', list, 1, id) end
    return
  end
  local wanted, start = {}, redis.call('LPOS', list, ids[1]) or 0
  for _, id in ipairs(ids) do wanted[id] = true end
  local left = mark(list, start, math.huge, wanted, #ids)
  left = mark(list, 0, start - 1, wanted, left)
  if left < #ids then redis.call('LREM', list, #ids - left, '') end
end

-- Runs `work`, and takes out of their lists what it has withdrawn, also when it breaks off.
local function together(work)
  leaving = {}
  local good, problem = pcall(work)
  for list, ids in pairs(leaving) do strike(list, ids) end
  if not good then error(problem, 0) end
end
