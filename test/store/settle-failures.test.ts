import { describe } from 'vitest'
import { fail, line, lost, retry, settled, settleJobs, stop, YEAR } from '../support/calls.ts'
import type { State } from '../support/state.ts'
import { table } from '../support/table.ts'

const written = settled(['written'])
const repeated = settled(['repeated'])
const one: State = { started: { a: '+60s' } }

describe('tried again', () => {
  const again = {
    started_at: null,
    worker: null,
    error: '{"name":"E"}',
    failures: '1',
    flags: 'x',
    attempts: [line('retry', { name: 'E' })],
    attempt: '1',
    token: 'T',
  }
  table([
    {
      name: 'later',
      given: one,
      call: settleJobs(retry('a')),
      returns: written,
      again: repeated,
      after: { scheduled: { a: '+60s' }, jobs: { a: { ...again, enqueued_at: '-60s' } } },
    },
    {
      name: 'when it was created is known from now on',
      given: { ...one, jobs: { a: { created_at: null } } },
      call: settleJobs(retry('a')),
      returns: written,
      again: repeated,
      after: { scheduled: { a: '+60s' }, jobs: { a: { ...again, created_at: '-60s', enqueued_at: '-60s' } } },
    },
    {
      name: 'at once: at the end of the list',
      given: { ...one, queue: ['x'] },
      call: settleJobs(retry('a', 0)),
      returns: written,
      again: repeated,
      after: { queue: ['x', 'a'], jobs: { a: { ...again, enqueued_at: 'now', run_at: 'now' } } },
    },
    {
      name: 'wakes a worker, adds to what was, and its ttl is over',
      given: {
        ...one,
        jobs: {
          a: {
            attempt: '2',
            failures: '1',
            error: 'old',
            flags: 'mx',
            retry: '{"max":5}',
            attempts: [line('lost')],
            ttl: '60000',
            expires_at: '-20s',
          },
        },
      },
      call: settleJobs(retry('a', 0)),
      returns: written,
      again: repeated,
      after: {
        queue: ['a'],
        wake: 1,
        jobs: {
          a: {
            ...again,
            enqueued_at: 'now',
            run_at: 'now',
            attempt: '2',
            failures: '2',
            flags: 'mx',
            retry: '{"max":5}',
            attempts: [line('lost'), line('retry', { name: 'E' }, 2)],
            ttl: '60000',
          },
        },
      },
    },
    {
      name: 'keeps its unique key and its dependents',
      given: {
        ...one,
        deferred: { d: '-20s' },
        unique: { K: 'a' },
        jobs: { a: { flags: 'ud', unique: 'K', dependents: ['d'] }, d: { waits: ['a'] } },
      },
      call: settleJobs(retry('a')),
      returns: settled(['written'], true),
      again: settled(['repeated'], true),
      after: {
        scheduled: { a: '+60s' },
        deferred: { d: '-20s' },
        unique: { K: 'a' },
        jobs: { a: { ...again, enqueued_at: '-60s', flags: 'udx', unique: 'K', dependents: ['d'] }, d: { waits: ['a'] } },
      },
    },
    {
      name: 'not when it was asked to stop',
      given: { ...one, jobs: { a: { flags: 's' } } },
      call: settleJobs(retry('a')),
      returns: written,
      again: repeated,
      after: {
        failed: { a: YEAR },
        jobs: {
          a: {
            status: 'stopped',
            reason: 'stopped',
            error: '{"name":"E"}',
            ended_at: 'now',
            flags: 'sx',
            attempts: [line('stopped', { name: 'E' })],
          },
        },
      },
    },
  ])
})

describe('lost, as the watcher of a dead process says', () => {
  const again = { started_at: null, worker: null, attempt: '1', token: 'T', flags: 'x' }
  table([
    {
      name: 'back to the head of the list',
      given: { ...one, queue: ['x'], jobs: { a: { ttl: '60000', expires_at: '-20s' } } },
      call: settleJobs(lost('a')),
      returns: written,
      again: repeated,
      after: { queue: ['a', 'x'], jobs: { a: { ...again, lost: '1', ttl: '60000', attempts: [line('lost', { name: 'E' })] } } },
    },
    {
      name: 'too often',
      given: { ...one, jobs: { a: { lost: '1' } } },
      call: settleJobs(lost('a', 2)),
      returns: written,
      again: repeated,
      after: {
        failed: { a: YEAR },
        jobs: {
          a: { lost: '2', flags: 'x', reason: 'lost', error: '{"name":"E"}', ended_at: 'now', attempts: [line('lost', { name: 'E' })] },
        },
      },
    },
  ])
})

describe('failed, stopped', () => {
  const failed = { ended_at: 'now', error: '{"name":"E"}', failures: '1', flags: 'x', attempts: [line('failed', { name: 'E' })] }
  table([
    {
      name: 'failed: kept for a year',
      given: one,
      call: settleJobs(fail('a')),
      returns: written,
      again: repeated,
      after: { failed: { a: YEAR }, jobs: { a: failed } },
    },
    {
      name: 'failed: a time of its own, for ever, not at all',
      given: {
        started: { a: '+60s', b: '+60s', c: '+60s' },
        jobs: {
          a: { failure_ttl: '60000' },
          b: { failure_ttl: '-1', flags: 'x', logs: ['l'] },
          c: { failure_ttl: '0', flags: 'x', logs: ['l'] },
        },
      },
      call: settleJobs(fail('a'), fail('b'), fail('c')),
      returns: settled(['written', 'written', 'written']),
      after: {
        failed: { a: '+60s', b: 'forever' },
        jobs: { a: { ...failed, failure_ttl: '60000' }, b: { ...failed, failure_ttl: '-1', logs: ['l'] } },
      },
    },
    {
      name: 'failed: the unique key is free, dependents will hear of it',
      given: {
        ...one,
        deferred: { d: '-20s' },
        unique: { K: 'a' },
        jobs: { a: { flags: 'ud', unique: 'K', dependents: ['d'] }, d: { waits: ['a'] } },
      },
      call: settleJobs(fail('a')),
      returns: settled(['written'], true),
      again: settled(['repeated'], true),
      after: {
        failed: { a: YEAR },
        deferred: { d: '-20s' },
        outbox: ['a failed'],
        jobs: { a: { ...failed, flags: 'udx', unique: 'K', dependents: ['d'] }, d: { waits: ['a'] } },
      },
    },
    {
      name: 'failed: only the last 20 attempts are kept',
      given: {
        ...one,
        jobs: { a: { attempt: '30', flags: 'x', attempts: Array.from({ length: 20 }, (_, i) => line('retry', 'e', i + 10)) } },
      },
      call: settleJobs(fail('a')),
      returns: written,
      again: repeated,
      after: {
        failed: { a: YEAR },
        jobs: {
          a: {
            ...failed,
            attempt: '30',
            attempts: [...Array.from({ length: 19 }, (_, i) => line('retry', 'e', i + 11)), line('failed', { name: 'E' }, 30)],
          },
        },
      },
    },
    {
      name: 'stopped: in the registry of the failed',
      given: one,
      call: settleJobs(stop('a')),
      returns: written,
      again: repeated,
      after: {
        failed: { a: YEAR },
        jobs: { a: { status: 'stopped', reason: 'canceled', error: null, ended_at: 'now', flags: 'x', attempts: [line('stopped')] } },
      },
    },
    {
      name: 'stopped, and its dependents are let go as if it had finished',
      given: { ...one, deferred: { d: '-20s' }, jobs: { a: { flags: 'dse', dependents: ['d'] }, d: { waits: ['a'] } } },
      call: settleJobs(stop('a', '{"name":"E"}')),
      returns: settled(['written'], true),
      again: settled(['repeated'], true),
      after: {
        failed: { a: YEAR },
        deferred: { d: '-20s' },
        outbox: ['a released'],
        jobs: {
          a: {
            status: 'stopped',
            reason: 'canceled',
            error: '{"name":"E"}',
            ended_at: 'now',
            flags: 'dsex',
            dependents: ['d'],
            attempts: [line('stopped', { name: 'E' })],
          },
          d: { waits: ['a'] },
        },
      },
    },
  ])
})
