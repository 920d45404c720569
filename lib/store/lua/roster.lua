-- roster: what is written of several workers, in one call and one text each.
-- KEYS    `prefix:worker:NAME`, of one slot on a Cluster
-- ARGV    fields, or none for all of them
-- Returns for each key a JSON list of field, value, … of the fields that are there; '{}' for none, also of a key that is no hash
-- Keeps   reads only
-- Cost    O(workers · fields)
local function some(key)
  local values, found = redis.pcall('HMGET', key, unpack(ARGV)), {}
  for at, name in ipairs(ARGV) do
    if values[at] then
      found[#found + 1] = name
      found[#found + 1] = values[at]
    end
  end
  return found
end
local reply = {}
for at, key in ipairs(KEYS) do
  local found = #ARGV > 0 and some(key) or redis.pcall('HGETALL', key)
  reply[at] = cjson.encode(found.err and {} or found)
end
return reply
