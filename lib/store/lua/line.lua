-- line: which jobs wait to be claimed, in the order in which they will be, for queues with levels or limits.
-- KEYS    1 · base `prefix:{queue}:`
-- ARGV    1 · offset    2 · how many, -1 for all    3 · '' or an id
-- Returns ids, or with an id the number of jobs before it, nil when it does not wait there
-- Keeps   reads only, and all lists at one moment
-- Cost    O(ids returned + levels); O(queue length) with an id
--@include _lists
local base, offset, count, id = KEYS[1], tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3]
local found, before = {}, 0
for _, list in ipairs(lists(redis.call('HGET', base .. 'meta', 'levels'))) do
  local length = redis.call('LLEN', base .. list)
  if id ~= '' then
    local at = redis.call('LPOS', base .. list, id)
    if at then return before + at end
    before = before + length
  else
    local last = count == -1 and -1 or offset + count - #found - 1
    if offset < length and (count == -1 or last >= offset) then
      for _, one in ipairs(redis.call('LRANGE', base .. list, offset, last)) do found[#found + 1] = one end
    end
    offset = math.max(0, offset - length)
  end
end
-- Those that a limit holds back are last.
if id ~= '' then
  local rank = redis.call('ZRANK', base .. 'parked', id)
  return rank and before + rank
end
local last = count == -1 and -1 or offset + count - #found - 1
if count == -1 or last >= offset then
  for _, one in ipairs(redis.call('ZRANGE', base .. 'parked', offset, last)) do found[#found + 1] = one end
end
return found
