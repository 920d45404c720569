-- For calls whose answer cannot be read off what they leave behind: the answer is kept for the repetition that follows a lost reply.
-- Beside the queue's own keys, in its slot, and never on the way of a call that changed nothing.
local function saidKey(base, call)
  return (string.gsub(base, '{', 'said:{', 1)) .. call
end

local function said(base, call)
  return call and call ~= '' and redis.call('GET', saidKey(base, call))
end

local function say(base, call, answer)
  if call and call ~= '' then redis.call('SET', saidKey(base, call), answer, 'PX', 60000) end
end
