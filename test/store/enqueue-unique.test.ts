import { describe } from 'vitest'
import type { Control } from '../../lib/store/enqueue.ts'
import { enqueue, enqueueEach, fresh, newJob, YEAR } from '../support/calls.ts'
import { table } from '../support/table.ts'

const created = (status: string) => ({ kind: 'created', status })
const reply = (...outcomes: unknown[]) => ({ now: 'now', outcomes })
const holds = { flags: 'u', unique: 'K' }
const unique = (id: string, mode: 'reject' | 'return' | 'replace', control: Control = {}) =>
  newJob(id, { unique: { key: 'K', mode }, ...control }, holds)
const replaced = { ...holds, ended_at: 'now', reason: 'replaced', failure_ttl: '500000' }

describe('reject and return', () => {
  table([
    {
      name: 'a free key is taken',
      call: enqueue(unique('a', 'reject')),
      returns: reply(created('queued')),
      after: { queue: ['a'], unique: { K: 'a' }, jobs: { a: fresh(holds) }, wake: 1 },
    },
    {
      name: 'a key with a ttl of its own',
      call: enqueue(newJob('a', { unique: { key: 'K', mode: 'return', ttl: 60_000 }, delay: 20_000 }, holds)),
      returns: reply(created('scheduled')),
      after: { scheduled: { a: '+20s' }, unique: { K: 'a' }, dies: { 'unique:K': '+60s' }, jobs: { a: { created_at: 'now', ...holds } } },
    },
    {
      name: 'reject: a waiting job has the key',
      given: { queue: ['a'], unique: { K: 'a' }, jobs: { a: holds } },
      call: enqueue(newJob('x'), unique('b', 'reject')),
      returns: reply({ kind: 'unwritten' }, { kind: 'taken', id: 'a' }),
      after: 'unchanged',
    },
    {
      name: 'return: a running job has the key, the others of the call are written',
      given: { started: { a: '+60s' }, unique: { K: 'a' }, jobs: { a: holds } },
      call: enqueue(newJob('x'), unique('b', 'return')),
      returns: reply(created('queued'), { kind: 'exists', id: 'a' }),
      after: { queue: ['x'], started: { a: '+60s' }, unique: { K: 'a' }, jobs: { a: holds, x: fresh() }, wake: 1 },
    },
    {
      name: 'twice in one call that is all or nothing',
      call: enqueue(unique('a', 'reject'), unique('b', 'return')),
      returns: reply(created('queued'), { kind: 'exists', id: 'a' }),
      after: { queue: ['a'], unique: { K: 'a' }, jobs: { a: fresh(holds) }, wake: 1 },
    },
    {
      name: 'twice in one call, after one that replaces',
      call: enqueue(unique('a', 'replace'), unique('b', 'reject')),
      returns: reply({ kind: 'unwritten' }, { kind: 'taken', id: 'a' }),
      after: 'unchanged',
    },
    {
      name: 'twice in one call, each for itself',
      call: enqueueEach(unique('a', 'reject'), unique('b', 'reject')),
      returns: reply(created('queued'), { kind: 'taken', id: 'a' }),
      after: { queue: ['a'], unique: { K: 'a' }, jobs: { a: fresh(holds) }, wake: 1 },
    },
    {
      name: 'a holder past its ttl holds nothing',
      given: {
        scheduled: { a: '+60s' },
        'expiry:scheduled': { a: '-20s' },
        unique: { K: 'a' },
        jobs: { a: { ...holds, ttl: '40000', expires_at: '-20s' } },
      },
      call: enqueue(unique('b', 'reject')),
      returns: reply(created('queued')),
      after: {
        queue: ['b'],
        scheduled: { a: '+60s' },
        'expiry:scheduled': { a: '-20s' },
        unique: { K: 'b' },
        jobs: { a: { ...holds, ttl: '40000', expires_at: '-20s' }, b: fresh(holds) },
        wake: 1,
      },
    },
    {
      name: 'a running holder whose ttl passed while it waited still holds',
      given: { started: { a: '+60s' }, unique: { K: 'a' }, jobs: { a: { ...holds, ttl: '40000', expires_at: '-20s' } } },
      call: enqueue(unique('b', 'reject')),
      returns: reply({ kind: 'taken', id: 'a' }),
      after: 'unchanged',
    },
    {
      name: 'a holder that is gone, or ended without letting go',
      given: { unique: { K: 'ghost' } },
      call: enqueue(unique('b', 'reject')),
      returns: reply(created('queued')),
      after: { queue: ['b'], unique: { K: 'b' }, jobs: { b: fresh(holds) }, wake: 1 },
    },
    {
      name: 'a key that is no text is taken over',
      given: { queue: ['x'], meta: { version: '1', listed: '1' } },
      call: async (store) => {
        await store.client.call('RPUSH', `${store.keys.base('q')}unique:K`, 'x')
        return await enqueue(unique('b', 'reject'))(store)
      },
      returns: reply(created('queued')),
      after: { queue: ['x', 'b'], unique: { K: 'b' }, jobs: { b: fresh(holds) } },
      once: true,
    },
    {
      name: 'a child of a failed parent is canceled at once and takes no key',
      given: { failed: { p: YEAR } },
      call: enqueueEach(unique('c', 'reject', { parents: ['p'] }), unique('b', 'reject')),
      returns: reply(created('canceled'), created('queued')),
      after: {
        queue: ['b'],
        failed: { p: YEAR },
        canceled: { c: YEAR },
        unique: { K: 'b' },
        jobs: { b: fresh(holds), c: { ...holds, created_at: 'now', ended_at: 'now', reason: 'dependency' } },
        wake: 1,
      },
    },
  ])
})

describe('replace', () => {
  table([
    {
      name: 'a queued holder makes way',
      given: { queue: ['x', 'a', 'y'], unique: { K: 'a' }, jobs: { a: holds } },
      call: enqueue(unique('b', 'replace')),
      returns: reply(created('queued')),
      after: {
        queue: ['x', 'y', 'b'],
        canceled: { a: '+500s' },
        unique: { K: 'b' },
        jobs: { a: { ...replaced, enqueued_at: '-60s' }, b: fresh(holds) },
      },
    },
    {
      name: 'a scheduled holder makes way, with its ttl; its dependents will hear of it',
      given: {
        scheduled: { a: '+60s' },
        deferred: { d: '-20s' },
        'expiry:scheduled': { a: '+60s' },
        unique: { K: 'a' },
        jobs: {
          a: { flags: 'ud', unique: 'K', ttl: '120000', expires_at: '+60s', failure_ttl: '40000', dependents: ['d'] },
          d: { waits: ['a'] },
        },
      },
      call: enqueue(unique('b', 'replace', { delay: 20_000 })),
      returns: reply(created('scheduled')),
      after: {
        scheduled: { b: '+20s' },
        deferred: { d: '-20s' },
        canceled: { a: '+40s' },
        unique: { K: 'b' },
        outbox: ['a canceled'],
        jobs: {
          a: { ...replaced, flags: 'ud', run_at: '+60s', ttl: '120000', expires_at: '+60s', failure_ttl: '40000', dependents: ['d'] },
          b: { created_at: 'now', ...holds },
          d: { waits: ['a'] },
        },
      },
    },
    {
      name: 'a deferred holder makes way and forgets its parents',
      given: {
        queue: ['p'],
        deferred: { a: '-20s' },
        unique: { K: 'a' },
        unlinked: ['a'],
        jobs: { p: { flags: 'd', dependents: ['a'] }, a: { ...holds, waits: ['p', 'r/x'] } },
      },
      call: enqueue(unique('b', 'replace', { parents: ['p'] })),
      returns: reply(created('deferred')),
      after: {
        queue: ['p'],
        deferred: { b: 'now' },
        canceled: { a: '+500s' },
        unique: { K: 'b' },
        jobs: { p: { flags: 'd', dependents: ['a', 'b'] }, a: replaced, b: { created_at: 'now', ...holds, waits: ['p'] } },
      },
    },
    {
      name: 'a running holder goes on; the key passes',
      given: { started: { a: '+60s' }, unique: { K: 'a' }, jobs: { a: holds } },
      call: enqueue(unique('b', 'replace')),
      returns: reply(created('queued')),
      after: { queue: ['b'], started: { a: '+60s' }, unique: { K: 'b' }, jobs: { a: holds, b: fresh(holds) }, wake: 1 },
    },
    {
      name: 'a holder that is to leave nothing behind',
      given: { queue: ['a'], unique: { K: 'a' }, jobs: { a: { ...holds, failure_ttl: '0' } } },
      call: enqueue(unique('b', 'replace')),
      returns: reply(created('queued')),
      after: { queue: ['b'], unique: { K: 'b' }, jobs: { b: fresh(holds) }, wake: 1 },
    },
    {
      name: 'a child of a failed parent replaces nobody',
      given: { queue: ['a'], failed: { p: YEAR }, unique: { K: 'a' }, jobs: { a: holds } },
      call: enqueue(unique('c', 'replace', { parents: ['p'] })),
      returns: reply(created('canceled')),
      after: {
        queue: ['a'],
        failed: { p: YEAR },
        canceled: { c: YEAR },
        unique: { K: 'a' },
        jobs: { a: holds, c: { ...holds, created_at: 'now', ended_at: 'now', reason: 'dependency' } },
      },
    },
  ])
})
