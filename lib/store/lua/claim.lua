-- claim: hands the next jobs of one or more queues to a worker, under a lease.
-- KEYS    1… · base `prefix:{queue}:` of each queue, in order of priority (all in one slot, or one server)
-- ARGV    1 · request token, unique per call    2 · worker name    3 · jobs wanted (at most 1,000)    4 · lease in ms
--         5 · lane: '', or what tells apart the calls that a worker has under way at one time    6 · number of queues
-- Returns per job eight values: index into KEYS, id, attempt, task, args, timeout, enqueued_at, more fields or false;
--         last, when a rate holds jobs back, in how many ms to ask again
-- Keeps   queued → started with attempt + 1, a lease and the token, in one step. The same request again returns the same jobs:
--         a lost reply hides no job. The first write frees (LPOP), so a full Redis still hands out work.
-- Cost    O(wanted) plus one look per empty queue
--@include _job
--@include _waiting
--@include _quarantine
--@include _take
--@include _claim
local rows, wait = claim(tonumber(ARGV[6]), ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]), ARGV[5])
if wait then rows[#rows + 1] = wait end
return rows
