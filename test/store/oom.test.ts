import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { RedisServer } from '../../lib/embedded/index.ts'
import { startPrivateRedis } from '../../lib/embedded/index.ts'
import { claim, renew, settle } from '../../lib/store/attempts.ts'
import { cancelJob, note, readJobs, removeJobs, replaceMeta, requeueJob, watchJobs } from '../../lib/store/jobs.ts'
import { deliverOutbox, sweep, tick } from '../../lib/store/maintain.ts'
import { summarize } from '../../lib/store/queues.ts'
import { Store } from '../../lib/store/store.ts'
import { enlistWorker } from '../../lib/store/workers.ts'
import { checkInvariants } from '../../lib/testing/invariants.ts'
import { attempt, type Call, enqueue, enqueueEach, fail, newJob, ok, release, request, retry, stop, YEAR } from '../support/calls.ts'
import { digest, wipe } from '../support/keyspace.ts'
import { testPrefix } from '../support/redis.ts'
import { type State, seed, snapshot } from '../support/state.ts'

describe('a full Redis that evicts nothing', () => {
  let server: RedisServer
  let store: Store
  let now: number
  beforeAll(async () => {
    server = await startPrivateRedis({ install: true, args: ['--maxmemory-policy', 'noeviction'] })
    store = new Store({ connection: server.url, prefix: testPrefix() })
  })
  afterAll(async () => {
    await store.close()
    await server.stop()
  })
  afterEach(async () => {
    await store.client.call('CONFIG', 'SET', 'maxmemory', 0)
    expect(await checkInvariants(store, { queues: ['q'] })).toEqual([])
    await wipe(store)
  })

  const fill = async (state: State): Promise<void> => {
    now = await store.now()
    await seed(store, 'q', state, now)
    await store.client.call('CONFIG', 'SET', 'maxmemory', 1)
    await expect(store.client.call('SET', `${store.keys.prefix}:x`, 1)).rejects.toMatchObject({ code: 'RQTS_REDIS_FULL' })
  }
  const read = () => snapshot(store, 'q', now)

  const refused: [string, Call][] = [
    ['a plain one', enqueue(newJob('b'))],
    ['many, each for itself', enqueueEach(newJob('b'), newJob('c', { front: 1 }), newJob('d'))],
    ['a delayed one', enqueue(newJob('b', { delay: 60_000 }))],
    ['one with parents', enqueue(newJob('b', { parents: ['a', 'r/p'] }))],
    ['one that replaces another', enqueue(newJob('b', { unique: { key: 'K', mode: 'replace' } }, { flags: 'u', unique: 'K' }))],
  ]
  test.each(refused)('takes no job: %s', async (_, call) => {
    await fill({ queue: ['a'], unique: { K: 'a' }, jobs: { a: { flags: 'u', unique: 'K' } } })
    const before = await digest(store)
    await expect(call(store)).rejects.toMatchObject({ code: 'RQTS_REDIS_FULL' })
    expect(await digest(store)).toBe(before)
  })

  test('hands out work', async () => {
    await fill({ queue: ['a', 'b', 'c'] })
    expect((await claim(store, request(2))).map((job) => job.id)).toEqual(['a', 'b'])
    expect(await read()).toMatchObject({ queue: ['c'], started: { a: '+60s', b: '+60s' }, wake: 1 })
  })

  test('writes every kind of outcome and hands out more', async () => {
    await fill({ queue: ['x'], started: { a: '+20s', b: '+20s', c: '+20s', d: '+20s', e: '+20s' } })
    const reply = await settle(store, request(1), [ok('a'), retry('b'), fail('c'), stop('d'), release('e')])
    expect(reply.verdicts).toEqual(Array.from({ length: 5 }, () => 'written'))
    expect(reply.jobs.map((job) => job.id)).toEqual(['e'])
    expect(await read()).toMatchObject({
      queue: ['x'],
      started: { e: '+60s' },
      finished: { a: '+500s' },
      scheduled: { b: '+60s' },
      failed: { c: YEAR, d: YEAR },
    })
  })

  test('settles nothing and claims in one call', async () => {
    await fill({ queue: ['a'] })
    expect((await settle(store, request(1), [])).jobs.length).toBe(1)
  })

  test('renews leases', async () => {
    await fill({ started: { a: '+20s' } })
    expect(await renew(store, 'q', [attempt('a')], 60_000)).toEqual(['renewed'])
    expect((await read()).started).toEqual({ a: '+60s' })
  })

  test('cancels what waits, asks what runs to stop', async () => {
    await fill({ queue: ['a'], started: { b: '+20s' } })
    for (const id of ['a', 'b']) await cancelJob(store, { queue: 'q', id }, { reason: 'canceled', release: false })
    expect(await read()).toMatchObject({ queue: [], canceled: { a: YEAR }, jobs: { b: { flags: 's' } } })
  })

  test('promotes what is due and recovers what was lost', async () => {
    await fill({
      scheduled: { a: '-20s' },
      started: { b: '-20s' },
      queue: ['c'],
      'expiry:queued': { c: '-20s' },
      jobs: { c: { ttl: '1', expires_at: '-20s' } },
    })
    expect(await tick(store, 'q', 'w', 60_000)).toMatchObject({ leader: true, promoted: 1 })
    expect(await sweep(store, 'q', 3)).toMatchObject({ requeued: ['b'] })
    expect(await read()).toMatchObject({ queue: ['b', 'a'], canceled: { c: YEAR } })
  })

  test('lets dependents go', async () => {
    await fill({ outbox: ['p finished'], deferred: { a: '-20s' }, jobs: { p: { dependents: ['a'] }, a: { waits: ['p'] } } })
    await deliverOutbox(store, 'q')
    expect((await read()).queue).toEqual(['a'])
  })

  test('puts failed jobs back, deletes, and answers those who wait', async () => {
    await fill({ queue: ['a', 'b'], failed: { c: YEAR } })
    expect(await watchJobs(store, 'q', ['a'])).toEqual([{ status: 'queued', ended: false }])
    expect(await requeueJob(store, { queue: 'q', id: 'c' }, 'requeue', false)).toEqual({ before: 'failed' })
    expect(await removeJobs(store, 'q', ['b'])).toEqual(['deleted'])
    expect((await readJobs(store, [{ queue: 'q', id: 'c' }]))[0]?.status).toBe('queued')
    expect((await summarize(store, ['q']))[0]).toMatchObject({ queued: 2 })
  })

  test('takes what a handler says', async () => {
    await fill({ started: { a: '+20s' } })
    expect(await note(store, attempt('a'), 'progress', '0.5')).toBe(true)
    expect(await note(store, attempt('a'), 'log', 'line')).toBe(true)
    expect(await replaceMeta(store, attempt('a'), undefined, '{}')).toBe(true)
    expect((await read()).jobs['a']).toMatchObject({ progress: '0.5', logs: ['line'], meta: '{}' })
  })

  test('keeps the record of a worker that beats', async () => {
    await fill({})
    await store.client.call('CONFIG', 'SET', 'maxmemory', 0)
    await enlistWorker(store, 'w', 'me', 60_000, { pid: 7 })
    await store.client.call('CONFIG', 'SET', 'maxmemory', 1)
    expect(await enlistWorker(store, 'w', 'me', 60_000, { pid: 7 })).toBe(true)
  })
})
