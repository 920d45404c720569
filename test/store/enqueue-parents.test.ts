import { describe } from 'vitest'
import { enqueue, enqueueEach, fresh, newJob, YEAR } from '../support/calls.ts'
import { table } from '../support/table.ts'

const created = (status: string) => ({ kind: 'created', status })
const reply = (...outcomes: unknown[]) => ({ now: 'now', outcomes })
const canceled = { enqueued_at: null, ended_at: 'now', reason: 'dependency' }

describe('parents', () => {
  const child = (...parents: string[]) => newJob('c', { parents })
  const waiting = { created_at: 'now' }
  table([
    {
      name: 'a parent that waits: deferred, and the parent knows',
      given: { queue: ['p'] },
      call: enqueue(child('p')),
      returns: reply(created('deferred')),
      after: { queue: ['p'], deferred: { c: 'now' }, jobs: { p: { flags: 'd', dependents: ['c'] }, c: { ...waiting, waits: ['p'] } } },
    },
    {
      name: 'several parents, one of them finished',
      given: {
        started: { p: '+60s' },
        finished: { f: '+500s' },
        scheduled: { s: '+60s' },
        jobs: { p: { flags: 'xd', dependents: ['b'] } },
      },
      call: enqueue(child('p', 'f', 's')),
      returns: reply(created('deferred')),
      after: {
        started: { p: '+60s' },
        finished: { f: '+500s' },
        scheduled: { s: '+60s' },
        deferred: { c: 'now' },
        jobs: { p: { flags: 'xd', dependents: ['b', 'c'] }, s: { flags: 'd', dependents: ['c'] }, c: { ...waiting, waits: ['p', 's'] } },
      },
    },
    {
      name: 'all parents finished: queued at once, in front if so wished',
      given: { queue: ['x'], finished: { f: '+500s' } },
      call: enqueue(newJob('c', { parents: ['f'], front: 1 })),
      returns: reply(created('queued')),
      after: { queue: ['c', 'x'], finished: { f: '+500s' }, jobs: { c: fresh({ created_at: 'now', front: '1' }) } },
    },
    {
      name: 'a parent of the same call',
      call: enqueue(newJob('p'), child('p')),
      returns: reply(created('queued'), created('deferred')),
      after: {
        queue: ['p'],
        deferred: { c: 'now' },
        jobs: { p: fresh({ flags: 'd', dependents: ['c'] }), c: { ...waiting, waits: ['p'] } },
        wake: 1,
      },
    },
    {
      name: 'each for itself, a parent of the same call',
      call: enqueueEach(newJob('p'), child('p'), newJob('d', { parents: ['c'] })),
      returns: reply(created('queued'), created('deferred'), created('deferred')),
      after: {
        queue: ['p'],
        deferred: { c: 'now', d: 'now' },
        jobs: {
          p: fresh({ flags: 'd', dependents: ['c'] }),
          c: { ...waiting, waits: ['p'], flags: 'd', dependents: ['d'] },
          d: { ...waiting, waits: ['c'] },
        },
        wake: 1,
      },
    },
    {
      name: 'an unknown parent: nothing is written',
      given: { queue: ['p'] },
      call: enqueue(newJob('a'), child('p', 'nobody')),
      returns: reply({ kind: 'unwritten' }, { kind: 'unknown-parent', id: 'nobody' }),
      after: 'unchanged',
    },
    {
      name: 'each for itself, an unknown parent refuses only its child',
      given: { queue: ['p'] },
      call: enqueueEach(newJob('a'), child('nobody'), newJob('b')),
      returns: reply(created('queued'), { kind: 'unknown-parent', id: 'nobody' }, created('queued')),
      after: { queue: ['p', 'a', 'b'], jobs: { a: fresh(), b: fresh() } },
    },
    {
      name: 'its own parent: unknown, since it is not there before itself',
      call: enqueue(child('c')),
      returns: reply({ kind: 'unknown-parent', id: 'c' }),
      after: 'unchanged',
    },
    {
      name: 'a parent that comes later in the call is unknown',
      call: enqueue(child('p'), newJob('p')),
      returns: reply({ kind: 'unknown-parent', id: 'p' }, { kind: 'unwritten' }),
      after: 'unchanged',
    },
    {
      name: 'a failed parent: canceled at once',
      given: { failed: { p: YEAR } },
      call: enqueue(child('p')),
      returns: reply(created('canceled')),
      after: { failed: { p: YEAR }, canceled: { c: YEAR }, jobs: { c: { ...waiting, ...canceled } } },
    },
    {
      name: 'a failed parent among others: the others keep a name that means nothing any more',
      given: { queue: ['x', 'o'], failed: { p: YEAR } },
      call: enqueue(child('o', 'p', 'r/elsewhere')),
      returns: reply(created('canceled')),
      after: {
        queue: ['x', 'o'],
        failed: { p: YEAR },
        canceled: { c: YEAR },
        jobs: { o: { flags: 'd', dependents: ['c'] }, c: { ...waiting, ...canceled } },
      },
    },
    {
      name: 'a failed parent and allowFailure',
      given: { failed: { p: YEAR, s: YEAR }, jobs: { s: { status: 'stopped' } } },
      call: enqueue(newJob('c', { parents: ['p', 's'], allowFailure: 1 })),
      returns: reply(created('queued')),
      after: {
        queue: ['c'],
        failed: { p: YEAR, s: YEAR },
        jobs: { s: { status: 'stopped' }, c: fresh({ created_at: 'now', allow_failure: '1' }) },
        wake: 1,
      },
    },
    {
      name: 'parents and delay: the time is kept for later',
      given: { queue: ['p'] },
      call: enqueue(newJob('c', { parents: ['p'], delay: 60_000, front: 1, ttl: 80_000 }, { ttl: '80000' })),
      returns: reply(created('deferred')),
      after: {
        queue: ['p'],
        deferred: { c: 'now' },
        'expiry:deferred': { c: '+80s' },
        jobs: {
          p: { flags: 'd', dependents: ['c'] },
          c: { ...waiting, waits: ['p'], run_at: '+60s', front: '1', ttl: '80000', expires_at: '+80s' },
        },
      },
    },
    {
      name: 'a parent elsewhere: to be linked',
      call: enqueue(child('r/p')),
      returns: reply(created('deferred')),
      after: { deferred: { c: 'now' }, unlinked: ['c'], jobs: { c: { ...waiting, waits: ['r/p'] } } },
    },
    {
      name: 'a parent whose key is no job counts as deleted',
      given: { wrong: { 'job:p': 'text' } },
      call: enqueueEach(newJob('a'), child('p')),
      returns: reply(created('queued'), created('canceled')),
      after: {
        queue: ['a'],
        canceled: { c: YEAR },
        jobs: { a: fresh(), c: { ...waiting, ...canceled } },
        wake: 1,
        wrong: { 'job:p': 'text' },
      },
      broken: true,
    },
  ])
})
