import { describe, expect, it } from 'vitest'
import type { JobContext } from '../../lib/index.ts'
import { enqueueJobs } from '../../lib/store/enqueue.ts'
import { Store } from '../../lib/store/store.ts'
import { Doorbell } from '../../lib/worker/doorbell.ts'
import { newJob } from '../support/calls.ts'
import { withPrivateRedis } from '../support/redis.ts'
import { gate, stage, until } from '../support/stage.ts'

const SHORT = 200
const BELLS = 30

/** What comes before what, never how long it takes: that is no matter of the machine. */
describe('a job that takes long', () => {
  it('keeps none of the short ones that were claimed behind it from another worker', { timeout: 60_000 }, async () => {
    const { queue: open, worker: hire } = await stage()
    const queue = open()
    const [began, goOn] = [gate(), gate()]
    const short = (n: number): number => n
    async function long(): Promise<void> {
      began.open()
      await goOn.promise
    }
    // Those before it are so short that its worker claims many at once.
    const jobs = await queue.enqueueMany([
      ...Array.from({ length: SHORT }, (_, n) => [short, [n]] as const),
      [long, []] as const,
      ...Array.from({ length: SHORT }, (_, n) => [short, [n]] as const),
    ])
    const own = hire('default', { tasks: [short, long], concurrency: 1 })
    const done = own.run()
    await began.promise
    const other = hire('default', { tasks: [short, long], concurrency: 1 })
    const otherDone = other.run()
    for (const job of jobs) if (job.task === 'short') await job.result({ timeout: '50s' })
    const held = jobs[SHORT]!
    await held.refresh()
    expect(held.status).toBe('started')
    goOn.open()
    await held.result({ timeout: '50s' })
    // Going back and forth cost none of them an attempt.
    for (const job of jobs) await job.refresh()
    expect(new Set(jobs.map(({ attempt }) => attempt))).toEqual(new Set([1]))
    await Promise.all([own.stop(), other.stop()])
    await Promise.all([done, otherDone])
  })

  it('keeps none of them from the other slots of its worker', { timeout: 60_000 }, async () => {
    const { queue: open, worker: hire } = await stage()
    const queue = open()
    const goOn = gate()
    const short = (n: number): number => n
    const long = (): Promise<void> => goOn.promise
    const held = await queue.enqueue(long, [])
    const jobs = await queue.enqueueMany(Array.from({ length: SHORT }, (_, n) => [short, [n]] as const))
    const worker = hire('default', { tasks: [short, long], concurrency: 2 })
    const done = worker.run()
    for (const job of jobs) await job.result({ timeout: '50s' })
    await held.refresh()
    expect(held.status).toBe('started')
    goOn.open()
    await held.result({ timeout: '50s' })
    await worker.stop()
    await done
  })
})

describe('an urgent job', () => {
  it('at the front starts next, whatever waits', async () => {
    const { queue: open, worker: hire } = await stage()
    const queue = open()
    const [began, goOn] = [gate(), gate()]
    const seen: string[] = []
    async function work(this: JobContext, name: string): Promise<void> {
      seen.push(name)
      if (name !== 'first') return
      began.open()
      await goOn.promise
    }
    await queue.enqueueMany(['first', 'a', 'b', 'c'].map((name) => [work, [name]] as const))
    const worker = hire('default', { tasks: [work], concurrency: 1, burst: true })
    const done = worker.run()
    await began.promise
    await queue.enqueue(work, ['urgent'], { atFront: true })
    goOn.open()
    await done
    expect(seen).toEqual(['first', 'urgent', 'a', 'b', 'c'])
  })
})

describe('many idle workers', () => {
  it('one of them wakes when jobs come', { timeout: 60_000 }, async () => {
    await withPrivateRedis(async ({ url }) => {
      const store = new Store({ connection: url })
      const blocked = async (): Promise<number> =>
        Number(/blocked_clients:(\d+)/.exec(String(await store.client.call('INFO', 'clients')))?.[1])
      const rang: number[] = []
      const bells = Array.from(
        { length: BELLS },
        (_, n) =>
          new Doorbell(store, {
            // Longer than any test: nobody wakes by the clock.
            pollMs: 600_000,
            queues: () => ['q'],
            own: `w${n}`,
            refresh: () => undefined,
            ring: () => rang.push(n) > 0,
          }),
      )
      for (const bell of bells) bell.arm()
      await until('all wait', async () => (await blocked()) === BELLS, 30_000)
      await enqueueJobs(
        store,
        'q',
        Array.from({ length: 10 }, (_, n) => newJob(`j${n}`)),
        false,
      )
      await until('one was told', () => rang.length > 0)
      // Had another woken as well, there would be one less.
      await until('all others wait', async () => (await blocked()) === BELLS - 1)
      expect(rang).toHaveLength(1)
      for (const bell of bells) bell.close()
      await store.close()
    })
  })
})
