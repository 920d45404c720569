-- The text of a queue's limits. See _limits.lua.
-- What somebody else has written into it limits nothing: it must not keep a worker from the other queues of its claim.
local function sound(rule)
  if type(rule) ~= 'table' then return {} end
  local rate = rule.rate
  if type(rule.concurrency) ~= 'number' then rule.concurrency = nil end
  if type(rate) ~= 'table' or type(rate.max) ~= 'number' or type(rate.per) ~= 'number' then rule.rate = nil end
  return rule
end

local function readLimits(text)
  local good, decoded = pcall(cjson.decode, text)
  local limits = sound(good and decoded)
  if type(limits.keys) ~= 'number' then limits.keys = nil end
  if type(limits.tasks) ~= 'table' then limits.tasks = nil end
  for name, rule in pairs(limits.tasks or {}) do limits.tasks[name] = sound(rule) end
  return limits
end
