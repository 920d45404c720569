// `npm run check`: every gate, then the tests; `npm run check -- --no-tests` leaves them out. Runs all steps, so one run shows all problems.
import { spawnSync } from 'node:child_process'
import { ensureModules, root } from './modules.mjs'

const bin = (name) => `node_modules/.bin/${name}`
const STEPS = [
  // First: the examples import the package by its name, as users do.
  ['build', process.execPath, ['scripts/build.mjs']],
  ['format', bin('biome'), ['check', '--error-on-warnings']],
  ['lint', bin('oxlint'), ['--type-aware', '--deny-warnings']],
  ['types', bin('tsc'), ['-p', 'tsconfig.test.json']],
  ['types of the pages', bin('tsc'), ['-p', 'lib/dashboard/ui']],
  ['lua', process.execPath, ['scripts/check-lua.mjs']],
  ['sizes', process.execPath, ['scripts/check-sizes.mjs']],
  ['unused', bin('knip'), []],
  ['readme', process.execPath, ['scripts/readme.mjs', '--check']],
  ['package', bin('publint'), ['--strict']],
]

ensureModules()
const failed = STEPS.filter(([name, command, args]) => !passes(name, command, args)).map(([name]) => name)
if (failed.length > 0) {
  console.error(`check failed: ${failed.join(', ')}`)
  process.exitCode = 1
}
// Last, because the last line of all is the one that counts the tests.
if (!process.argv.includes('--no-tests') && !passes('tests', process.execPath, ['scripts/test.mjs'])) process.exitCode = 1

function passes(name, command, args) {
  console.log(`== ${name}`)
  return spawnSync(command, args, { cwd: root, stdio: 'inherit' }).status === 0
}
