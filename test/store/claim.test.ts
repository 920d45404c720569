import { describe, expect, test } from 'vitest'
import { claim } from '../../lib/store/attempts.ts'
import { claimed, claimJobs, request, running, YEAR } from '../support/calls.ts'
import { wipe } from '../support/keyspace.ts'
import { seed } from '../support/state.ts'
import { storeOfFile, table } from '../support/table.ts'

describe('taking jobs', () => {
  table([
    { name: 'an empty queue', given: {}, call: claimJobs(5), returns: [], after: 'unchanged' },
    { name: 'a queue that was never written', given: { meta: {} }, call: claimJobs(5), returns: [], after: 'unchanged' },
    { name: 'no slot is free', given: { queue: ['a'], wake: 1 }, call: claimJobs(0), returns: [], after: 'unchanged' },
    {
      name: 'the head first, under a lease; a marker tells of the rest',
      given: { queue: ['a', 'b', 'c'] },
      call: claimJobs(2),
      returns: [claimed('a'), claimed('b')],
      after: {
        queue: ['c'],
        started: { a: '+60s', b: '+60s' },
        jobs: { a: running(), b: running() },
        claims: { w: 'T2 a b' },
        wake: 1,
      },
    },
    {
      name: 'all of them; no marker is needed',
      given: { queue: ['a', 'b'] },
      call: claimJobs(5),
      returns: [claimed('a'), claimed('b')],
      after: { started: { a: '+60s', b: '+60s' }, jobs: { a: running(), b: running() }, claims: { w: 'T2 a b' } },
    },
    {
      name: 'the marker that is there stays the only one',
      given: { queue: ['a', 'b'], wake: 1 },
      call: claimJobs(1),
      returns: [claimed('a')],
      after: { queue: ['b'], started: { a: '+60s' }, jobs: { a: running() }, claims: { w: 'T2 a' }, wake: 1 },
    },
    {
      name: 'a later attempt, with what its features need',
      given: {
        queue: ['a'],
        jobs: {
          a: {
            attempt: '2',
            token: 'old',
            flags: 'mx',
            retry: '{"max":3}',
            failures: '2',
            meta: '{"m":1}',
            parents: '["p"]',
            result_ttl: '0',
            run_at: '-20s',
            tags: '["x"]',
            attempts: [{ attempt: 1, worker: 'v', startedAt: '-40s', endedAt: '-20s', outcome: 'retry' }],
          },
        },
      },
      call: claimJobs(1),
      returns: [
        claimed('a', {
          attempt: 3,
          more: {
            retry: '{"max":3}',
            failures: 2,
            meta: '{"m":1}',
            parents: '["p"]',
            createdAt: '-60s',
            resultTtl: '0',
            runAt: '-20s',
            tags: '["x"]',
          },
        }),
      ],
      after: {
        started: { a: '+60s' },
        jobs: {
          a: running({
            attempt: '3',
            flags: 'mx',
            retry: '{"max":3}',
            failures: '2',
            meta: '{"m":1}',
            parents: '["p"]',
            result_ttl: '0',
            run_at: '-20s',
            tags: '["x"]',
            attempts: [{ attempt: 1, worker: 'v', startedAt: '-40s', endedAt: '-20s', outcome: 'retry' }],
          }),
        },
        claims: { w: 'T2 a' },
      },
    },
    {
      name: 'a job with a ttl is claimed in time: it cannot expire any more',
      given: { queue: ['a'], 'expiry:queued': { a: '+60s' }, jobs: { a: { ttl: '120000', expires_at: '+60s' } } },
      call: claimJobs(1),
      returns: [claimed('a')],
      after: { started: { a: '+60s' }, jobs: { a: running({ ttl: '120000', expires_at: '+60s' }) }, claims: { w: 'T2 a' } },
    },
    {
      name: 'a job past its ttl never runs; the next one does',
      given: {
        queue: ['a', 'b'],
        'expiry:queued': { a: '-20s' },
        unique: { K: 'a' },
        deferred: { c: '-40s' },
        jobs: { a: { ttl: '40000', expires_at: '-20s', flags: 'ud', unique: 'K', dependents: ['c'] }, c: { waits: ['a'] } },
      },
      call: claimJobs(1),
      returns: [claimed('b')],
      after: {
        started: { b: '+60s' },
        deferred: { c: '-40s' },
        canceled: { a: YEAR },
        outbox: ['a expired'],
        jobs: {
          a: {
            status: 'expired',
            enqueued_at: '-60s',
            ended_at: 'now',
            reason: 'ttl',
            ttl: '40000',
            expires_at: '-20s',
            flags: 'ud',
            unique: 'K',
            dependents: ['c'],
          },
          b: running(),
          c: { waits: ['a'] },
        },
        claims: { w: 'T2 b' },
      },
    },
    {
      name: 'one whose pause has not ended gives nothing',
      given: { queue: ['a'], meta: { version: '1', paused: '99999999999999' } },
      call: claimJobs(1),
      returns: [],
      after: 'unchanged',
    },
    {
      name: 'one whose pause is over serves',
      given: { queue: ['a'], meta: { version: '1', paused: '1000' } },
      call: claimJobs(1),
      returns: [claimed('a')],
      after: { started: { a: '+60s' }, jobs: { a: running() }, claims: { w: 'T2 a' }, meta: { version: '1', paused: '1000' } },
    },
    {
      name: 'a paused queue gives nothing',
      given: { queue: ['a'], meta: { version: '1', paused: '1' } },
      call: claimJobs(1),
      returns: [],
      after: 'unchanged',
    },
    {
      name: 'a queue of a newer version gives nothing',
      given: { queue: ['a'], meta: { version: '2' } },
      call: claimJobs(1),
      returns: [],
      after: 'unchanged',
    },
  ])
})

describe('the same request again', () => {
  const taken = { started: { a: '+60s', b: '+60s' }, jobs: { a: running(), b: running() }, claims: { w: 'T2 a b' } }
  table([
    {
      name: 'gets the same jobs, and only those it still holds',
      given: { ...taken, queue: ['x'], jobs: { ...taken.jobs, b: running({ token: 'T3', attempt: '2' }) } },
      call: claimJobs(2),
      returns: [claimed('a')],
      after: 'unchanged',
    },
    {
      name: 'does not get what has ended meanwhile',
      given: {
        queue: ['x'],
        started: { a: '+60s' },
        finished: { b: '+500s' },
        jobs: { a: taken.jobs.a, b: { ...taken.jobs.b, status: 'finished' } },
        claims: taken.claims,
      },
      call: claimJobs(2),
      returns: [claimed('a')],
      after: 'unchanged',
    },
    {
      name: 'of another lane is another request',
      given: { ...taken, queue: ['x'] },
      call: claimJobs(2, { token: 'T5', lane: 1 }),
      returns: [claimed('x', { token: 'T5' })],
      after: {
        started: { ...taken.started, x: '+60s' },
        jobs: { ...taken.jobs, x: running({ token: 'T5' }) },
        claims: { w: 'T2 a b', 'w#1': 'T5 x' },
      },
    },
    {
      name: 'a token that begins like the last one is another request',
      given: { ...taken, queue: ['x'] },
      call: claimJobs(1, { token: 'T' }),
      returns: [claimed('x', { token: 'T' })],
      after: {
        started: { ...taken.started, x: '+60s' },
        jobs: { ...taken.jobs, x: running({ token: 'T' }) },
        claims: { w: 'T x' },
      },
    },
    {
      name: 'a long lease is remembered as long',
      given: { queue: ['a'] },
      call: claimJobs(1, { leaseMs: 600_000 }),
      returns: [claimed('a')],
      after: { started: { a: '+600s' }, jobs: { a: running() }, claims: { w: 'T2 a' }, dies: { 'claim:w': '+600s' } },
    },
  ])
})

describe('limits', () => {
  const store = storeOfFile()

  test('at most 1,000 jobs a call, whatever is wanted', async () => {
    const ids = Array.from({ length: 1_500 }, (_, i) => `j${i}`)
    await seed(store(), 'q', { queue: ids }, await store().now())
    expect((await claim(store(), request(5_000))).map((job) => job.id)).toEqual(ids.slice(0, 1_000))
    expect((await claim(store(), request(5_000, { token: 'T3' }))).map((job) => job.id)).toEqual(ids.slice(1_000))
    await wipe(store())
  })

  test('at most about 1,000 dead ids are passed over in one call; the marker brings the next', async () => {
    const ids = Array.from({ length: 2_500 }, (_, i) => `j${i}`)
    const jobs = Object.fromEntries(ids.map((id) => [id, null]))
    await seed(store(), 'q', { queue: [...ids, 'a'], jobs }, await store().now())
    expect(await claim(store(), request(10))).toEqual([])
    expect(await store().client.call('LLEN', store().keys.container('q', 'queue'))).toBe(1_501)
    expect(await store().client.call('LLEN', store().keys.queuePart('q', 'wake'))).toBe(1)
    await wipe(store())
  })
})
