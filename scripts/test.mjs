// `npm test [-- arguments of vitest]`: installs what is missing, builds, runs all tests. The last line counts them.
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

const folder = mkdtempSync(join(tmpdir(), 'rqts-tests-'))
const report = join(folder, 'report.json')
const { status } = spawnSync(
  process.execPath,
  [
    'node_modules/vitest/vitest.mjs',
    'run',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
    ...process.argv.slice(2),
  ],
  { cwd: root, stdio: 'inherit', env: { ...process.env, RQTS_TEST_BUILT: '1' } },
)
const counts = count()
rmSync(folder, { recursive: true, force: true })
// An error outside of any test, such as an unhandled rejection, fails the run as well.
if (status !== 0 && counts.failed === 0) counts.failed = 1
finish(counts, status ?? 1)

function count() {
  if (!existsSync(report)) return { passed: 0, failed: 1, skipped: 0 }
  const { numPassedTests, numFailedTests, numPendingTests, numTodoTests, testResults } = JSON.parse(readFileSync(report, 'utf8'))
  const brokenFiles = testResults.filter(
    (file) => file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed'),
  )
  return { passed: numPassedTests, failed: numFailedTests + brokenFiles.length, skipped: numPendingTests + numTodoTests }
}

function finish({ passed, failed, skipped }, exitCode) {
  console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`)
  process.exit(exitCode)
}
