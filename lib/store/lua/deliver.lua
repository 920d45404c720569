-- deliver: tells children in this queue that a parent in another queue has ended.
-- KEYS    1 · base `prefix:{queue}:`
-- ARGV    1 · parent as queue/id    2 · its outcome, and after a space its result if there is one, then ids of children (at most 1,000)
-- Returns the number of messages in this queue's outbox: a canceled child has children of its own
-- Keeps   telling twice does nothing
-- Cost    O(children)
--@include _job
--@include _waiting
--@include _resolve
local outcome, text = string.match(ARGV[2], '^(%S+) ?(.*)$')
for at = 3, #ARGV do resolve(KEYS[1], ARGV[at], ARGV[1], outcome, text) end
return redis.call('LLEN', KEYS[1] .. 'outbox')
