// `node scripts/mutations.mjs [name…]`: takes one guard at a time out of the Lua scripts and requires the tests to notice.
// Works on a copy of the project, so nothing here is touched. Prints the survivors; exit 1 when there are any.
import { spawn } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { root } from './modules.mjs'

/** name · file · what is replaced · by what. Each text must be there: a mutation that no longer applies is an error. */
const MUTATIONS = [
  ['settle: token not checked', 'settle', 'local mine = not job.err and job[1] == token', 'local mine = not job.err'],
  ['settle: status not checked', 'settle', "local open = mine and job[2] == 'started' and", 'local open = mine and'],
  ['settle: one job twice in a call', 'settle', ' and not seen[key]', ''],
  [
    'settle: lease not given back',
    'settle',
    "if #ids > 0 then leasable[base] = redis.call('ZREM', base .. 'started', unpack(ids)) end",
    '',
  ],
  ['settle: an order to stop is ignored', 'settle', "local asked = flags and has(flags, 's')", 'local asked = false'],
  ['settle: finished jobs are not listed', 'settle', "if #kept > 0 then redis.call('ZADD', base .. 'finished', unpack(kept)) end", ''],
  [
    'settle: its own repetition is not known',
    'settle',
    'if vanished then say(home, caller, request .. (news and 1 or 0) .. verdicts) end',
    '',
  ],
  ['settle: no word of the outbox', 'settle', "if flags and string.find(flags, '[dc]') then news = true end", ''],
  [
    'claim: the same request takes anew',
    '_claim',
    "if type(last) == 'string' and string.sub(last, 1, #token + 1) == token .. ' ' then",
    'if false then',
  ],
  [
    'claim: a repetition returns what others hold',
    '_claim',
    "if job[1] == token and job[2] == 'started' then",
    "if job[2] == 'started' then",
  ],
  ['claim: a repetition returns what has ended', '_claim', "if job[1] == token and job[2] == 'started' then", 'if job[1] == token then'],
  [
    'claim: no marker for the rest',
    '_claim',
    'elseif more or (leveled and looked > 0 and anyWaiting(base, levels)) then',
    'elseif false then',
  ],
  ['claim: no lease', '_take', "if #leases > 0 then redis.call('ZADD', base .. 'started', unpack(leases)) end", ''],
  ['claim: status not checked', '_take', "if status ~= 'queued' or not (job[2] and job[3]) then", 'if not (job[2] and job[3]) then'],
  ['claim: expired jobs run', '_take', 'elseif expires and expires <= now then', 'elseif false then'],
  ['claim: a paused queue is served', '_take', '(meta[1] and paused(meta[1])) or ', ''],
  ['claim: a pause never ends', '_job', "return text == '1' or whole(text, now + 1) > now", 'return true'],
  ['claim: a newer queue is served', '_take', " or (meta[2] and meta[2] ~= '1') then return nil end", ' then return nil end'],
  ['claim: leases are not tried first', '_take', ' or not writable(base) then', ' then'],
  ['claim: attempts do not grow', '_take', "whole(job[5], 0) + 1 or '1'", "whole(job[5], 0) or '1'"],
  [
    'renew: token not checked',
    'renew',
    "local held = not job.err and job[1] == ARGV[at + 1] and job[2] == 'started'",
    "local held = not job.err and job[2] == 'started'",
  ],
  ['renew: status not checked', 'renew', " and job[2] == 'started'", ''],
  ['renew: refused by a full Redis', 'renew', "redis.call('ZREM', base .. 'started', '')", ''],
  ['note: token not checked', 'note', ' or job[2] ~= ARGV[2])', ')'],
  ['note: a job that is gone is born again', 'note', 'if not job[1] or (ARGV', 'if (ARGV'],
  ['note: a line said again is written again', 'note', 'if writer == last and tonumber(n) <= tonumber(before) then return 1 end', ''],
  ['note: refused by a full Redis', 'note', "redis.call('ZREM', base .. 'started', '')", ''],
  ['sweep: status not checked', 'sweep', "if not job.err and job[1] == 'started' then", 'if not job.err then'],
  [
    'sweep: leases that have not ended',
    'sweep',
    "'ZRANGEBYSCORE', base .. container, '-inf', now,",
    "'ZRANGEBYSCORE', base .. container, '-inf', '+inf',",
  ],
  ['sweep: the token stays', 'sweep', "redis.call('HDEL', key, 'token')", ''],
  ['sweep: the lease stays', 'sweep', "redis.call('ZREM', base .. 'started', id)", ''],
  ['sweep: an order to stop is ignored', 'sweep', "if has(job[2], 's') then", 'if false then'],
  ['sweep: lost for ever', '_outcome', 'if lost < maxLost then', 'if true then'],
  ['enqueue: an id in use is overwritten', '_admit', "if redis.call('EXISTS', key) == 1 then", 'if false then'],
  ['enqueue: another job counts as its own', '_admit', '(not nonce or found[2] == nonce)', 'true'],
  ['enqueue: a unique key is not respected', '_admit', "if owner and unique.mode ~= 'replace' then", 'if false then'],
  ['enqueue: unknown parents', '_admit', "redis.call('EXISTS', base .. 'job:' .. parent) == 0 then", 'false then'],
  ['enqueue: no marker', '_job', '== 1 then wake(base) end', '== 1 then end'],
  ['enqueue: not all or nothing', 'enqueue', 'if refused then', 'if false then'],
  ['enqueue: a newer queue is written', 'enqueue', "if meta[1] and meta[1] ~= '1' then", 'if false then'],
  ['end: the unique key stays', '_detach', "if redis.pcall('GET', holder) == id then redis.call('DEL', holder) end", ''],
  [
    "end: another job's unique key goes",
    '_detach',
    "if redis.pcall('GET', holder) == id then redis.call('DEL', holder) end",
    "redis.call('DEL', holder)",
  ],
  ['end: the key is kept for ever', '_ending', "redis.call('PEXPIREAT', key, score)", ''],
  ['a child hears of one parent and runs', '_resolve', "elseif redis.call('SCARD', key .. ':waits') == 0 then", 'else'],
  ['a child runs whatever became of its parent', '_resolve', 'if not good and not job[2] then', 'if false then'],
  [
    'a child is told twice',
    '_resolve',
    "redis.pcall('SREM', key .. ':waits', parent) ~= 1",
    "(redis.pcall('SREM', key .. ':waits', parent) and false)",
  ],
  ['a parent that has ended is waited for', '_await', 'if not job[1] or REGISTRY[job[1]] then return', 'if false then return'],
  ['requeue: from any status', 'requeue', 'if not registry and not late then', 'if false then'],
  ['requeue: a unique key is taken away', 'requeue', 'if owner and owner ~= id then', 'if false then'],
  ['requeue: stays in its registry', 'requeue', "else redis.call('ZREM', base .. registry, id) end", 'end'],
  ['requeue: its own repetition is not known', 'requeue', "\nsay(base, ARGV[4], workflow and status .. ' 1' or status)", ''],
  ['promote: its own repetition is not known', 'requeue', '    say(base, ARGV[4], status)', ''],
  ['cancel: its own repetition is not known', 'cancel', 'say(base, ARGV[5], status)', ''],
  ['cancel: jobs that have ended', 'cancel', "if status ~= 'started' and not CONTAINER[status] then return status end", ''],
  ['cancel: the wish is not stored', 'cancel', "redis.call('HSET', key, 'flags', flags)", ''],
  ['remove: its own repetition is not known', 'remove', 'if changed then say(base, ARGV[3], table.concat(verdicts)) end', ''],
  [
    'tick: jobs before their time',
    'tick',
    "'ZRANGEBYSCORE', base .. 'scheduled', '-inf', now,",
    "'ZRANGEBYSCORE', base .. 'scheduled', '-inf', '+inf',",
  ],
  ['tick: a lost marker stays lost', 'tick', 'then wake(base) end', 'then end'],
  ['tick: everybody leads', 'tick', 'if leader and leader ~= ARGV[1] then', 'if false then'],
  ['requeue: the repetition has no news', 'requeue', "workflow and status .. ' 1' or status", 'status'],
  ['settle: the repetition of a job left to others has no news', 'settle', "'[dcp]'", "'[dc]'"],
  ['schedule: its own repetition is not known (advance)', 'schedule-advance', 'say(base, ARGV[7], 1)', ''],
  ['schedule: its own repetition is not known (remove)', 'schedule-remove', 'if there == 1 then say(base, ARGV[2], 1) end', ''],
  ['schedule: its own repetition is not known (write)', 'schedule-write', 'if rev == ARGV[3] then return 1 end', ''],
  ['schedule: written over', 'schedule-write', 'if rev ~= ARGV[2] then return 0 end', ''],
  ['schedule: fired from another run', 'schedule-advance', "if expected ~= '' and schedule[2] ~= expected then return { 0, {} } end", ''],
  ['schedule: fired by an old leader', 'schedule-advance', "redis.call('GET', base .. 'fence') ~= ARGV[4]", 'false'],
  ['schedule: a run fired twice', 'schedule-advance', "if redis.call('HEXISTS', runs, id) == 0 then", 'if true then'],
  ['schedule: everybody ticks', 'schedule-tick', 'local leads = not holder or holder == ARGV[1]', 'local leads = true'],
  ['repair: no lease', 'repair', "if not there or there == 'inf' then", 'if false then'],
  ['repair: an attempt loses its token', 'repair', "if status == 'started' and job[6] and job[7] then", 'if false then'],
  ['repair: stays in two places', '_places', "else redis.call('ZREM', base .. zset, id) end", 'end'],
  ['repair: a key that its owner does not know', '_mend', 'if not knows then', 'if not owner then'],
  ['repair: a silent parent', '_mend', 'elseif not job[1] or REGISTRY[job[1]] then', 'elseif not job[1] then'],
  ['limits: of a queue', '_limits', "free = math.max(0, limits.concurrency - redis.call('ZCARD', base .. 'started'))", 'free = 1000'],
  ['limits: of a key', '_refill', "if redis.call('SCARD', held) < capacity(base, gate) then", 'if true then'],
  ['limits: a rate', '_limits', "local free = rate.max - redis.call('LLEN', key)", 'local free = rate.max'],
  [
    'limits: a place of a key is not passed on',
    '_refill',
    "if redis.call('SREM', base .. 'held:' .. gate, id) == 1 then refill(base, gate) end",
    '',
  ],
  ['limits: a place in the queue is not passed on', 'settle', 'for base in pairs(freed) do gates().nudge(base) end', ''],
  ['repeat: for ever', '_repeat', "'repeated', done + 1,", "'repeated', done,"],
  ['throttle: not respected', '_admit', 'if unique.throttle and not owner then', 'if false then'],
  ['link: a parent that has ended is waited for', 'link', 'if REGISTRY[job[1]] then', 'if false then'],
]

/** Where the tables of a fragment are. A script's own have its name. Those of schedules are a folder. */
const TABLES = {
  _claim: 'claim',
  _take: 'claim',
  _admit: 'enqueue',
  _await: 'enqueue',
  _job: 'settle',
  _ending: 'settle',
  _outcome: 'sweep',
  _resolve: 'outbox',
  _detach: 'settle',
  _places: 'repair',
  _mend: 'repair',
  _limits: 'limits',
  _refill: 'limits',
}
const CHAOS = ['idempotence', 'fencing', 'model', 'garbage', 'full'].map((name) => `test/chaos/${name}.test.ts`)

const copy = mkdtempSync(join(tmpdir(), 'rqts-mutations-'))
process.on('exit', () => rmSync(copy, { recursive: true, force: true }))
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(130))
for (const part of ['lib', 'dist', 'test', 'scripts', 'package.json', 'tsconfig.json', 'vitest.config.ts']) {
  cpSync(join(root, part), join(copy, part), { recursive: true })
}
symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'))

const report = join(copy, 'report.json')
const wanted = process.argv.slice(2)
const chosen = MUTATIONS.filter(([name]) => wanted.length === 0 || wanted.some((part) => name.includes(part)))
const pathOf = (file) => join(copy, 'lib/store/lua', `${file}.lua`)
const gone = chosen.filter(([, file, from]) => !readFileSync(pathOf(file), 'utf8').includes(from))
for (const [name, file, from] of gone) console.error(`GONE      ${name}: ${file}.lua no longer says ${from}`)
if (gone.length > 0) process.exit(1)
const broken = await noticedBy()
if (broken !== undefined) {
  console.error(`The tests fail without any mutation; mend that first: ${broken}`)
  process.exit(1)
}
const survivors = []
for (const [name, file, from, to] of chosen) {
  const path = pathOf(file)
  const text = readFileSync(path, 'utf8')
  writeFileSync(
    path,
    text.replace(from, () => to),
  )
  const began = Date.now()
  const noticed = await noticedBy(TABLES[file] ?? file)
  writeFileSync(path, text)
  if (noticed === undefined) survivors.push(name)
  const verdict = noticed === undefined ? `SURVIVED  ${name}` : `killed    ${name} · ${noticed}`
  console.log(`${verdict} (${Math.round((Date.now() - began) / 1000)} s)`)
}
console.log(`${chosen.length - survivors.length} of ${chosen.length} mutations killed`)
process.exit(survivors.length > 0 ? 1 : 0)

/** The first test that is red, of those of one script first, which notice most, then of all; undefined when all are green. */
async function noticedBy(first) {
  if ((await run('scripts/lua.mjs', [])) !== 0) return 'scripts/lua.mjs'
  const rounds = [CHAOS, ['test/store', 'test/schedules', 'test/workflow/outbox']]
  if (first !== undefined) rounds.unshift([first.startsWith('schedule-') ? 'test/schedules' : `test/store/${first}`])
  for (const files of rounds) {
    const red = await firstRed(files)
    if (red === undefined) continue
    const [file] = red.split(':', 1)
    // Twice, or it may be the load of the machine that it has noticed.
    if (!file.endsWith('.ts') || (await firstRed([file])) !== undefined) return red
  }
  return undefined
}

async function firstRed(files) {
  rmSync(report, { force: true })
  const reporting = ['--reporter=json', `--outputFile=${report}`]
  const options = ['run', '--bail=1', ...reporting, '--passWithNoTests']
  if ((await run('node_modules/vitest/vitest.mjs', [...options, ...files])) === 0) return undefined
  if (!existsSync(report)) return 'vitest did not run'
  const { testResults } = JSON.parse(readFileSync(report, 'utf8'))
  for (const { name, message, assertionResults } of testResults) {
    const failed = assertionResults.find(({ status }) => status === 'failed')
    if (failed !== undefined) return `${relative(copy, name)}: ${failed.fullName}`
    if (message) return `${relative(copy, name)}: ${message}`
  }
  return 'an error outside of any test'
}

function run(script, args) {
  // A fixed seed: a mutation must not survive by chance, nor be killed by it.
  const env = { ...process.env, RQTS_TEST_BUILT: '1', RQTS_SEED: '7', RQTS_MODEL_RUNS: '60' }
  const child = spawn(process.execPath, [script, ...args], { cwd: copy, stdio: 'ignore', env })
  return new Promise((resolve) => child.on('exit', resolve))
}
