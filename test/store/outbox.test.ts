import { describe, expect, test } from 'vitest'
import { deliverOutbox } from '../../lib/store/maintain.ts'
import { type Call, YEAR } from '../support/calls.ts'
import { wipe } from '../support/keyspace.ts'
import { type State, seed, snapshot } from '../support/state.ts'
import { storeOfFile, table } from '../support/table.ts'

const deliver: Call = (store) => deliverOutbox(store, 'q')
const done = { returns: undefined, call: deliver }
const canceled = { ended_at: 'now', reason: 'dependency' }
const queued = { enqueued_at: 'now' }

describe('children of the same queue', () => {
  table([
    { name: 'no message', given: { queue: ['x'] }, ...done, after: 'unchanged' },
    {
      name: 'a finished parent lets them go, in the order in which they came',
      given: {
        queue: ['x'],
        finished: { p: '+500s' },
        deferred: { b: '-20s', a: '-40s' },
        outbox: ['p finished'],
        jobs: { p: { flags: 'd', dependents: ['b', 'a'] }, a: { waits: ['p'] }, b: { waits: ['p'] } },
      },
      ...done,
      after: { queue: ['x', 'b', 'a'], finished: { p: '+500s' }, jobs: { p: { flags: 'd' }, a: queued, b: queued } },
    },
    {
      name: 'to the front, to their time, with their ttl',
      given: {
        queue: ['x'],
        deferred: { a: '-20s', b: '-20s', c: '-20s' },
        'expiry:deferred': { a: '+60s', b: '+60s' },
        outbox: ['p finished'],
        jobs: {
          p: { dependents: ['a', 'b', 'c'] },
          a: { waits: ['p'], front: '1', ttl: '80000', expires_at: '+60s' },
          b: { waits: ['p'], run_at: '+20s', ttl: '80000', expires_at: '+60s' },
          c: { waits: ['p'], run_at: '-20s' },
        },
      },
      ...done,
      after: {
        queue: ['a', 'x', 'c'],
        scheduled: { b: '+20s' },
        'expiry:queued': { a: '+60s' },
        'expiry:scheduled': { b: '+60s' },
        jobs: {
          a: { ...queued, front: '1', ttl: '80000', expires_at: '+60s' },
          b: { ttl: '80000', expires_at: '+60s' },
          c: { ...queued, run_at: '-20s' },
        },
      },
    },
    {
      name: 'one that waits for another parent waits on',
      given: {
        queue: ['o'],
        deferred: { a: '-20s' },
        outbox: ['p finished'],
        jobs: { p: { dependents: ['a'] }, o: { flags: 'd', dependents: ['a'] }, a: { waits: ['o', 'p'] } },
      },
      ...done,
      after: { queue: ['o'], deferred: { a: '-20s' }, jobs: { o: { flags: 'd', dependents: ['a'] }, a: { waits: ['o'] } } },
    },
    {
      name: 'the other ends of a parent cancel them, and what depends on them, unless they allow failure',
      given: {
        failed: { p: YEAR },
        deferred: { a: '-20s', b: '-20s', c: '-20s', d: '-20s' },
        'expiry:deferred': { a: '+60s' },
        unique: { K: 'a' },
        outbox: ['p failed'],
        jobs: {
          p: { flags: 'd', dependents: ['a', 'b'] },
          a: { flags: 'ud', unique: 'K', ttl: '80000', expires_at: '+60s', waits: ['p', 'r/x'], dependents: ['c', 'd'] },
          b: { waits: ['p'], allow_failure: '1' },
          c: { waits: ['a'], failure_ttl: '60000' },
          d: { waits: ['a'], failure_ttl: '0' },
        },
        unlinked: ['a'],
      },
      ...done,
      after: {
        queue: ['b'],
        failed: { p: YEAR },
        canceled: { a: YEAR, c: '+60s' },
        jobs: {
          p: { flags: 'd' },
          a: { ...canceled, flags: 'ud', unique: 'K', ttl: '80000', expires_at: '+60s' },
          b: { ...queued, allow_failure: '1' },
          c: { ...canceled, failure_ttl: '60000' },
        },
        wake: 1,
      },
    },
    ...(['canceled', 'stopped', 'expired', 'deleted'] as const).map((outcome) => ({
      name: `a parent that ended ${outcome}`,
      given: { deferred: { a: '-20s' }, outbox: [`p ${outcome}`], jobs: { p: { dependents: ['a'] }, a: { waits: ['p'] } } } satisfies State,
      ...done,
      after: { canceled: { a: YEAR }, jobs: { a: canceled } } satisfies State,
    })),
    {
      name: 'a parent that was canceled, and its children released',
      given: { deferred: { a: '-20s' }, outbox: ['p released'], jobs: { p: { dependents: ['a'] }, a: { waits: ['p'] } } },
      ...done,
      after: { queue: ['a'], jobs: { a: queued }, wake: 1 },
    },
    {
      name: 'children that have ended, are gone, or never waited for it',
      given: {
        queue: ['x', 'o'],
        deferred: { b: '-20s' },
        canceled: { a: YEAR },
        outbox: ['p finished'],
        jobs: { p: { dependents: ['gone', 'a', 'x', 'b'] }, b: { waits: ['o'] }, o: { flags: 'd', dependents: ['b'] } },
      },
      ...done,
      after: {
        queue: ['x', 'o'],
        deferred: { b: '-20s' },
        canceled: { a: YEAR },
        jobs: { b: { waits: ['o'] }, o: { flags: 'd', dependents: ['b'] } },
      },
    },
    {
      name: 'messages without children, and none at all',
      given: { queue: ['x'], outbox: ['p finished', 'garbage', 'y failed'] },
      ...done,
      after: { queue: ['x'] },
    },
    {
      name: 'broken keys do not stop the next message',
      given: {
        deferred: { a: '-20s', b: '-20s' },
        outbox: ['p finished', 'o finished'],
        jobs: { b: { waits: ['o'] }, o: { dependents: ['bad', 'a', 'b'] }, a: {} },
        wrong: { 'job:p:dependents': 'text', 'job:bad': 'text', 'job:a:waits': 'text' },
      },
      ...done,
      after: {
        queue: ['b'],
        deferred: { a: '-20s' },
        jobs: { b: queued },
        wake: 1,
        wrong: { 'corrupt:p:dependents': 'text', 'job:bad': 'text', 'job:a:waits': 'text' },
      },
      broken: true,
    },
  ])
})

describe('many children', () => {
  const store = storeOfFile()

  test('more than one call can take, here and elsewhere', async () => {
    const now = await store().now()
    const ids = Array.from({ length: 1_300 }, (_, i) => `j${i}`)
    const there = ids.map((id) => `r/${id}`)
    const deferred = Object.fromEntries(ids.map((id) => [id, '-20s']))
    const jobs = (waits: string) => Object.fromEntries(ids.map((id) => [id, { waits: [waits] }]))
    await seed(store(), 'q', { deferred, outbox: ['p finished'], jobs: { ...jobs('p'), p: { dependents: [...ids, ...there] } } }, now)
    await seed(store(), 'r', { deferred, jobs: jobs('q/p') }, now)
    await deliverOutbox(store(), 'q')
    for (const queue of ['q', 'r']) {
      const after = await snapshot(store(), queue, now)
      expect([after.queue, after.outbox, after.jobs['p']]).toEqual([ids, [], undefined])
    }
    await wipe(store())
  })
})
