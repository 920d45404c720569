import { describe, expect, test } from 'vitest'
import { Queue, task, Worker } from '../../lib/index.ts'
import { silentLogger } from '../../lib/logger.ts'
import { Store } from '../../lib/store/store.ts'
import { withPrivateRedis } from '../support/redis.ts'
import { gate, until } from '../support/stage.ts'

const JOBS = 2_000
const IDLE_MS = 10_000
const IDLERS = 100

/** What a worker asks of Redis, counted there: calls that crossed the network, and commands with those that scripts ran. */
describe('what a worker costs', () => {
  const counted = async (store: Store): Promise<{ calls: number; commands: number }> => {
    const info = String(await store.client.call('INFO', 'commandstats'))
    const stats = [...info.matchAll(/cmdstat_([a-z|]+):calls=(\d+)/g)].map(([, name, n]) => [name!, Number(n)] as const)
    const own = stats.filter(([name]) => !name.startsWith('config') && name !== 'info')
    const of = (name: string): number => own.find(([known]) => known === name)?.[1] ?? 0
    return { calls: of('evalsha') + of('blpop') + of('mget') + of('sismember'), commands: own.reduce((sum, [, n]) => sum + n, 0) }
  }

  // Far above what it is now (5 to 6 on a busy machine), far below a call per job (18).
  test.each([1, 10, 100])('a plain job at concurrency %i', async (concurrency) => {
    await withPrivateRedis(async ({ url }) => {
      await using queue = new Queue('default', { connection: url })
      await queue.enqueueMany(Array.from({ length: JOBS }, () => ['noop', []] as const))
      const store = new Store({ connection: url })
      await store.client.call('CONFIG', 'RESETSTAT')
      const worker = new Worker('default', {
        connection: url,
        concurrency,
        burst: true,
        logger: silentLogger,
        tasks: [task('noop', () => 1)],
      })
      await worker.run()
      const { commands, calls } = await counted(store)
      expect(commands / JOBS).toBeLessThan(10)
      expect(calls / JOBS).toBeLessThan(0.4)
      await store.close()
    })
  })

  test.each([0, 100_000])('nothing to do, %i jobs for later: two calls a second at most', { timeout: 120_000 }, async (later) => {
    await withPrivateRedis(async ({ url }) => {
      const store = new Store({ connection: url })
      await using queue = new Queue('default', { connection: url })
      for (let left = later; left > 0; left -= 10_000)
        await queue.enqueueMany(Array.from({ length: 10_000 }, () => ['noop', [], { delay: '1d' }] as const))
      const worker = new Worker('default', { connection: url, logger: silentLogger, tasks: [task('noop', () => 1)] })
      const ready = gate()
      worker.on('ready', () => ready.open())
      const ran = worker.run()
      await ready.promise
      // What a start costs is over by then; a slow machine only makes it less.
      await new Promise((resolve) => setTimeout(resolve, 2_000))
      const began = performance.now()
      await store.client.call('CONFIG', 'RESETSTAT')
      await new Promise((resolve) => setTimeout(resolve, IDLE_MS))
      const { calls } = await counted(store)
      // On a busy machine the test, too, sleeps longer than it meant to; and what was due at the beginning comes on top.
      expect(calls).toBeLessThanOrEqual((2 * (performance.now() - began)) / 1_000 + 2)
      await worker.stop()
      await ran
      await store.close()
    })
  })

  // A herd would cost two calls of each worker for each job, twenty thousand in all; it is 5 a job.
  test('a job that comes while a hundred workers idle wakes one of them', { timeout: 120_000 }, async () => {
    await withPrivateRedis(async ({ url }) => {
      const store = new Store({ connection: url })
      await using queue = new Queue('default', { connection: url })
      const tasks = [task('noop', () => 1)]
      // Without a hundred threads beside them.
      const options = { connection: url, logger: silentLogger, tasks, onBlocked: 'ignore' } as const
      const workers = Array.from({ length: IDLERS }, () => new Worker('default', options))
      const ran = workers.map((worker) => worker.run())
      const blocked = async (): Promise<number> =>
        Number(/blocked_clients:(\d+)/.exec(String(await store.client.call('INFO', 'clients')))?.[1])
      // Now and then one of them looks, and is not there for a moment.
      await until('nearly all wait', async () => (await blocked()) >= IDLERS - 10, 60_000)
      await store.client.call('CONFIG', 'RESETSTAT')
      const began = performance.now()
      for (let n = 0; n < IDLERS; n++) await (await queue.enqueue('noop', [])).result()
      const { calls } = await counted(store)
      // Besides, each asks what an idle one does.
      expect(calls).toBeLessThan(20 * IDLERS + (2 * IDLERS * (performance.now() - began)) / 1_000)
      await Promise.all(workers.map((worker) => worker.stop()))
      await Promise.all(ran)
      await store.close()
    })
  })
})
