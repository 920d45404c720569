import { describe, expect, it, onTestFinished } from 'vitest'
import { type FoundJobs, findJobs, openStore, overview, type Store } from '../../lib/client/inspector.ts'
import { Queue } from '../../lib/client/queue.ts'
import { searchJobs } from '../../lib/client/search-jobs.ts'
import { enlistWorker } from '../../lib/store/workers.ts'
import { ON_CLUSTER, testRedisUrl } from '../support/redis.ts'
import { scene, until } from './cli.ts'

async function opened(queues: Record<string, number>): Promise<Store> {
  const s = await scene()
  for (const [name, count] of Object.entries(queues)) {
    if (count > 0) await s.queue(name).enqueueMany(Array.from({ length: count }, (_, i) => ['add', [i]] as const))
  }
  const store = await openStore({ connection: s.url, prefix: s.prefix })
  onTestFinished(async () => {
    const names = (await store.client.call('ZRANGE', store.keys.workers, 0, -1)) as string[]
    await store.client.callAll([['DEL', store.keys.workers], ...names.map((name) => ['DEL', store.keys.worker(name)] as const)])
    await store.close()
  })
  return store
}

function enlist(store: Store, name: string, queues: string, aliveMs = 60_000): Promise<boolean> {
  return enlistWorker(store, name, name, aliveMs, {
    state: 'idle',
    host: 'h',
    pid: 1,
    queues,
    pool: 'async',
    concurrency: 1,
    succeeded: 0,
    failed: 0,
  })
}

describe('overview', () => {
  it('counts the live workers of each queue, by name and by wildcard, each once', async () => {
    const store = await opened({ 'mail.in': 1, 'mail.out': 1, other: 1 })
    await enlist(store, 'w1', 'mail.*,mail.in')
    await enlist(store, 'w2', 'mail.out,nosuch')
    await enlist(store, 'w3', '*')
    await enlist(store, 'gone', '*', 0)
    const { queues, workers, totals } = await overview(store)
    expect(queues.map(({ name, workers }) => [name, workers])).toEqual([
      ['mail.in', 2],
      ['mail.out', 3],
      ['other', 1],
    ])
    expect(workers.map(({ name, state }) => [name, state]).sort()).toEqual([
      ['gone', 'lost'],
      ['w1', 'idle'],
      ['w2', 'idle'],
      ['w3', 'idle'],
    ])
    expect(totals).toMatchObject({ queues: 3, workers: 3, queued: 3 })
    const some = await overview(store, { queues: ['mail.out', 'unknown'] })
    expect(some.queues.map(({ name, queued }) => [name, queued])).toEqual([
      ['mail.out', 1],
      ['unknown', 0],
    ])
    expect(some.workers.map(({ name }) => name).sort()).toEqual(['gone', 'w1', 'w2', 'w3'])
  })

  it('takes two round trips, however many queues and workers there are', async () => {
    const store = await opened(Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`q${i}`, 1])))
    for (let i = 0; i < 20; i++) await enlist(store, `w${i}`, `q${i}`)
    await overview(store)
    const { driver } = store.client
    const call = driver.call.bind(driver) as (...args: unknown[]) => Promise<unknown>
    let inFlight = 0
    let trips = 0
    driver.call = ((...args: unknown[]) => {
      if (inFlight++ === 0) trips++
      return call(...args).finally(() => inFlight--)
    }) as typeof driver.call
    await overview(store)
    expect(trips).toBeLessThanOrEqual(2)
  })

  // On a Cluster each queue and each worker may be on another server.
  it.skipIf(ON_CLUSTER)('takes a call for a hundred queues and one for a hundred workers, and reads no lists of tasks', async () => {
    const store = await opened({ only: 1 })
    const { driver } = store.client
    const call = driver.call.bind(driver) as (...args: unknown[]) => Promise<unknown>
    const replies: string[] = []
    driver.call = ((...args: unknown[]) =>
      call(...args).then((reply) => {
        replies.push(JSON.stringify(reply))
        return reply
      })) as typeof driver.call
    await overview(store)
    const few = replies.length
    const names = Array.from({ length: 250 }, (_, i) => `q${i}`)
    await store.client.call('SADD', store.keys.queues, ...names)
    for (const name of names) await enlistWorker(store, name, name, 60_000, { queues: name, tasks: 1, task_names: 'a.task' })
    replies.length = 0
    const seen = await overview(store)
    expect([seen.queues.length, seen.workers.length]).toEqual([251, 250])
    // Two more for the queues and two for the workers; one may ask anew which queues have partitions.
    expect(replies.length).toBeLessThanOrEqual(few + 5)
    expect(replies.join()).not.toContain('a.task')
  })
})

describe('findJobs', () => {
  it('stops a search at its bound and says so', async () => {
    const store = await opened({ big: 10_500 })
    expect(await findJobs(store, { query: { task: 'nothing', words: [], problems: [] } })).toMatchObject({
      jobs: [],
      searched: 10_000,
      total: 10_500,
      complete: false,
      nextOffset: null,
    })
    expect(await findJobs(store, { limit: 3, offset: 10_000 })).toMatchObject({
      searched: 4,
      total: 10_500,
      complete: true,
      nextOffset: 10_003,
    })
  })

  it('pages through jobs of every priority, over places and queues, each once', async () => {
    const store = await opened({ empty: 0, first: 3, last: 3 })
    const queue = new Queue('first', { connection: await testRedisUrl(), prefix: store.keys.prefix })
    onTestFinished(() => queue.close())
    await queue.enqueueMany([-2, 5, 9].map((priority) => ['add', [0], { priority, jobId: `p${priority}` }] as const))
    await queue.enqueue('add', [0], { delay: '1h', jobId: 'later' })
    const all = (await findJobs(store)).jobs.map(({ id }) => id)
    expect(all).toHaveLength(10)
    expect([all[0], all[1], all[5], all[6]]).toEqual(['p9', 'p5', 'p-2', 'later'])
    for (const status of [undefined, 'queued'] as const) {
      const paged: string[] = []
      for (let offset: number | null = 0; offset !== null; ) {
        const page: FoundJobs = await findJobs(store, { ...(status !== undefined && { status }), offset, limit: 4 })
        paged.push(...page.jobs.map(({ id }) => id))
        offset = page.nextOffset
      }
      expect(paged).toEqual(status === undefined ? all : all.filter((id) => id !== 'later'))
    }
  })
})

describe('searching', () => {
  it('finds a job past its ttl where it stands until a sweep moves it, and none behind it is missed', async () => {
    const store = await opened({})
    const queue = new Queue('q', { connection: await testRedisUrl(), prefix: store.keys.prefix })
    onTestFinished(() => queue.close())
    const late = await queue.enqueue('add', [1], { ttl: '1ms' })
    const next = await queue.enqueue('add', [2])
    await until('its ttl is over', async () => (await late.refresh()).status === 'expired')
    const query = { words: [], problems: [] }
    for (const [state, ids] of [
      ['expired', [late.id]],
      ['queued', [next.id]],
    ] as const) {
      expect((await findJobs(store, { status: state })).jobs.map(({ id }) => id)).toEqual(ids)
    }
    expect((await searchJobs(store, { ...query, state: 'expired' }, { limit: 5 })).rows.map(({ id }) => id)).toEqual([late.id])
    expect((await searchJobs(store, { ...query, state: 'queued' }, { limit: 5 })).rows.map(({ id }) => id)).toContain(next.id)
  })
})
