-- counts: how many jobs of a queue are in each state, as time has it now.
-- KEYS    1 · base `prefix:{queue}:`
-- ARGV    none
-- Returns { queued, started, deferred, scheduled, finished, failed, canceled, 1 when paused, ms the head of the list has waited or -1, now, 1 when it has limits }
-- Keeps   reads only: what its ttl has ended but no sweep has written down counts as canceled, what is past its retention is gone
-- Cost    O(log n)
--@include _counts
local time = redis.call('TIME')
return countJobs(KEYS[1], time[1] * 1000 + math.floor(time[2] / 1000))
