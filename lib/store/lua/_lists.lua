-- The lists of a queue in the order in which they are served; `levels` is the field of that name.
local function lists(levels)
  local names, zero = {}, false
  for level in string.gmatch(levels or '', '%S+') do
    if not zero and tonumber(level) < 0 then
      names[#names + 1], zero = 'queue', true
    end
    names[#names + 1] = 'queue:' .. level
  end
  if not zero then names[#names + 1] = 'queue' end
  return names
end
