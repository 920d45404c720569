-- What limits need, made when first asked for: most scripts run without.
local made = nil
local function gates()
  if made then return made end
  --@include _limits
  --@include _parking
  --@include _refill
  --@include _passing
  made = { limitsOf = limitsOf, nudge = nudge, enter = enter, letGo = letGo, unpark = unpark, hold = hold, refill = refill,
    admit = admit, pass = pass, after = after, mend = mend }
  return made
end

local function letGo(base, id, flags)
  -- A broken key of a limit must not stop the script half way: the sweep mends what is left undone.
  if flags and string.find(flags, '[ko]') then pcall(gates().letGo, base, id, flags) end
end
