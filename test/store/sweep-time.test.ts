import { describe, expect, test } from 'vitest'
import { sweep } from '../../lib/store/maintain.ts'
import { type Call, YEAR } from '../support/calls.ts'
import { wipe } from '../support/keyspace.ts'
import { seed, snapshot } from '../support/state.ts'
import { storeOfFile, table } from '../support/table.ts'

const swept: Call = async (store) => {
  const { outbox: _, ...found } = await sweep(store, 'q', 3)
  return found
}
const nothing = { requeued: [], failed: [], more: false, unlinked: [] }

describe('ttl and retention', () => {
  const expired = { status: 'expired', ended_at: 'now', reason: 'ttl', ttl: '40000', expires_at: '-20s' }
  const old = { ttl: '40000', expires_at: '-20s' }
  table([
    {
      name: 'queued, scheduled and deferred jobs past their ttl end expired, others do not',
      given: {
        queue: ['x', 'a', 'y'],
        scheduled: { b: '+60s' },
        deferred: { c: '-60s' },
        'expiry:queued': { a: '-20s', y: '+20s' },
        'expiry:scheduled': { b: '-20s' },
        'expiry:deferred': { c: '-20s' },
        unlinked: ['c'],
        jobs: { a: old, b: old, c: { ...old, waits: ['r/p'] }, y: { ttl: '80000', expires_at: '+20s' } },
      },
      call: swept,
      returns: nothing,
      after: {
        queue: ['x', 'y'],
        canceled: { a: YEAR, b: YEAR, c: YEAR },
        'expiry:queued': { y: '+20s' },
        jobs: {
          a: { ...expired, enqueued_at: '-60s' },
          b: { ...expired, run_at: '+60s' },
          c: expired,
          y: { ttl: '80000', expires_at: '+20s' },
        },
      },
    },
    {
      name: 'its unique key is free, its dependents will hear of it, its retention is its own',
      given: {
        queue: ['a', 'b'],
        deferred: { d: '-60s' },
        'expiry:queued': { a: '-20s', b: '-20s' },
        unique: { K: 'a' },
        jobs: {
          a: { ...old, flags: 'ud', unique: 'K', failure_ttl: '60000', dependents: ['d'] },
          b: { ...old, failure_ttl: '0' },
          d: { waits: ['a'] },
        },
      },
      call: swept,
      returns: nothing,
      after: {
        canceled: { a: '+60s' },
        deferred: { d: '-60s' },
        outbox: ['a expired'],
        jobs: {
          a: { ...expired, enqueued_at: '-60s', flags: 'ud', unique: 'K', failure_ttl: '60000', dependents: ['d'] },
          d: { waits: ['a'] },
        },
      },
    },
    {
      name: 'an entry of the index whose job is gone, or has moved on',
      given: { started: { s: '+20s' }, 'expiry:queued': { gone: '-20s', s: '-20s' } },
      call: swept,
      returns: nothing,
      after: { started: { s: '+20s' } },
    },
    {
      name: 'what is past its retention is forgotten, what is kept for ever is not',
      given: {
        finished: { a: '-20s', b: '+20s', c: 'forever' },
        failed: { d: '-20s' },
        canceled: { e: '-20s', f: 'forever' },
        jobs: { a: null, d: null, e: null },
      },
      call: swept,
      returns: nothing,
      after: { finished: { b: '+20s', c: 'forever' }, canceled: { f: 'forever' } },
    },
    {
      name: 'children that parents elsewhere may not know are named',
      given: { deferred: { c: '-20s' }, unlinked: ['c'], jobs: { c: { waits: ['r/p'] } } },
      call: swept,
      returns: { ...nothing, unlinked: ['c'] },
      after: 'unchanged',
    },
  ])
})

describe('limits', () => {
  const store = storeOfFile()

  test('a hundred entries a call, and it tells that more is left', async () => {
    const now = await store().now()
    const ids = Array.from({ length: 250 }, (_, i) => `j${i}`)
    await seed(store(), 'q', { started: Object.fromEntries(ids.map((id) => [id, '-20s'])) }, now)
    const counts: [number, boolean][] = []
    for (let more = true; more; ) {
      const reply = await sweep(store(), 'q', 3)
      more = reply.more
      counts.push([reply.requeued.length, more])
    }
    expect(counts).toEqual([
      [100, true],
      [100, true],
      [50, false],
    ])
    expect((await snapshot(store(), 'q', now)).queue.length).toBe(250)
    await wipe(store())
  })

  test('one that is past its ttl is found behind a thousand that are not', async () => {
    const now = await store().now()
    const ids = Array.from({ length: 1_000 }, (_, i) => `j${i}`)
    const jobs = Object.fromEntries(ids.map((id) => [id, { ttl: '80000', expires_at: '+20s' }]))
    await seed(
      store(),
      'q',
      {
        queue: [...ids, 'z'],
        'expiry:queued': { ...Object.fromEntries(ids.map((id) => [id, '+20s'])), z: '-20s' },
        jobs: { ...jobs, z: { ttl: '40000', expires_at: '-20s' } },
      },
      now,
    )
    expect(await sweep(store(), 'q', 3)).toMatchObject(nothing)
    expect((await snapshot(store(), 'q', now)).canceled).toEqual({ z: YEAR })
    await wipe(store())
  })
})
