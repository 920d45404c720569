import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type RedisServer, startPrivateRedis } from '../../lib/embedded/index.ts'
import { type ClaimedJob, claim, type Outcome, settle } from '../../lib/store/attempts.ts'
import { enqueueJobs, type NewJob } from '../../lib/store/enqueue.ts'
import { changeLimits } from '../../lib/store/limits.ts'
import { Store } from '../../lib/store/store.ts'
import { newJob, request } from '../support/calls.ts'

/**
 * What a job costs Redis, counted in commands: a number that no slow machine changes. The bounds stand just above what it
 * is now; who raises one should know why.
 */
describe('commands per job', () => {
  let server: RedisServer
  let store: Store
  beforeAll(async () => {
    server = await startPrivateRedis({ install: true })
    store = new Store({ connection: server.url })
  })
  afterAll(async () => {
    await store.close()
    await server.stop()
  })

  /** Commands that scripts and clients ran, and calls that crossed the network, per job. */
  const costOf = async (jobs: number, work: () => Promise<unknown>): Promise<{ commands: number; calls: number }> => {
    await store.client.call('CONFIG', 'RESETSTAT')
    await work()
    const info = String(await store.client.call('INFO', 'commandstats'))
    const stats = [...info.matchAll(/cmdstat_([a-z|]+):calls=(\d+)/g)].map(([, name, calls]) => [name!, Number(calls)] as const)
    const counted = stats.filter(([name]) => !name.startsWith('config') && name !== 'info')
    const calls = counted.filter(([name]) => name === 'evalsha').reduce((sum, [, n]) => sum + n, 0)
    return { commands: counted.reduce((sum, [, n]) => sum + n, 0) / jobs, calls: calls / jobs }
  }
  const enqueueAll = async (jobs: readonly NewJob[], batch: number): Promise<void> => {
    for (let at = 0; at < jobs.length; at += batch) await enqueueJobs(store, 'q', jobs.slice(at, at + batch), false)
  }
  const plain = (count: number, from = 0) => Array.from({ length: count }, (_, i) => newJob(`j${from + i}`))
  const workOff = async (count: number, batch: number, outcome: (job: ClaimedJob) => Outcome): Promise<void> => {
    let outcomes: Outcome[] = []
    for (let done = 0; done < count; done += outcomes.length) {
      const { jobs } = await settle(store, request(batch, { token: `T${done}` }), outcomes)
      outcomes = jobs.map(outcome)
    }
    await settle(store, request(0, { token: 'last' }), outcomes)
  }
  const finished = (job: ClaimedJob): Outcome => ({ queue: 'q', id: job.id, token: job.token, kind: 'ok', result: '1' })

  /** Loads the scripts and lists the queue, so that only the jobs are counted. */
  const warmUp = async (): Promise<void> => {
    await store.client.call('FLUSHALL')
    await enqueueAll(plain(1, 1_000_000), 1)
    await claim(store, request(1))
    await settle(store, request(0), [])
  }

  const enqueues: [batch: number, most: number][] = [
    [1, 6.1],
    [100, 1.1],
    [1_000, 1.02],
  ]
  test.each(enqueues)('enqueue, %i plain jobs a call', async (batch, most) => {
    await warmUp()
    const cost = await costOf(2_000, () => enqueueAll(plain(2_000), batch))
    expect(cost.calls).toBe(1 / batch)
    expect(cost.commands).toBeLessThanOrEqual(most)
  })

  const cycles: [batch: number, most: number][] = [
    [1, 18.1],
    [10, 6.4],
    [100, 5.2],
  ]
  test.each(cycles)('settle and claim, %i jobs a call', async (batch, most) => {
    await warmUp()
    await enqueueAll(plain(2_000), 1_000)
    const cost = await costOf(2_000, () => workOff(2_000, batch, finished))
    expect(cost.calls).toBeLessThanOrEqual(1 / batch + 2 / 2_000)
    expect(cost.commands).toBeLessThanOrEqual(most)
  })

  test.each([1_000, 100_000])('costs the same with %i waiting', { timeout: 60_000 }, async (waiting) => {
    await warmUp()
    await enqueueAll(plain(waiting, 10_000), 1_000)
    const enqueue = await costOf(2_000, () => enqueueAll(plain(2_000, 1_000_001), 100))
    expect(enqueue).toEqual({ calls: 1 / 100, commands: expect.any(Number) as number })
    expect(enqueue.commands).toBeLessThanOrEqual(1.1)
    const cycle = await costOf(1_000, () => workOff(1_000, 100, finished))
    expect(cycle.calls).toBeLessThanOrEqual(1 / 100 + 2 / 1_000)
    expect(cycle.commands).toBeLessThanOrEqual(5.3)
  })

  const features: [what: string, job: (id: string) => NewJob, most: number][] = [
    ['a retry policy', (id) => newJob(id, undefined, { retry: '{"max":3}', flags: 'm' }), 7.2],
    ['a ttl', (id) => newJob(id, { ttl: 60_000 }, { ttl: '60000' }), 12.2],
    ['a priority', (id) => newJob(id, { line: 'l' }, { priority: '3', flags: 'l' }), 12.2],
    ['a concurrency key of its own', (id) => newJob(id, { line: 'k' }, { concurrency_key: id, flags: 'k' }), 24.3],
    ['a unique key', (id) => newJob(id, { unique: { key: id, mode: 'reject' } }, { unique: id, flags: 'u' }), 16.2],
  ]
  test.each(features)('%s costs only jobs that have one', async (_, job, most) => {
    await warmUp()
    const jobs = Array.from({ length: 1_000 }, (_, i) => job(`f${i}`))
    const cost = await costOf(1_000, async () => {
      await enqueueAll(jobs, 100)
      await workOff(1_000, 100, finished)
    })
    expect(cost.commands).toBeLessThanOrEqual(most)
  })

  const limits: [what: string, limits: object, most: number][] = [
    ['a concurrency', { concurrency: 1_000 }, 6.3],
    ['a rate', { rate: { max: 10_000, per: 60_000 } }, 5.3],
    ['a limit of another task', { tasks: { other: { concurrency: 1 } } }, 5.2],
    ['a limit of their task', { tasks: { t: { concurrency: 1_000 } } }, 18.3],
  ]
  test.each(limits)('%s costs the jobs of a queue that has one', async (_, changes, most) => {
    await warmUp()
    await changeLimits(store, 'q', changes)
    await enqueueAll(plain(2_000), 1_000)
    const cost = await costOf(2_000, () => workOff(2_000, 100, finished))
    expect(cost.commands).toBeLessThanOrEqual(most)
  })
})
