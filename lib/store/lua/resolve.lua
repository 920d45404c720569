-- resolve: works off the head of the outbox: tells the children of an ended job that it has ended.
-- KEYS    1 · base `prefix:{queue}:`
-- ARGV    1 · most children per call    2 · '' or the head message that was delivered elsewhere    3 · its first child    4 · children delivered
-- Returns { messages left, head message or '', children of this call }: with a head, the caller delivers those named queue/id and calls
--         again; a head without children is a callback, which the caller enqueues
-- Keeps   a message leaves the outbox only when every child has heard it; telling twice does nothing. Children of a requeued job
--         hear of that and stay on its list, which is made anew and turned once around: the message counts those still to be told.
-- Cost    O(children of this call)
--@include _job
--@include _waiting
--@include _resolve
local base, head = KEYS[1], redis.call('LINDEX', KEYS[1] .. 'outbox', 0)
if not head then return { 0, '', {} } end
local parent, outcome, text = string.match(head, '^(%S+) (%S+) ?(.*)$')
local list = base .. 'job:' .. (parent or '') .. ':dependents'
local function left()
  return redis.call('LLEN', base .. 'outbox')
end
if outcome == 'call' then
  if head ~= ARGV[2] then return { left(), head, {} } end
  redis.call('LPOP', base .. 'outbox')
  return { left(), '', {} }
end
local again = outcome == 'requeued'
local function count(n)
  text, head = n, parent .. ' requeued ' .. n
  redis.call('LSET', base .. 'outbox', 0, head)
end
if again and text == '' then
  local known = redis.pcall('HGET', base .. 'job:' .. parent, 'next')
  local ids = type(known) == 'string' and cjson.decode(known) or {}
  redis.call('DEL', list)
  for at = 1, #ids, 1000 do redis.call('RPUSH', list, unpack(ids, at, math.min(at + 999, #ids))) end
  count(#ids)
end
local function advance(n, ids)
  redis.call('LTRIM', list, n, -1)
  if not again then return end
  for _, id in ipairs(ids) do redis.call('RPUSH', list, id) end
  count(text - n)
end
if head == ARGV[2] and redis.call('LINDEX', list, 0) == ARGV[3] then advance(ARGV[4], again and redis.call('LRANGE', list, 0, ARGV[4] - 1)) end
local most = again and math.min(ARGV[1], text) or ARGV[1]
local children, elsewhere = redis.pcall('LRANGE', list, 0, most - 1), {}
if children.err then redis.call('RENAME', list, base .. 'corrupt:' .. parent .. ':dependents') children = {} end
if most == 0 then children = {} end
for _, child in ipairs(children) do
  if string.find(child, '/', 1, true) then
    elsewhere[#elsewhere + 1] = child
  else
    resolve(base, child, parent, outcome, text)
  end
end
if #elsewhere > 0 then return { left(), head, children } end
advance(#children, children)
if redis.call('EXISTS', list) == 0 or (again and text == 0) then redis.call('LPOP', base .. 'outbox') end
return { left(), '', {} }
