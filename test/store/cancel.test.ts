import { describe, expect, test } from 'vitest'
import { cancelJob } from '../../lib/store/jobs.ts'
import { type Call, YEAR } from '../support/calls.ts'
import { wipe } from '../support/keyspace.ts'
import { listen } from '../support/listen.ts'
import { seed } from '../support/state.ts'
import { storeOfFile, table } from '../support/table.ts'

const cancel =
  (release = false): Call =>
  (store) =>
    cancelJob(store, { queue: 'q', id: 'a' }, { reason: 'canceled', release })
const canceled = { ended_at: 'now', reason: 'canceled' }

describe('waiting jobs', () => {
  table([
    {
      name: 'queued',
      given: { queue: ['x', 'a', 'y'] },
      call: cancel(),
      returns: 'queued',
      again: 'canceled',
      after: { queue: ['x', 'y'], canceled: { a: YEAR }, jobs: { a: { ...canceled, enqueued_at: '-60s' } } },
    },
    {
      name: 'scheduled, with a ttl and a retention of its own',
      given: {
        scheduled: { a: '+60s' },
        'expiry:scheduled': { a: '+20s' },
        jobs: { a: { ttl: '40000', expires_at: '+20s', failure_ttl: '60000' } },
      },
      call: cancel(),
      returns: 'scheduled',
      again: 'canceled',
      after: {
        canceled: { a: '+60s' },
        jobs: { a: { ...canceled, run_at: '+60s', ttl: '40000', expires_at: '+20s', failure_ttl: '60000' } },
      },
    },
    {
      name: 'deferred: it forgets its parents',
      given: {
        queue: ['p'],
        deferred: { a: '-20s' },
        unlinked: ['a'],
        jobs: { p: { flags: 'd', dependents: ['a'] }, a: { waits: ['p', 'r/x'] } },
      },
      call: cancel(),
      returns: 'deferred',
      again: 'canceled',
      after: { queue: ['p'], canceled: { a: YEAR }, jobs: { p: { flags: 'd', dependents: ['a'] }, a: canceled } },
    },
    {
      name: 'its key is free, its history dies with it, its dependents will hear of it',
      given: {
        queue: ['a'],
        deferred: { d: '-20s' },
        unique: { K: 'a' },
        jobs: { a: { flags: 'uxd', unique: 'K', logs: ['l'], dependents: ['d'] }, d: { waits: ['a'] } },
      },
      call: cancel(),
      returns: 'queued',
      again: 'canceled',
      after: {
        canceled: { a: YEAR },
        deferred: { d: '-20s' },
        outbox: ['a canceled'],
        jobs: { a: { ...canceled, enqueued_at: '-60s', flags: 'uxd', unique: 'K', logs: ['l'], dependents: ['d'] }, d: { waits: ['a'] } },
      },
    },
    {
      name: 'its dependents are let go as if it had finished',
      given: { queue: ['a'], deferred: { d: '-20s' }, jobs: { a: { flags: 'd', dependents: ['d'] }, d: { waits: ['a'] } } },
      call: cancel(true),
      returns: 'queued',
      again: 'canceled',
      after: {
        canceled: { a: YEAR },
        deferred: { d: '-20s' },
        outbox: ['a released'],
        jobs: { a: { ...canceled, enqueued_at: '-60s', flags: 'd', dependents: ['d'] }, d: { waits: ['a'] } },
      },
    },
    {
      name: 'nothing is kept',
      given: { queue: ['a'], jobs: { a: { failure_ttl: '0' } } },
      call: cancel(),
      returns: 'queued',
      again: null,
      after: {},
    },
  ])
})

describe('running jobs', () => {
  table([
    {
      name: 'are asked to stop',
      given: { started: { a: '+20s' }, jobs: { a: { flags: 'w' } } },
      call: cancel(),
      returns: 'started',
      after: { started: { a: '+20s' }, jobs: { a: { flags: 'ws' } } },
    },
    {
      name: 'and to let their dependents go',
      given: { started: { a: '+20s' } },
      call: cancel(true),
      returns: 'started',
      after: { started: { a: '+20s' }, jobs: { a: { flags: 'es' } } },
    },
    {
      name: 'were asked before',
      given: { started: { a: '+20s' }, jobs: { a: { flags: 'es' } } },
      call: cancel(true),
      returns: 'started',
      after: { started: { a: '+20s' }, jobs: { a: { flags: 'es' } } },
    },
  ])

  const store = storeOfFile()

  test('their worker hears of it at once', async () => {
    await seed(store(), 'q', { started: { a: '+20s' } }, await store().now())
    const heard = await listen(store(), [store().keys.worker('w')])
    await cancel()(store())
    expect(await heard.next()).toBe('stop a T')
    heard.close()
    await wipe(store())
  })

  test('who watches a waiting job hears of its end', async () => {
    await seed(store(), 'q', { queue: ['a'], jobs: { a: { flags: 'w' } } }, await store().now())
    const heard = await listen(store(), [store().keys.job('q', 'a')])
    await cancel()(store())
    expect(await heard.next()).toBe('canceled\ncanceled\n')
    heard.close()
    await wipe(store())
  })
})

describe('nothing to cancel', () => {
  table([
    { name: 'gone', given: { queue: ['x'] }, call: cancel(), returns: null, after: 'unchanged' },
    { name: 'finished', given: { finished: { a: '+500s' } }, call: cancel(), returns: 'finished', after: 'unchanged' },
    {
      name: 'stopped',
      given: { failed: { a: YEAR }, jobs: { a: { status: 'stopped' } } },
      call: cancel(),
      returns: 'stopped',
      after: 'unchanged',
    },
    {
      name: 'past its ttl, which no sweep has seen',
      given: { queue: ['a'], 'expiry:queued': { a: '-20s' }, jobs: { a: { ttl: '40000', expires_at: '-20s' } } },
      call: cancel(),
      returns: 'expired',
      after: 'unchanged',
    },
    {
      name: 'a status that is none',
      given: { queue: ['a'], jobs: { a: { status: 'odd' } } },
      call: cancel(),
      returns: null,
      after: 'unchanged',
      broken: true,
    },
    {
      name: 'a key that is no job',
      given: { wrong: { 'job:a': 'text' } },
      call: cancel(),
      returns: 'RQTS_REDIS_ERROR',
      after: 'unchanged',
      broken: true,
    },
  ])
})
