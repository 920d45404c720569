import { describe } from 'vitest'
import { deliverOutbox, linkParents } from '../../lib/store/maintain.ts'
import { type Call, fresh, YEAR } from '../support/calls.ts'
import { table } from '../support/table.ts'

const done = { returns: undefined, call: ((store) => deliverOutbox(store, 'q')) satisfies Call }
const canceled = { ended_at: 'now', reason: 'dependency' }
const queued = { enqueued_at: 'now' }

describe('children elsewhere', () => {
  table([
    {
      name: 'in their queue, and here, each in its order',
      given: {
        deferred: { a: '-20s' },
        outbox: ['p finished'],
        jobs: { p: { dependents: ['r/x', 'a', 's/y', 'r/z'] }, a: { waits: ['p'] } },
      },
      also: {
        r: {
          given: { deferred: { x: '-20s', z: '-20s' }, jobs: { x: { waits: ['q/p'] }, z: { waits: ['q/p'] } } },
          after: { queue: ['x', 'z'], jobs: { x: queued, z: queued }, wake: 1 },
        },
        s: {
          given: { deferred: { y: '-20s' }, unlinked: ['y'], jobs: { y: { waits: ['q/p', 'q/o'] } } },
          after: { deferred: { y: '-20s' }, unlinked: ['y'], jobs: { y: { waits: ['q/o'] } } },
        },
      },
      ...done,
      after: { queue: ['a'], jobs: { a: queued }, wake: 1 },
    },
    {
      name: 'a canceled child has a child here, which has one there again',
      given: {
        deferred: { b: '-20s' },
        outbox: ['p failed'],
        jobs: { p: { dependents: ['r/a'] }, b: { waits: ['r/a'], flags: 'd', dependents: ['r/c'] } },
      },
      also: {
        r: {
          given: {
            deferred: { a: '-20s', c: '-20s' },
            jobs: { a: { waits: ['q/p'], flags: 'd', dependents: ['q/b'] }, c: { waits: ['q/b'] } },
          },
          after: { canceled: { a: YEAR, c: YEAR }, jobs: { a: { ...canceled, flags: 'd' }, c: canceled } },
        },
      },
      ...done,
      after: { canceled: { b: YEAR }, jobs: { b: { ...canceled, flags: 'd' } } },
    },
    {
      name: 'what a crash left behind after the delivery is only cleared away',
      given: { outbox: ['p finished'], jobs: { p: { dependents: ['r/a'] } } },
      also: { r: { given: { queue: ['a'], jobs: { a: fresh() } } } },
      ...done,
      after: {},
    },
  ])
})

describe('linking', () => {
  const link: Call = (store) => linkParents(store, 'q', 'c')
  const child = { deferred: { c: '-20s' }, unlinked: ['c'], jobs: { c: { waits: ['r/p'] } } }
  const linked = { returns: undefined, call: link }
  table([
    {
      name: 'a parent that waits knows the child from now on',
      given: child,
      also: { r: { given: { queue: ['p'] }, after: { queue: ['p'], jobs: { p: { flags: 'd', dependents: ['q/c'] } } } } },
      ...linked,
      after: { ...child, unlinked: [] },
    },
    {
      name: 'a repetition after a crash does not name the child twice',
      given: child,
      also: { r: { given: { started: { p: '+60s' }, jobs: { p: { flags: 'wd', dependents: ['q/c', 'x'] } } } } },
      ...linked,
      after: { ...child, unlinked: [] },
    },
    {
      name: 'a parent that has finished lets the child go',
      given: child,
      also: { r: { given: { finished: { p: '+500s' } } } },
      ...linked,
      after: { queue: ['c'], jobs: { c: queued }, wake: 1 },
    },
    {
      name: 'a parent that has failed, or is not there, cancels it, and its own children',
      given: {
        deferred: { c: '-20s', d: '-20s' },
        unlinked: ['c'],
        jobs: { c: { waits: ['r/p'], flags: 'd', dependents: ['d'] }, d: { waits: ['c'] } },
      },
      also: { r: { given: {} } },
      ...linked,
      after: { canceled: { c: YEAR, d: YEAR }, jobs: { c: { ...canceled, flags: 'd' }, d: canceled } },
    },
    {
      name: 'several parents, one here',
      given: {
        queue: ['o'],
        deferred: { c: '-20s' },
        unlinked: ['c'],
        jobs: { o: { flags: 'd', dependents: ['c'] }, c: { waits: ['o', 'r/p', 's/p'] } },
      },
      also: {
        r: { given: { queue: ['p'] }, after: { queue: ['p'], jobs: { p: { flags: 'd', dependents: ['q/c'] } } } },
        s: { given: { finished: { p: '+500s' } } },
      },
      ...linked,
      after: { queue: ['o'], deferred: { c: '-20s' }, jobs: { o: { flags: 'd', dependents: ['c'] }, c: { waits: ['o', 'r/p'] } } },
    },
    {
      name: 'a child that waits no more',
      given: { queue: ['c'], unlinked: ['c'] },
      also: { r: { given: { queue: ['p'] } } },
      ...linked,
      after: { queue: ['c'] },
    },
    {
      name: 'a parent whose key is no job counts as deleted',
      given: child,
      also: { r: { given: { wrong: { 'job:p': 'text' } } } },
      ...linked,
      after: { canceled: { c: YEAR }, jobs: { c: canceled } },
      broken: true,
    },
  ])
})
