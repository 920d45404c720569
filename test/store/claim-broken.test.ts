import { describe } from 'vitest'
import { CORRUPT, claimed, claimJobs, running, YEAR } from '../support/calls.ts'
import { table } from '../support/table.ts'

describe('broken records', () => {
  table([
    {
      name: 'nothing is taken where it could not be leased',
      given: { queue: ['a'], wrong: { started: 'text' } },
      call: claimJobs(1),
      returns: [],
      after: 'unchanged',
      broken: true,
    },
    {
      name: 'an id without a job is dropped',
      given: { queue: ['ghost', 'a'], jobs: { ghost: null } },
      call: claimJobs(1),
      returns: [claimed('a')],
      after: { started: { a: '+60s' }, jobs: { a: running() }, claims: { w: 'T2 a' } },
    },
    {
      name: 'a key that is no job is set aside',
      given: { queue: ['a', 'b'], wrong: { 'job:a': 'text' } },
      call: claimJobs(1),
      returns: [claimed('b')],
      after: { started: { b: '+60s' }, jobs: { b: running() }, claims: { w: 'T2 b' }, wrong: { 'corrupt:a': 'text' } },
    },
    {
      name: 'without a task, without args, without a status, with an unknown one, of a wrong queue: failed with a code',
      given: {
        queue: ['a', 'b', 'c', 'd', 'e'],
        'expiry:queued': { a: '+60s' },
        jobs: {
          a: { task: null, ttl: '120000', expires_at: '+60s' },
          b: { args: null, origin: 'other' },
          c: { status: null },
          d: { status: 'odd', failure_ttl: '20000' },
        },
      },
      call: claimJobs(5),
      returns: [claimed('e')],
      after: {
        started: { e: '+60s' },
        failed: { a: YEAR, b: YEAR, c: YEAR, d: '+20s' },
        jobs: {
          a: { ...CORRUPT, enqueued_at: '-60s', task: null, ttl: '120000', expires_at: '+60s' },
          b: { ...CORRUPT, enqueued_at: '-60s', args: null },
          c: { ...CORRUPT, enqueued_at: '-60s' },
          d: { ...CORRUPT, enqueued_at: '-60s', failure_ttl: '20000' },
          e: running(),
        },
        claims: { w: 'T2 e' },
      },
    },
    {
      name: 'a listed job that is elsewhere by its own account: dropped from the list',
      given: { queue: ['s', 'f', 'a'], started: { s: '+20s' }, finished: { f: '+500s' } },
      call: claimJobs(1),
      returns: [claimed('a')],
      after: { started: { s: '+20s', a: '+60s' }, finished: { f: '+500s' }, jobs: { a: running() }, claims: { w: 'T2 a' } },
    },
    {
      name: 'a listed job that is nowhere else, whatever it says: failed, not lost',
      given: { queue: ['s', 'd', 'a'], jobs: { s: { status: 'started' }, d: { status: 'deferred', waits: ['gone'] } } },
      call: claimJobs(1),
      returns: [claimed('a')],
      after: {
        started: { a: '+60s' },
        failed: { s: YEAR, d: YEAR },
        jobs: { a: running(), s: { ...CORRUPT, enqueued_at: '-60s' }, d: { ...CORRUPT, enqueued_at: '-60s' } },
        claims: { w: 'T2 a' },
      },
    },
    {
      name: 'numbers that are none',
      given: { queue: ['a'], jobs: { a: { attempt: 'nan', expires_at: 'soon', enqueued_at: null, flags: 'd' } } },
      call: claimJobs(1),
      returns: [claimed('a', { enqueuedAt: 0 })],
      after: { started: { a: '+60s' }, jobs: { a: running({ expires_at: 'soon', enqueued_at: null, flags: 'd' }) }, claims: { w: 'T2 a' } },
    },
  ])
})
