import { describe, expect, it } from 'vitest'
import { BUCKETS, bucketBound, bucketOf, percentile } from '../../lib/histogram.ts'
import { task } from '../../lib/index.ts'
import { addStats, emptyStats, readSpans, readStats, readTaskStats, readTotalStats, summarizeStats } from '../../lib/store/stats.ts'
import { scan } from '../support/keyspace.ts'
import { leftoverKeys } from '../support/redis.ts'
import { stage, until } from '../support/stage.ts'

const add = task('add', (a: number, b: number) => a + b)
const broken = task({ name: 'broken', retry: 1 }, () => {
  throw new Error('no')
})

describe('the histogram', () => {
  it('puts a span into the bucket whose bounds hold it', () => {
    for (const ms of [0, 0.2, 1, 1.1, 7, 100, 1_000, 86_400_000, 1e12]) {
      const bucket = bucketOf(ms)
      expect(ms).toBeLessThanOrEqual(bucketBound(bucket))
      if (bucket > 0) expect(ms).toBeGreaterThan(bucketBound(bucket - 1))
    }
    expect(bucketOf(Number.POSITIVE_INFINITY)).toBe(BUCKETS - 1)
  })

  it('gives percentiles within a fifth, and none of nothing', () => {
    const counts = new Array<number>(BUCKETS).fill(0)
    expect(percentile(counts, 0.5)).toBeNull()
    for (let ms = 1; ms <= 1_000; ms++) counts[bucketOf(ms)]!++
    for (const share of [0.5, 0.95, 0.99]) {
      const exact = share * 1_000
      expect(Math.abs(percentile(counts, share)! - exact) / exact).toBeLessThan(0.2)
    }
  })
})

describe('the statistics of a queue', () => {
  it('tell what a worker did, by queue and by task', async () => {
    const s = await stage()
    const queue = s.queue()
    for (let i = 0; i < 20; i++) await queue.enqueue(add, [i, 1])
    await queue.enqueue(broken, [])
    await s.worker('default', { tasks: [add, broken], burst: true }).run()

    const [read] = await readStats(s.store, ['default'], 5)
    expect(read).toMatchObject({ queue: 'default', stats: { started: 22, finished: 20, failed: 1, retried: 1, stopped: 0, lost: 0 } })
    expect(read!.waitP95Ms).toBeGreaterThan(0)
    expect(read!.runP95Ms).toBeGreaterThan(0)
    expect(read!.stats.runs.reduce((sum, n) => sum + n, 0)).toBe(22)
    expect(read!.finishedPerMinute).toBeCloseTo((read!.failedPerMinute * 20) / 2)

    const tasks = await readTaskStats(s.store, 'default', 2)
    expect([...tasks].map(([name, { finished, failed, retried }]) => [name, finished, failed, retried]).sort()).toEqual([
      ['add', 20, 0, 0],
      ['broken', 0, 1, 1],
    ])
    expect(await readTaskStats(s.store, 'default', 0)).toEqual(tasks)
    expect(await readTotalStats(s.store, 'default')).toEqual(read!.stats)
    const { spans, now } = await readSpans(s.store, 'default', 'minute', 60)
    expect(spans.reduce((sum, { stats }) => sum + stats.finished, 0)).toBe(20)
    expect(now - spans.at(-1)!.at).toBeLessThan(120_000)
    expect((await readSpans(s.store, 'default', 'hour', 24, 'finished')).spans.reduce((sum, { stats }) => sum + stats.finished, 0)).toBe(20)
  })

  it('are added to about once a second while the worker runs, and not at all while it idles', async () => {
    const s = await stage()
    const queue = s.queue()
    const worker = s.worker('default', { tasks: [add] })
    const running = worker.run()
    await (await queue.enqueue(add, [1, 1])).result({ timeout: '60s' })
    await until('the statistics have the job', async () => (await readTotalStats(s.store, 'default')).finished === 1)
    const before = await scan(s.store, `${s.prefix}:said:*`)
    // Two looks of the worker later nothing has been sent: each call would leave its name.
    const beats = async (): Promise<string> => String(await s.store.client.call('HGET', s.store.keys.worker(worker.name), 'heartbeat'))
    const first = await beats()
    await until('the worker has beaten again', async () => (await beats()) !== first)
    expect((await scan(s.store, `${s.prefix}:said:*`)).filter((key) => !before.includes(key))).toEqual([])
    await worker.stop()
    await running
  })

  it('count a call that is sent again once', async () => {
    const s = await stage()
    await addStats(
      s.store,
      'default',
      'call1',
      [
        ['finished', 3],
        ['run:4', 3],
      ],
      [['add finished', 3]],
    )
    await addStats(
      s.store,
      'default',
      'call1',
      [
        ['finished', 3],
        ['run:4', 3],
      ],
      [['add finished', 3]],
    )
    expect((await readTotalStats(s.store, 'default')).finished).toBe(3)
    expect((await readTaskStats(s.store, 'default', 0)).get('add')!.finished).toBe(3)
  })

  it('die: every key has an end, and those of a deleted queue that are kept longest go with it', async () => {
    const s = await stage()
    await addStats(s.store, 'default', 'call2', [['finished', 1]], [['add finished', 1]])
    const keys = await scan(s.store, `${s.prefix}:{default}:stats:*`)
    expect(keys).toHaveLength(5)
    for (const key of keys) expect(await s.store.client.call('TTL', key)).toBeGreaterThan(80_000)
    await s.queue().delete()
    expect((await leftoverKeys(s.prefix)).filter((key) => key.includes('total'))).toEqual([])
  })

  it('stay bounded: no more fields than a queue can have tasks for', async () => {
    const s = await stage()
    const many = Array.from({ length: 5_000 }, (_, i) => [`task${i} finished`, 1] as const)
    await addStats(s.store, 'default', 'call3', [], many)
    await addStats(
      s.store,
      'default',
      'call4',
      [],
      [
        ['another finished', 1],
        ['task1 finished', 1],
      ],
    )
    const tasks = await readTaskStats(s.store, 'default', 0)
    expect(tasks.get('task1')!.finished).toBe(2)
    expect(tasks.has('another')).toBe(false)
  })

  it('leave out what is no number of theirs', async () => {
    const s = await stage()
    await s.store.client.call(
      'HSET',
      `${s.prefix}:{default}:stats:total`,
      'finished',
      'x',
      'run:99',
      4,
      '__proto__',
      5,
      'failed',
      2,
      'wait:-1',
      3,
    )
    expect(await readTotalStats(s.store, 'default')).toEqual({ ...emptyStats(), failed: 2 })
  })

  it('of nothing are zero and unknown', async () => {
    const s = await stage()
    const [read] = await readStats(s.store, ['nobody'], 60)
    expect(read).toMatchObject({ finishedPerMinute: 0, waitP95Ms: null, runP95Ms: null })
    expect(summarizeStats(emptyStats(), 1).runP50Ms).toBeNull()
  })
})
