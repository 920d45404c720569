// `npm test [-- arguments of vitest]`: installs what is missing, builds, runs all tests, then the core of them again on a Redis Cluster.
// `npm run test:cluster [-- …]`: everything that can, on a Cluster. The last line counts them.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from './build.mjs'
import { ensureModules, root } from './modules.mjs'

try {
  ensureModules()
  build()
} catch (error) {
  console.error(error.message)
  finish({ passed: 0, failed: 1, skipped: 0 }, 1)
}

/** All that does not start servers of its own. */
const ON_CLUSTER = ['store', 'worker', 'client', 'compat', 'workflow', 'schedules', 'testing', 'cli/worker', 'cli/enqueue', 'cli/info'].map(
  (name) => `test/${name}`,
)
/** What `npm test` runs there: about a minute. */
const CORE = [
  'test/store',
  'test/worker/run',
  'test/worker/recovery',
  'test/worker/watchdog',
  'test/client/queue',
  'test/client/partitions',
  'test/client/registry',
  'test/cli/worker',
]

const args = process.argv.slice(2)
const total = { passed: 0, failed: 0, skipped: 0 }
let exitCode = 0
if (args[0] === '--cluster') {
  run(args.length > 1 ? args.slice(1) : ON_CLUSTER, { RQTS_TEST_CLUSTER: '1' })
} else {
  run(args)
  if (args.length === 0) run(CORE, { RQTS_TEST_CLUSTER: '1' })
}
finish(total, exitCode)

function run(given, env = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'rqts-tests-'))
  const report = join(folder, 'report.json')
  const { status } = spawnSync(
    process.execPath,
    ['node_modules/vitest/vitest.mjs', 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`, ...given],
    { cwd: root, stdio: 'inherit', env: { ...process.env, RQTS_TEST_BUILT: '1', ...env } },
  )
  const counts = count(report)
  rmSync(folder, { recursive: true, force: true })
  // An error outside of any test, such as an unhandled rejection, fails the run as well.
  if (status !== 0 && counts.failed === 0) counts.failed = 1
  for (const name of Object.keys(total)) total[name] += counts[name]
  exitCode ||= status ?? 1
}

function count(report) {
  if (!existsSync(report)) return { passed: 0, failed: 1, skipped: 0 }
  const { numPassedTests, numFailedTests, numPendingTests, numTodoTests, testResults } = JSON.parse(readFileSync(report, 'utf8'))
  const brokenFiles = testResults.filter(
    (file) => file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed'),
  )
  return { passed: numPassedTests, failed: numFailedTests + brokenFiles.length, skipped: numPendingTests + numTodoTests }
}

function finish({ passed, failed, skipped }, exitCode) {
  if (skipped > 0) console.log(`${skipped} skipped, each with its reason where it is written`)
  console.log(`${passed} passed, ${failed} failed`)
  process.exit(exitCode)
}
