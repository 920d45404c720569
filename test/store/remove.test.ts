import { describe, expect, test } from 'vitest'
import { removeJobs } from '../../lib/store/jobs.ts'
import { type Call, YEAR } from '../support/calls.ts'
import { wipe } from '../support/keyspace.ts'
import { listen } from '../support/listen.ts'
import { seed } from '../support/state.ts'
import { storeOfFile, table } from '../support/table.ts'

const remove =
  (ids: string[], only?: string): Call =>
  (store) =>
    removeJobs(store, 'q', ids, only)
const attempts = [{ attempt: 1, worker: 'w', startedAt: '-40s', endedAt: '-20s', outcome: 'failed' }]

describe('remove', () => {
  table([
    { name: 'nothing', given: { queue: ['x'] }, call: remove([]), returns: [], after: 'unchanged' },
    {
      name: 'of every container, with all that hangs on them',
      given: {
        queue: ['a', 'x'],
        started: { b: '+60s' },
        scheduled: { c: '+60s' },
        deferred: { d: '-20s' },
        finished: { e: '+500s' },
        failed: { f: YEAR, g: 'forever' },
        canceled: { h: YEAR },
        'expiry:queued': { a: '+60s' },
        'expiry:deferred': { d: '+60s' },
        unlinked: ['d'],
        jobs: {
          a: { ttl: '120000', expires_at: '+60s', flags: 'x', logs: ['l'] },
          d: { ttl: '120000', expires_at: '+60s', waits: ['x', 'r/p'] },
          x: { flags: 'd', dependents: ['d'] },
          f: { flags: 'x', attempts, logs: ['l'] },
          g: { status: 'stopped' },
          h: { status: 'expired' },
        },
      },
      call: remove(['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'nobody']),
      returns: [...Array.from({ length: 8 }, () => 'deleted'), 'kept'],
      again: Array.from({ length: 9 }, () => 'kept'),
      after: { queue: ['x'], jobs: { x: { flags: 'd', dependents: ['d'] } } },
    },
    {
      name: 'a waiting and a running one with dependents and unique keys: all are told and free',
      given: {
        queue: ['a'],
        started: { b: '+60s' },
        deferred: { d: '-20s' },
        unique: { K: 'a', L: 'b' },
        jobs: {
          a: { flags: 'ud', unique: 'K', dependents: ['d'] },
          b: { flags: 'udse', unique: 'L', dependents: ['d'] },
          d: { waits: ['a', 'b'] },
        },
      },
      call: remove(['a', 'b']),
      returns: ['deleted', 'deleted'],
      again: ['kept', 'kept'],
      after: {
        deferred: { d: '-20s' },
        outbox: ['a deleted', 'b deleted'],
        jobs: { a: { dependents: ['d'] }, b: { dependents: ['d'] }, d: { waits: ['a', 'b'] } },
      },
    },
    {
      name: 'an ended one whose end its dependents have yet to hear: the end stands',
      given: {
        failed: { a: YEAR },
        deferred: { d: '-20s' },
        outbox: ['a failed'],
        jobs: { a: { flags: 'd', dependents: ['d'] }, d: { waits: ['a'] } },
      },
      call: remove(['a']),
      returns: ['deleted'],
      again: ['kept'],
      after: { deferred: { d: '-20s' }, outbox: ['a failed'], jobs: { a: { dependents: ['d'] }, d: { waits: ['a'] } } },
    },
    {
      name: 'only of one status or registry',
      given: { queue: ['a'], failed: { b: YEAR, c: YEAR }, jobs: { c: { status: 'stopped' } } },
      call: remove(['a', 'b', 'c'], 'failed'),
      returns: ['kept', 'deleted', 'deleted'],
      again: ['kept', 'stray', 'stray'],
      after: { queue: ['a'] },
    },
    {
      name: 'only of one status, and not the others of its registry',
      given: { failed: { b: YEAR, c: YEAR }, jobs: { c: { status: 'stopped' } } },
      call: remove(['b', 'c'], 'stopped'),
      returns: ['kept', 'deleted'],
      once: true,
      after: { failed: { b: YEAR } },
    },
    {
      name: 'past its ttl, which no sweep has seen: it counts as canceled',
      given: { queue: ['a', 'b'], 'expiry:queued': { a: '-20s' }, jobs: { a: { ttl: '40000', expires_at: '-20s' } } },
      call: remove(['a', 'b'], 'canceled'),
      returns: ['deleted', 'kept'],
      again: ['stray', 'kept'],
      after: { queue: ['b'] },
    },
    {
      name: 'ids without a job, out of that registry only',
      given: { queue: ['a'], failed: { a: YEAR, b: YEAR }, jobs: { a: null, b: null } },
      call: remove(['a'], 'failed'),
      returns: ['stray'],
      after: { queue: ['a'], failed: { b: YEAR }, jobs: { a: null, b: null } },
      broken: true,
    },
    {
      name: 'an id without a job, out of the list',
      given: { queue: ['a', 'b'], jobs: { a: null } },
      call: remove(['a', 'b'], 'queued'),
      returns: ['stray', 'deleted'],
      again: ['stray', 'stray'],
      after: {},
    },
    {
      name: 'broken ones, wherever they are',
      given: {
        queue: ['a', 'b'],
        failed: { c: YEAR },
        jobs: { a: { status: 'odd', waits: ['p'] }, c: { status: null, expires_at: 'soon' } },
        wrong: { 'job:b': 'text' },
      },
      call: remove(['a', 'b', 'c']),
      returns: ['deleted', 'deleted', 'deleted'],
      again: ['kept', 'kept', 'kept'],
      after: {},
    },
  ])

  const store = storeOfFile()

  test('a running handler is stopped, whoever waits is told', async () => {
    await seed(store(), 'q', { started: { a: '+60s' }, jobs: { a: { flags: 'w' } } }, await store().now())
    const orders = await listen(store(), [store().keys.worker('w')])
    const news = await listen(store(), [store().keys.job('q', 'a')])
    await removeJobs(store(), 'q', ['a'])
    expect([await orders.next(), await news.next()]).toEqual(['stop a T', 'deleted\n'])
    orders.close()
    news.close()
    await wipe(store())
  })

  test('many at once, in calls of a thousand', async () => {
    const ids = Array.from({ length: 2_500 }, (_, i) => `j${i}`)
    await seed(store(), 'q', { queue: ids }, await store().now())
    expect(new Set(await removeJobs(store(), 'q', ids))).toEqual(new Set(['deleted']))
    expect(await store().client.call('EXISTS', store().keys.container('q', 'queue'))).toBe(0)
    await wipe(store())
  })
})
