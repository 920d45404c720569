-- Reads the jobs of a call. See enqueue.lua. Also tells whether a plain one may be known already: one EXISTS for all of them.
local function readJobs(base, at, count)
  local jobs, keys, ids, known = {}, {}, {}, false
  for n = 1, count do
    local job = { id = ARGV[at], key = base .. 'job:' .. ARGV[at], from = at + 2, control = ARGV[at + 1] }
    if job.control == '' then
      at = at + 5
    else
      job.from, job.to = at + 3, at + 2 + tonumber(ARGV[at + 2])
      at = job.to + 1
    end
    if job.control == '' or job.control == '+' then
      job.control, keys[#keys + 1] = nil, job.key
    else
      job.control = cjson.decode(job.control)
    end
    if #keys == 1000 or (n == count and #keys > 0) then
      known = redis.call('EXISTS', unpack(keys)) > 0 or known
      keys = {}
    end
    known, ids[job.id] = known or ids[job.id], true
    jobs[n] = job
  end
  return jobs, known
end
