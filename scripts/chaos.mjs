// `npm run chaos -- --minutes 60 [--seed N]`: the chaos suite again and again, each round with a new random seed, until the time is
// over or a round fails. Prints every seed; `RQTS_SEED=N npx vitest run test/chaos` replays one.
import { spawn } from 'node:child_process'
import { parseArgs } from 'node:util'
import { build } from './build.mjs'
import { ensureModules, root } from './modules.mjs'

const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '60' }, seed: { type: 'string' }, only: { type: 'string', default: '' } },
})
const minutes = Number(values.minutes)
if (!(minutes > 0)) throw new Error(`--minutes takes a number above 0; got ${values.minutes}`)

ensureModules()
build()
const end = Date.now() + minutes * 60_000
let rounds = 0
let failed = 0
for (let seed = Number(values.seed ?? Math.floor(Math.random() * 1e9)); Date.now() < end && failed === 0; seed = (seed * 31 + 7) % 1e9) {
  rounds++
  const began = Date.now()
  failed = (await suite(seed)) === 0 ? 0 : 1
  console.log(`round ${rounds}: seed ${seed}, ${Math.round((Date.now() - began) / 1000)} s, ${failed ? 'FAILED' : 'passed'}`)
}
console.log(`${rounds} rounds, ${failed} failed`)
process.exitCode = failed

/** One file at a time: what is measured must not wait for another test. */
function suite(seed) {
  const args = ['node_modules/vitest/vitest.mjs', 'run', `test/chaos/${values.only}`, '--no-file-parallelism', '--retry=0']
  const env = { ...process.env, RQTS_TEST_BUILT: '1', RQTS_SEED: String(seed), RQTS_MODEL_RUNS: '2000' }
  const child = spawn(process.execPath, args, { cwd: root, stdio: 'inherit', env })
  return new Promise((resolve) => child.on('exit', (code) => resolve(code ?? 1)))
}
