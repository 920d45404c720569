import { expect, it } from 'vitest'
import { withPrivateRedis } from '../support/redis.ts'
import { run, worker } from './program.ts'

it.each([
  ['examples/quickstart/app.ts', 'default', 'examples/quickstart/tasks.ts', ['add(2, 3) = 5', 'Hello, Ada!', '2027-02-01']],
  ['examples/readme/producer.ts', 'images', 'examples/readme/tasks.ts', ['640 finished']],
])(
  '%s runs as printed, against a worker of the command line',
  async (file, queue, tasks, expected) => {
    await withPrivateRedis(async ({ url }) => {
      const env = { RQTS_REDIS_URL: url }
      worker(env, queue, '--tasks', tasks)
      const program = run(file, env)
      expect(await program.end(), program.output).toBe(0)
      for (const text of expected) expect(program.output).toContain(text)
    })
  },
  120_000,
)
