-- limits: changes the limits of a queue, at once.
-- KEYS    1 · base `prefix:{queue}:`
-- ARGV    1 · JSON of what changes: { concurrency, rate { max, per ms }, tasks { NAME { concurrency, rate } }, perKey, keys { KEY n } }, null
--         for what ends; 'null' for all; '' for nothing, which goes on from the    2 · cursor, '0' at first
-- Returns the cursor for the next call, '0' when all is done
-- Keeps   what already runs counts under the new limits; what was held back by the old ones goes on. The same change again changes nothing.
-- Cost    O(running + gates of this call)
--@include _job
local base, patch = KEYS[1], ARGV[1]
local meta, keys = base .. 'meta', base .. 'limits'
local version = redis.call('HGET', meta, 'version')
if version and version ~= '1' then return redis.error_reply('RQTS_SCHEMA_VERSION ' .. version) end

local function merged(limits, change)
  for _, name in ipairs({ 'concurrency', 'rate' }) do
    if change[name] == cjson.null then limits[name] = nil else limits[name] = change[name] or limits[name] end
  end
  if change.tasks == cjson.null then limits.tasks = nil end
  for task, rule in pairs(type(change.tasks) == 'table' and change.tasks or {}) do
    limits.tasks = limits.tasks or {}
    limits.tasks[task] = rule ~= cjson.null and rule or nil
  end
  if limits.tasks and not next(limits.tasks) then limits.tasks = nil end
  if change.perKey == cjson.null then limits.keys = nil else limits.keys = change.perKey or limits.keys end
  if change.keys == cjson.null then redis.call('DEL', keys) end
  for key, most in pairs(type(change.keys) == 'table' and change.keys or {}) do
    if most == cjson.null then redis.call('HDEL', keys, key) else redis.call('HSET', keys, key, most) end
  end
  if change.perKey or change.keys then limits.keyed = 1 end
  return limits
end

-- What started without a limit is inside its gate all the same, and its end must be heard.
local function adopt(limits)
  for _, id in ipairs(redis.call('ZRANGE', base .. 'started', 0, 9999)) do
    local task, flags = unpack(redis.call('HMGET', base .. 'job:' .. id, 'task', 'flags'))
    local letters = flags or ''
    local rule = limits.tasks and limits.tasks[task or '']
    if rule and rule.concurrency then
      gates().hold(base, 'task:' .. task, id)
      letters = has(letters, 'o') and letters or letters .. 'o'
    end
    if limits.concurrency and not has(letters, 'h') then letters = letters .. 'h' end
    if letters ~= (flags or '') then redis.call('HSET', base .. 'job:' .. id, 'flags', letters) end
  end
end

if patch ~= '' then
  local change = cjson.decode(patch)
  local limits = change == cjson.null and {} or merged(gates().limitsOf(base), change)
  if change == cjson.null then redis.call('DEL', keys) end
  local text = next(limits) and cjson.encode(limits)
  redis.call('HSET', meta, 'version', 1)
  if text then redis.call('HSET', meta, 'limits', text) else redis.call('HDEL', meta, 'limits') end
  gates().limitsOf(base, text or '{}', true)
  adopt(limits)
end
local cursor, found = unpack(redis.call('ZSCAN', base .. 'gates', ARGV[2], 'COUNT', 100))
for at = 1, #found, 2 do
  for _ = 1, 10 do
    if gates().refill(base, found[at]) < 1000 then break end
  end
end
gates().nudge(base)
return cursor
