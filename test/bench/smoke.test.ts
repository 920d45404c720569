import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it, onTestFinished } from 'vitest'

const run = promisify(execFile)
const ONE_OF_EACH = [
  'enqueue/100',
  'enqueue/bulk',
  'process/c10',
  'process/c10/1ms',
  'process/c10/2p',
  'process/together',
  'pickup/idle',
  'pickup/1000',
]
const OTHERS = ['memory/120B', 'backlog/100', 'backlog/running', 'scheduled', 'dependents']
const WITHOUT_DELIVERIES = ['idle', 'heap', 'middle', 'waits']

interface Deliveries {
  expected: number
  seen: number
  distinct: number
}

// Counts, not times: what a benchmark says on a busy machine is no reason to fail.
it('the benchmark runs every kind of scenario and sees each job exactly once', async () => {
  const out = await mkdtemp(join(tmpdir(), 'rqts-bench-'))
  onTestFinished(() => rm(out, { recursive: true, force: true }))

  const scenarios = [...ONE_OF_EACH, ...OTHERS, ...WITHOUT_DELIVERIES]
  const options = ['--size', 'tiny', '--only', 'rqts', '--dist', 'dist', '--out', out]
  await run(process.execPath, ['scripts/bench/run.mjs', ...scenarios, ...options])

  const [about, ...lines] = (await readFile(join(out, 'benchmarks', 'results.jsonl'), 'utf8')).trim().split('\n')
  expect(JSON.parse(about!)).toMatchObject({ failures: [] })
  expect(lines).toHaveLength(scenarios.length)
  for (const line of lines) {
    const { scenario, runs } = JSON.parse(line) as { scenario: string; runs: { deliveries?: Deliveries }[] }
    expect(runs, scenario).not.toHaveLength(0)
    for (const { deliveries } of runs) {
      if (WITHOUT_DELIVERIES.includes(scenario)) continue
      expect(deliveries?.expected, scenario).toBeGreaterThan(0)
      expect(deliveries, scenario).toEqual({ expected: deliveries?.expected, seen: deliveries?.expected, distinct: deliveries?.expected })
    }
  }

  const page = await readFile(join(out, 'benchmarks.md'), 'utf8')
  expect(page).toContain('each job was seen exactly once')
  expect(await readFile(join(out, 'benchmarks', 'process.svg'), 'utf8')).toMatch(/^<svg [\s\S]*<\/svg>\n$/)
}, 180_000)
