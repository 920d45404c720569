-- rights: which of some commands this user may not run. It runs none of them.
-- KEYS    1 · any key of rqts, for a Cluster
-- ARGV    1 · JSON list of commands, each a list of words
-- Returns the names of those that are refused; nil where the server cannot tell (before 7.0)
-- Keeps   reads and writes nothing
-- Cost    O(commands)
if not redis.acl_check_cmd then return false end
local refused = {}
for _, command in ipairs(cjson.decode(ARGV[1])) do
  if not redis.acl_check_cmd(unpack(command)) then refused[#refused + 1] = command[1] end
end
return refused
