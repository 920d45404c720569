import { describe, expect, it, onTestFinished } from 'vitest'
import { createDashboard } from '../../lib/dashboard/index.ts'
import { silentLogger } from '../../lib/logger.ts'
import { enqueueJobs } from '../../lib/store/enqueue.ts'
import { Store } from '../../lib/store/store.ts'
import { newJob } from '../support/calls.ts'
import { withPrivateRedis } from '../support/redis.ts'

/** Ids by the hundred thousand, in the list and in a registry; a page of them has jobs, the others are never looked at. */
const FILL = `
for i = tonumber(ARGV[1]), tonumber(ARGV[2]) do
  redis.call('RPUSH', KEYS[1] .. 'queue', 'w' .. i)
  redis.call('ZADD', KEYS[1] .. 'finished', 4000000000000 + i, 'f' .. i)
end`

async function enlistMany(store: Store, count: number): Promise<void> {
  const now = await store.now()
  for (let i = 0; i < count; i++) {
    const record = [
      'state',
      'busy',
      'queues',
      'default,mail.*',
      'concurrency',
      10,
      'jobs',
      'default/w1',
      'heartbeat',
      now,
      'deadline',
      now + 600_000,
    ]
    await store.client.call('HSET', store.keys.worker(`w${i}`), ...record)
    await store.client.call('ZADD', store.keys.workers, now + 600_000, `w${i}`)
  }
}

/** Commands that Redis carried out for some requests, scripts counted as what they call. */
async function cost(store: Store, work: () => Promise<unknown>): Promise<number> {
  await store.client.call('CONFIG', 'RESETSTAT')
  await work()
  const info = String(await store.client.call('INFO', 'commandstats'))
  return [...info.matchAll(/cmdstat_(?!config|info)[a-z|]+:calls=(\d+)/g)].reduce((sum, [, calls]) => sum + Number(calls), 0)
}

interface Seen {
  queues: { queued: number; workers: number }[]
  workers: unknown[]
}

type Ask = (path: string) => Promise<Record<string, unknown>>

/** A dashboard that knows nothing yet. */
async function opened<T>(url: string, use: (ask: Ask) => Promise<T>): Promise<T> {
  const dashboard = createDashboard({ connection: url, logger: silentLogger })
  try {
    return await use(async (path) => {
      const response = await dashboard.fetch(new Request(`http://localhost/api/${path}`))
      expect(response.status).toBe(200)
      return (await response.json()) as Record<string, unknown>
    })
  } finally {
    await dashboard.close()
  }
}

describe('with a million jobs and five hundred workers', () => {
  it('the first data costs as many commands as with a handful, and comes soon', async () => {
    await withPrivateRedis(async (server) => {
      const store = new Store({ connection: server.url })
      onTestFinished(() => store.close())
      await enlistMany(store, 500)
      await enqueueJobs(
        store,
        'default',
        Array.from({ length: 100 }, (_, i) => newJob(`j${i}`)),
        false,
      )
      const paths = [
        'overview',
        'jobs?q=state:queued',
        'jobs?q=state:finished',
        'jobs/count?q=state:queued',
        'stats?range=1h',
        'tasks',
        'schedules',
      ]
      const few = await opened(server.url, (ask) => cost(store, async () => void (await Promise.all(paths.map(ask)))))
      // In steps: one that takes long holds up everybody, here as elsewhere.
      for (let from = 0; from < 500_000; from += 20_000)
        await store.client.call('EVAL', FILL, 1, 'rqts:{default}:', from + 1, from + 20_000)
      const many = await opened(server.url, (ask) => cost(store, async () => void (await Promise.all(paths.map(ask)))))
      // A page of rows is there now where there was none: 25 more jobs are read.
      expect(Math.abs(many - few)).toBeLessThanOrEqual(35)
      const [seen, tookMs] = await opened(server.url, async (ask) => {
        const began = performance.now()
        return [(await ask('overview')) as unknown as Seen, performance.now() - began] as const
      })
      expect(seen.queues[0]).toMatchObject({ queued: 500_100, workers: 500 })
      expect(seen.workers).toHaveLength(500)
      // 40 ms where nothing else runs; a look at each job would take minutes.
      expect(tookMs).toBeLessThan(30_000)
      const deep = await opened(server.url, (ask) => cost(store, () => ask('jobs?q=state:queued&cursor=0.499990.0.0&limit=25')))
      expect(deep).toBeLessThan(100)
    })
  }, 120_000)
})
