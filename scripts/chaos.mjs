// `npm run chaos -- --minutes 60 [--seed N] [--only FILE] [--bail]`: the chaos suite again and again, each round with a new random seed,
// until the time is over. Prints every seed and, at the end, what became of all jobs; exit 1 when a round failed.
// `RQTS_SEED=N npx vitest run test/chaos` replays one.
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { parseArgs } from 'node:util'
import { build } from './build.mjs'
import { ensureModules, root } from './modules.mjs'

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '60' },
    seed: { type: 'string' },
    only: { type: 'string', default: '' },
    bail: { type: 'boolean', default: false },
  },
})
const minutes = Number(values.minutes)
if (!(minutes > 0)) throw new Error(`--minutes takes a number above 0; got ${values.minutes}`)

ensureModules()
build()
const folder = mkdtempSync(join(tmpdir(), 'rqts-chaos-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
let round
// What has begun is not counted, and must not go on into a folder that is gone.
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => {
    round?.removeAllListeners('exit').on('exit', finish)
    if (round === undefined) finish()
    else process.kill(-round.pid, 'SIGTERM')
  })
}
const report = join(folder, 'report')
const results = join(folder, 'results.json')
const end = Date.now() + minutes * 60_000
const failures = []
let rounds = 0
for (let seed = Number(values.seed ?? Math.floor(Math.random() * 1e9)); Date.now() < end; seed = (seed * 31 + 7) % 1e9) {
  console.log(`round ${rounds + 1}: seed ${seed}`)
  const began = Date.now()
  const code = await suite(seed)
  rounds++
  const red = code === 0 ? [] : failed()
  for (const name of red) failures.push(`seed ${seed}: ${name}`)
  console.log(`round ${rounds}: seed ${seed}, ${Math.round((Date.now() - began) / 1000)} s, ${red.length > 0 ? 'FAILED' : 'passed'}`)
  if (red.length > 0 && values.bail) break
}
finish()

function finish() {
  const lines = existsSync(report) ? readFileSync(report, 'utf8').trim().split('\n') : []
  const totals = { acknowledged: 0, starts: 0, repeated: 0, lost: 0, lostByRedis: 0, doubleAcked: 0, invariantBreaks: 0 }
  for (const line of lines) for (const [name, count] of Object.entries(JSON.parse(line))) totals[name] += count
  console.log(`\n${rounds} rounds, ${failures.length} tests failed`)
  for (const failure of failures) console.log(`FAILED ${failure}`)
  console.log(
    `${totals.acknowledged} jobs acknowledged in ${lines.length} runs, ${totals.starts} starts, ${totals.repeated} of them repeated`,
  )
  console.log(`${totals.lost} lost, ${totals.doubleAcked} double-acked, ${totals.invariantBreaks} invariant breaks`)
  console.log(`${totals.lostByRedis} lost by Redis, where it was made to: unwritten when killed (everysec), or cut off its file`)
  process.exit(failures.length > 0 || totals.lost + totals.doubleAcked + totals.invariantBreaks > 0 ? 1 : 0)
}

function failed() {
  if (!existsSync(results)) return ['vitest did not run']
  const { testResults } = JSON.parse(readFileSync(results, 'utf8'))
  const names = testResults.flatMap(({ name, message, assertionResults }) => {
    const file = relative(root, name)
    const red = assertionResults.filter(({ status }) => status === 'failed').map(({ fullName }) => `${file}: ${fullName}`)
    return red.length === 0 && message ? [`${file}: ${message}`] : red
  })
  return names.length > 0 ? names : ['an error outside of any test']
}

/** One file at a time: what is measured must not wait for another test. */
function suite(seed) {
  rmSync(results, { force: true })
  const options = ['--no-file-parallelism', '--retry=0', '--reporter=default', '--reporter=json', `--outputFile.json=${results}`]
  const args = ['node_modules/vitest/vitest.mjs', 'run', `test/chaos/${values.only}`, ...options]
  const env = { ...process.env, RQTS_TEST_BUILT: '1', RQTS_SEED: String(seed), RQTS_MODEL_RUNS: '2000', RQTS_CHAOS_REPORT: report }
  round = spawn(process.execPath, args, { cwd: root, stdio: 'inherit', env, detached: true })
  return new Promise((resolve) => round.on('exit', (code) => resolve(code ?? 1)))
}
