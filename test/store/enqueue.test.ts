import { describe } from 'vitest'
import { enqueueJobs } from '../../lib/store/enqueue.ts'
import { enqueue, enqueueEach, fresh, newJob, YEAR } from '../support/calls.ts'
import { table } from '../support/table.ts'

const created = (status: string) => ({ kind: 'created', status })
const reply = (...outcomes: unknown[]) => ({ now: 'now', outcomes })

describe('plain jobs', () => {
  table([
    {
      name: 'one in a new queue: the queue is listed, a marker wakes a worker',
      call: enqueue(newJob('a')),
      returns: reply(created('queued')),
      after: { queue: ['a'], jobs: { a: fresh() }, wake: 1 },
    },
    {
      name: 'several keep their order, behind those that wait',
      given: { queue: ['x'] },
      call: enqueueEach(newJob('a'), newJob('b'), newJob('c')),
      returns: reply(created('queued'), created('queued'), created('queued')),
      after: { queue: ['x', 'a', 'b', 'c'], jobs: { a: fresh(), b: fresh(), c: fresh() } },
    },
    {
      name: 'a marker that lies there is not doubled',
      given: { wake: 1 },
      call: enqueue(newJob('a')),
      returns: reply(created('queued')),
      after: { queue: ['a'], jobs: { a: fresh() }, wake: 1 },
    },
    {
      name: 'further fields are written as they are',
      call: enqueue(newJob('a', undefined, { description: 'x "y"', retry: '{"max":2}', flags: 'm' })),
      returns: reply(created('queued')),
      after: { queue: ['a'], jobs: { a: fresh({ description: 'x "y"', retry: '{"max":2}', flags: 'm' }) }, wake: 1 },
    },
    {
      name: 'a paused queue takes jobs',
      given: { meta: { version: '1', listed: '1', paused: '1' } },
      call: enqueue(newJob('a')),
      returns: reply(created('queued')),
      after: { queue: ['a'], jobs: { a: fresh() }, wake: 1, meta: { version: '1', listed: '1', paused: '1' } },
    },
    {
      name: 'an id twice in one call is written once',
      call: enqueueEach(newJob('a'), newJob('a')),
      returns: reply(created('queued'), created('queued')),
      after: { queue: ['a'], jobs: { a: fresh() }, wake: 1 },
    },
    {
      name: 'an id twice in one call that is all or nothing: nothing',
      given: { queue: ['x'] },
      call: enqueue(newJob('a'), newJob('b', undefined, { description: 'x' }), newJob('a')),
      returns: reply({ kind: 'unwritten' }, { kind: 'unwritten' }, { kind: 'duplicate', id: 'a' }),
      after: 'unchanged',
    },
    {
      name: 'a call whose reply was lost and whose job has run already',
      given: { finished: { a: '+500s' } },
      call: enqueue(newJob('a')),
      returns: reply(created('finished')),
      after: 'unchanged',
    },
    {
      name: 'no jobs',
      given: { queue: ['x'] },
      call: enqueue(),
      returns: reply(),
      after: 'unchanged',
    },
    {
      name: 'a queue written by a newer version is refused',
      given: { queue: ['x'], meta: { version: '2' } },
      call: enqueue(newJob('a')),
      returns: 'RQTS_SCHEMA_VERSION',
      after: 'unchanged',
    },
    {
      name: 'a list that is none',
      given: { wrong: { queue: 'text' } },
      call: enqueue(newJob('a', { front: 1 })),
      returns: 'RQTS_REDIS_ERROR',
      after: {
        wrong: { queue: 'text' },
        jobs: { a: { ...fresh(), origin: 'q', status: 'queued', task: 't', args: '[]', timeout: '180000', front: '1' } },
      },
      broken: true,
      again: reply(created('queued')),
    },
  ])
})

describe('ids in use', () => {
  const mine = { nonce: 'N' }
  table([
    {
      name: 'another job has the id: refused',
      given: { queue: ['a'], jobs: { a: { nonce: 'other' } } },
      call: enqueue(newJob('a', mine, mine)),
      returns: reply({ kind: 'duplicate', id: 'a' }),
      after: 'unchanged',
    },
    {
      name: 'another job has the id and the caller wants that one',
      given: { started: { a: '+60s' } },
      call: enqueue(newJob('a', { ...mine, exists: 'return' }, mine)),
      returns: reply({ kind: 'exists', id: 'a' }),
      after: 'unchanged',
    },
    {
      name: 'the job is from this very call: known again',
      given: { failed: { a: YEAR }, jobs: { a: mine } },
      call: enqueue(newJob('a', mine, mine)),
      returns: reply(created('failed')),
      after: 'unchanged',
    },
    {
      name: 'a free id',
      call: enqueue(newJob('a', mine, mine)),
      returns: reply(created('queued')),
      after: { queue: ['a'], jobs: { a: fresh(mine) }, wake: 1 },
    },
    {
      name: 'twice in one call, each with a nonce: all or nothing refuses both',
      call: enqueue(newJob('a', mine, mine), newJob('a', { nonce: 'M' }, { nonce: 'M' })),
      returns: reply({ kind: 'unwritten' }, { kind: 'duplicate', id: 'a' }),
      after: 'unchanged',
    },
    {
      name: 'twice in one call, each for itself: the first wins',
      call: enqueueEach(newJob('a', mine, mine), newJob('a', { nonce: 'M' }, { nonce: 'M' })),
      returns: reply(created('queued'), { kind: 'duplicate', id: 'a' }),
      after: { queue: ['a'], jobs: { a: fresh(mine) }, wake: 1 },
    },
    {
      name: 'an existing job is no reason to refuse the others',
      given: { queue: ['a'] },
      call: enqueue(newJob('a', { ...mine, exists: 'return' }, mine), newJob('b')),
      returns: reply({ kind: 'exists', id: 'a' }, created('queued')),
      after: { queue: ['a', 'b'], jobs: { b: fresh() } },
    },
    {
      name: 'the key is there and is no job',
      given: { wrong: { 'job:a': 'text' } },
      call: enqueue(newJob('a', mine, mine)),
      returns: reply({ kind: 'duplicate', id: 'a' }),
      after: 'unchanged',
      broken: true,
    },
    {
      name: 'the key is there and is no job, for a plain one among others',
      given: { wrong: { 'job:a': 'text' } },
      call: enqueueEach(newJob('a'), newJob('b')),
      returns: reply({ kind: 'duplicate', id: 'a' }, created('queued')),
      after: { queue: ['b'], jobs: { b: fresh() }, wake: 1, wrong: { 'job:a': 'text' } },
      broken: true,
    },
  ])
})

describe('front, delay, runAt, ttl', () => {
  table([
    {
      name: 'to the front, the plain ones of the call keep their place',
      given: { queue: ['x'] },
      call: enqueueEach(newJob('a'), newJob('b', { front: 1 }), newJob('c')),
      returns: reply(created('queued'), created('queued'), created('queued')),
      after: { queue: ['b', 'x', 'a', 'c'], jobs: { a: fresh(), b: fresh({ front: '1' }), c: fresh() } },
    },
    {
      name: 'jobs with options and plain ones keep their order',
      given: { queue: ['x'] },
      call: enqueueEach(newJob('a'), newJob('b', { delay: 0 }), newJob('c', undefined, { description: 'd' }), newJob('d', { delay: 0 })),
      returns: reply(created('queued'), created('queued'), created('queued'), created('queued')),
      after: {
        queue: ['x', 'a', 'b', 'c', 'd'],
        jobs: { a: fresh(), b: fresh({ run_at: 'now' }), c: fresh({ description: 'd' }), d: fresh({ run_at: 'now' }) },
      },
    },
    {
      name: 'delay: scheduled, nobody is woken',
      call: enqueue(newJob('a', { delay: 60_000 })),
      returns: reply(created('scheduled')),
      after: { scheduled: { a: '+60s' }, jobs: { a: { created_at: 'now' } } },
    },
    {
      name: 'no delay at all is no delay',
      call: enqueue(newJob('a', { delay: 0 })),
      returns: reply(created('queued')),
      after: { queue: ['a'], jobs: { a: fresh({ run_at: 'now' }) }, wake: 1 },
    },
    {
      name: 'a time that has passed',
      call: async (store) => enqueueJobs(store, 'q', [newJob('a', { runAt: (await store.now()) - 60_000 })], true),
      returns: reply(created('queued')),
      after: { queue: ['a'], jobs: { a: fresh({ run_at: '-60s' }) }, wake: 1 },
    },
    {
      name: 'ttl: in the index of those that may expire',
      call: enqueue(newJob('a', { ttl: 60_000 }, { ttl: '60000' }), newJob('b', { ttl: 80_000, delay: 20_000 }, { ttl: '80000' })),
      returns: reply(created('queued'), created('scheduled')),
      after: {
        queue: ['a'],
        scheduled: { b: '+20s' },
        'expiry:queued': { a: '+60s' },
        'expiry:scheduled': { b: '+80s' },
        jobs: { a: fresh({ ttl: '60000', expires_at: '+60s' }), b: { created_at: 'now', ttl: '80000', expires_at: '+80s' } },
        wake: 1,
      },
    },
  ])
})
