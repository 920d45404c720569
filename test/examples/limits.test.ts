import { expect, it } from 'vitest'
import { withPrivateRedis } from '../support/redis.ts'
import { run, worker } from './program.ts'

it('examples/limits/limits.ts says what the guide says', { timeout: 150_000 }, async () => {
  await withPrivateRedis(async ({ url }) => {
    const env = { RQTS_REDIS_URL: url }
    worker(env, 'limited', '--tasks', 'examples/limits/tasks.ts')
    const program = run('examples/limits/limits.ts', env)
    expect(await program.end(), program.output).toBe(0)
    const flat = program.stdout.replace(/\s+/g, ' ')
    for (const line of [
      'mail to ann@example.com',
      '{ concurrency: 5, rate: { max: 100, per: 60000 }, tasks: {}, perKey: 1, keys: {} }',
      '/orders answered 1 rows of acme 2 rows of acme 3 rows of globex /home is at version 3 true 4 3 4',
    ])
      expect(flat).toContain(line)
  })
})
