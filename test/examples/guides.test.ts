import { expect, it } from 'vitest'
import { withPrivateRedis } from '../support/redis.ts'
import { run, worker } from './program.ts'

const LONG_MS = 150_000

it.each([
  ['using-tasks', ['https://example.org/a.png?w=640', 'progress { row: 30, of: 30 }', '30 rows', 'do not fit its schema']],
  ['retries', ['/orders answered attempt 3', '503, attempt 2', 'let in', 'failed: no such host', 'tried again']],
  ['dependencies', ['index of a.zip', 'index of b and c', 'canceled', 'the mess removed']],
])('examples/guides/%s.ts', { timeout: LONG_MS }, async (name, expected) => {
  await withPrivateRedis(async ({ url }) => {
    const env = { RQTS_REDIS_URL: url }
    worker(env, 'default', 'images', '--tasks', 'examples/guides/tasks.ts')
    const program = run(`examples/guides/${name}.ts`, env)
    expect(await program.end(), program.output).toBe(0)
    for (const text of expected) expect(program.output).toContain(text)
  })
})

it('examples/guides/testing.ts', { timeout: LONG_MS }, async () => {
  const program = run('examples/guides/testing.ts', {})
  expect(await program.end(), program.output).toBe(0)
  expect(program.output).toContain('all as expected')
})

it('examples/batches/batches.ts', { timeout: LONG_MS }, async () => {
  await withPrivateRedis(async ({ url }) => {
    const program = run('examples/batches/batches.ts', { RQTS_REDIS_URL: url })
    expect(await program.end(), program.output).toBe(0)
    expect(program.output).toContain('stored as 0')
    expect(program.output).toContain('the other: failed')
  })
})
