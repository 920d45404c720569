-- settle: writes the outcomes of attempts and claims the next jobs, in one call.
-- KEYS    1… · base `prefix:{queue}:`: first the queues to claim from, in order of priority, then others that outcomes name
-- ARGV    1 · request token    2 · worker name    3 · jobs wanted    4 · lease in ms    5 · lane, see claim.lua
--         6 · queues to claim from, then groups: index into KEYS, attempt token, kind, number of outcomes, and for each its id and
--         ok: result or '' · wait or yield: ids it left its end to, its own result or '' · retry: delay ms, error · fail: reason, error · stop: reason, error · lost: losses after which it fails, error · release: nothing
-- Returns { a digit per outcome: 1 written, 0 refused, 2 written before; 1 when some outbox may have news; jobs as claim.lua; in how many ms to ask again, when a rate holds jobs back }
-- Keeps   only the holder of the attempt's token writes its outcome, and once. All checks come before the first write,
--         and that write frees (ZREM), so outcomes are written even when Redis is full.
-- Cost    O(outcomes + wanted)
--@include _job
--@include _waiting
--@include _quarantine
--@include _take
--@include _claim
--@include _outcome
--@include _once
--@include _suspend
local verdicts, groups, seen, leases, flagsOf, at, news = {}, {}, {}, {}, {}, 7, false
while at < #ARGV do
  local base, token, kind = KEYS[tonumber(ARGV[at])], ARGV[at + 1], ARGV[at + 2]
  local width = kind == 'release' and 1 or kind == 'ok' and 2 or 3
  local group, prefix = { base = base, kind = kind }, base .. 'job:'
  local from, to = at + 4, at + 3 + width * tonumber(ARGV[at + 3])
  local held = leases[base] or {}
  for n = from, to, width do
    local id = ARGV[n]
    local key = prefix .. id
    local job = redis.pcall('HMGET', key, 'token', 'status', 'flags')
    local mine = not job.err and job[1] == token
    local open = mine and job[2] == 'started' and not seen[key]
    verdicts[#verdicts + 1] = open and '1' or mine and '2' or '0'
    if open then
      seen[key] = true
      held[#held + 1] = id
      group[#group + 1] = n
      flagsOf[n] = job[3]
    elseif mine and job[3] and string.find(job[3], '[dcp]') then
      news = true
    end
  end
  groups[#groups + 1], leases[base], at = group, held, to + 1
end
-- A job that was let go, or not kept, no longer knows the token: what the first call answered stands.
local home, caller, request = KEYS[tonumber(ARGV[7] or 1)], ARGV[2] .. ARGV[5], ARGV[1] .. ' '
verdicts = table.concat(verdicts)
local before = string.find(verdicts, '0', 1, true) and said(home, caller)
if before and string.sub(before, 1, #request) == request then news, verdicts = string.sub(before, #request + 1, #request + 1) == '1', string.sub(before, #request + 2) end
for base, ids in pairs(leases) do
  if #ids > 0 then leasable[base] = redis.call('ZREM', base .. 'started', unpack(ids)) end
end
local vanished, freed = false, {}
for _, group in ipairs(groups) do
  local base, kind, kept = group.base, group.kind, {}
  for _, n in ipairs(group) do
    local id, a, b, flags = ARGV[n], ARGV[n + 1], ARGV[n + 2], flagsOf[n]
    local asked = flags and has(flags, 's')
    if (kind == 'wait' or kind == 'yield') and not asked then
      suspend(base, id, flags, kind, a, b)
      news = true
    elseif kind == 'ok' and not asked then
      local score = succeed(base, id, flags, a)
      if score then kept[#kept + 1], kept[#kept + 2] = score, id end
    else
      unsuccessful(base, id, flags, kind, a, b)
    end
    if flags and string.find(flags, '[dc]') then news = true end
    if has(flags, 'h') then freed[base] = true end
  end
  if #kept > 0 then redis.call('ZADD', base .. 'finished', unpack(kept)) end
  vanished = vanished or #kept < 2 * #group
end
if vanished then say(home, caller, request .. (news and 1 or 0) .. verdicts) end
-- Children that go to the front must find nobody there: they are told first, and the next call claims.
local want = not news and tonumber(ARGV[3]) or 0
local rows, wait = {}, nil
if want > 0 then rows, wait = claim(tonumber(ARGV[6]), ARGV[1], ARGV[2], want, tonumber(ARGV[4]), ARGV[5]) end
for base in pairs(freed) do gates().nudge(base) end
return { verdicts, news and 1 or 0, rows, wait }
