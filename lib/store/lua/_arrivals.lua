-- Reads the jobs of a call. See enqueue.lua. Also tells whether a plain one may be known already: one EXISTS for all of them.
local function readJobs(base, at, count)
  local jobs, keys, ids, known = {}, {}, {}, false
  local function add(job)
    job.key = base .. 'job:' .. job.id
    if not job.control then keys[#keys + 1] = job.key end
    known, ids[job.id] = known or ids[job.id], true
    jobs[#jobs + 1] = job
    if #keys == 1000 or (#jobs == count and #keys > 0) then
      known = redis.call('EXISTS', unpack(keys)) > 0 or known
      keys = {}
    end
  end
  while #jobs < count do
    local control = ARGV[at]
    if control == '' then
      local task, timeout = ARGV[at + 1], ARGV[at + 2]
      for _ = 1, tonumber(ARGV[at + 3]) do
        at = at + 2
        add({ id = ARGV[at + 2], task = task, args = ARGV[at + 3], timeout = timeout })
      end
      at = at + 4
    else
      local to = at + 2 + tonumber(ARGV[at + 2])
      add({ id = ARGV[at + 1], from = at + 3, to = to, control = control ~= '+' and cjson.decode(control) or nil })
      at = to + 1
    end
  end
  return jobs, known
end
