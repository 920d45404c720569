-- Waiting jobs are in one list per level: level 0, which most have, in `queue`, the others in `queue:LEVEL`. The field `levels` of `meta`
-- names those that may hold jobs, highest first, so that claims need no look at the others.
local function listOf(base, id)
  local level = whole(redis.call('HGET', base .. 'job:' .. id, 'priority'), 0)
  return level == 0 and 'queue' or 'queue:' .. string.format('%.0f', level), level
end

local function intoLevel(base, id)
  local list, level = listOf(base, id)
  if level == 0 then return list end
  local known, levels = redis.call('HGET', base .. 'meta', 'levels') or '', { level }
  for text in string.gmatch(known, '%S+') do
    if tonumber(text) == level then return list end
    levels[#levels + 1] = tonumber(text)
  end
  table.sort(levels, function(a, b) return a > b end)
  redis.call('HSET', base .. 'meta', 'levels', table.concat(levels, ' '))
  return list
end

--@include _lists

local function anyWaiting(base, levels)
  for _, list in ipairs(lists(levels)) do
    if redis.call('LLEN', base .. list) > 0 then return true end
  end
  return false
end

-- Levels whose lists have run empty need no look any more. What was let in meanwhile may have added some: read anew.
local function dropLevels(base)
  local levels, left = redis.call('HGET', base .. 'meta', 'levels') or '', {}
  for level in string.gmatch(levels, '%S+') do
    if redis.call('EXISTS', base .. 'queue:' .. level) == 1 then left[#left + 1] = level end
  end
  left = table.concat(left, ' ')
  if left ~= '' and left ~= levels then redis.call('HSET', base .. 'meta', 'levels', left) end
  if left == '' then redis.call('HDEL', base .. 'meta', 'levels') end
  return left
end
