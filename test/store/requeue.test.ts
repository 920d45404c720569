import { describe } from 'vitest'
import { requeueJob } from '../../lib/store/jobs.ts'
import { type Call, YEAR } from '../support/calls.ts'
import { table } from '../support/table.ts'

const requeue =
  (atFront = false): Call =>
  (store) =>
    requeueJob(store, { queue: 'q', id: 'a' }, 'requeue', atFront)
const promote =
  (atFront = false): Call =>
  (store) =>
    requeueJob(store, { queue: 'q', id: 'a' }, 'promote', atFront)
const queued = { before: 'queued' }
const attempts = [{ attempt: 1, worker: 'w', startedAt: '-40s', endedAt: '-20s', outcome: 'failed' }]

describe('requeue', () => {
  const failed = { failures: '2', lost: '1', progress: '50', attempt: '3' }
  table([
    {
      name: 'failed: a fresh budget, the number of attempts goes on',
      given: {
        queue: ['x'],
        failed: { a: YEAR },
        jobs: { a: { ...failed, flags: 'mxw', retry: '{"max":1}', run_at: '-20s', attempts, logs: ['l'] } },
      },
      call: requeue(),
      returns: { before: 'failed' },
      again: queued,
      after: {
        queue: ['x', 'a'],
        jobs: { a: { enqueued_at: 'now', attempt: '3', flags: 'mxw', retry: '{"max":1}', attempts, logs: ['l'] } },
      },
    },
    {
      name: 'when it was created is known from now on',
      given: { finished: { a: 'forever' }, jobs: { a: { created_at: null, result: '42' } } },
      call: requeue(),
      returns: { before: 'finished' },
      again: queued,
      after: { queue: ['a'], jobs: { a: { created_at: '-60s', enqueued_at: 'now', attempt: '1' } }, wake: 1 },
    },
    {
      name: 'finished and kept for ever: the result goes; to the front',
      given: { queue: ['x'], finished: { a: 'forever' }, jobs: { a: { result: '42', result_ttl: '-1' } } },
      call: requeue(true),
      returns: { before: 'finished' },
      again: queued,
      after: { queue: ['a', 'x'], jobs: { a: { enqueued_at: 'now', attempt: '1', result_ttl: '-1' } } },
    },
    {
      name: 'stopped: the wish to stop is over, and so are flags that said nothing else',
      given: { failed: { a: YEAR }, jobs: { a: { status: 'stopped', flags: 'se' } } },
      call: requeue(),
      returns: { before: 'stopped' },
      again: queued,
      after: { queue: ['a'], jobs: { a: { enqueued_at: 'now', attempt: '1' } }, wake: 1 },
    },
    {
      name: 'expired: its ttl begins anew',
      given: { canceled: { a: YEAR }, jobs: { a: { status: 'expired', reason: 'ttl', ttl: '60000', expires_at: '-20s', front: '1' } } },
      call: requeue(),
      returns: { before: 'expired' },
      again: queued,
      after: {
        queue: ['a'],
        'expiry:queued': { a: '+60s' },
        jobs: { a: { enqueued_at: 'now', ttl: '60000', expires_at: '+60s', front: '1' } },
        wake: 1,
      },
    },
    {
      name: 'past its ttl, which no sweep has seen',
      given: { scheduled: { a: '+60s' }, 'expiry:scheduled': { a: '-20s' }, jobs: { a: { ttl: '60000', expires_at: '-20s' } } },
      call: requeue(),
      returns: { before: 'expired' },
      again: queued,
      after: {
        queue: ['a'],
        'expiry:queued': { a: '+60s' },
        jobs: { a: { enqueued_at: 'now', ttl: '60000', expires_at: '+60s' } },
        wake: 1,
      },
    },
    {
      name: 'canceled: without a ttl, whatever its record says of an end',
      given: { canceled: { a: '+60s' }, jobs: { a: { expires_at: '-20s', failure_ttl: '60000' } } },
      call: requeue(),
      returns: { before: 'canceled' },
      again: queued,
      after: { queue: ['a'], jobs: { a: { enqueued_at: 'now', failure_ttl: '60000' } }, wake: 1 },
    },
    {
      name: 'takes its unique key again',
      given: { failed: { a: YEAR }, jobs: { a: { flags: 'u', unique: 'K' } } },
      call: requeue(),
      returns: { before: 'failed' },
      again: queued,
      after: { queue: ['a'], unique: { K: 'a' }, jobs: { a: { enqueued_at: 'now', attempt: '1', flags: 'u', unique: 'K' } }, wake: 1 },
    },
    {
      name: 'takes its unique key from a job that is past its ttl',
      given: {
        queue: ['b'],
        failed: { a: YEAR },
        'expiry:queued': { b: '-20s' },
        unique: { K: 'b' },
        jobs: { a: { flags: 'u', unique: 'K' }, b: { flags: 'u', unique: 'K', ttl: '40000', expires_at: '-20s' } },
      },
      call: requeue(),
      returns: { before: 'failed' },
      again: queued,
      after: {
        queue: ['b', 'a'],
        'expiry:queued': { b: '-20s' },
        unique: { K: 'a' },
        jobs: {
          a: { enqueued_at: 'now', attempt: '1', flags: 'u', unique: 'K' },
          b: { flags: 'u', unique: 'K', ttl: '40000', expires_at: '-20s' },
        },
      },
    },
    {
      name: 'not while another job has its unique key',
      given: {
        queue: ['b'],
        failed: { a: YEAR },
        unique: { K: 'b' },
        jobs: { a: { flags: 'u', unique: 'K' }, b: { flags: 'u', unique: 'K' } },
      },
      call: requeue(),
      returns: { before: 'failed', blockedBy: 'b' },
      after: 'unchanged',
    },
    { name: 'gone', given: { queue: ['x'] }, call: requeue(), returns: { before: null }, after: 'unchanged' },
    { name: 'running', given: { started: { a: '+60s' } }, call: requeue(), returns: { before: 'started' }, after: 'unchanged' },
    {
      name: 'waiting for its time',
      given: { scheduled: { a: '+60s' } },
      call: requeue(),
      returns: { before: 'scheduled' },
      after: 'unchanged',
    },
    {
      name: 'a key that is no job',
      given: { wrong: { 'job:a': 'text' } },
      call: requeue(),
      returns: 'RQTS_REDIS_ERROR',
      after: 'unchanged',
      broken: true,
    },
  ])
})

describe('promote', () => {
  const now = { run_at: null, enqueued_at: 'now' }
  table([
    {
      name: 'a scheduled job runs now, its ttl goes with it',
      given: {
        queue: ['x'],
        scheduled: { a: '+60s' },
        'expiry:scheduled': { a: '+20s' },
        jobs: { a: { ttl: '80000', expires_at: '+20s' } },
      },
      call: promote(),
      returns: { before: 'scheduled' },
      again: queued,
      after: { queue: ['x', 'a'], 'expiry:queued': { a: '+20s' }, jobs: { a: { ...now, ttl: '80000', expires_at: '+20s' } } },
    },
    {
      name: 'to the front, when asked now',
      given: { queue: ['x'], scheduled: { a: '+60s' } },
      call: promote(true),
      returns: { before: 'scheduled' },
      again: queued,
      after: { queue: ['a', 'x'], jobs: { a: now } },
    },
    {
      name: 'to the front, as it was asked when it was enqueued',
      given: { queue: ['x'], scheduled: { a: '+60s' }, jobs: { a: { front: '1' } } },
      call: promote(),
      returns: { before: 'scheduled' },
      again: queued,
      after: { queue: ['a', 'x'], jobs: { a: { ...now, front: '1' } } },
    },
    {
      name: 'not past its ttl',
      given: { scheduled: { a: '+60s' }, 'expiry:scheduled': { a: '-20s' }, jobs: { a: { ttl: '40000', expires_at: '-20s' } } },
      call: promote(),
      returns: { before: 'expired' },
      after: 'unchanged',
    },
    { name: 'queued', given: { queue: ['a'] }, call: promote(), returns: queued, after: 'unchanged' },
    { name: 'failed', given: { failed: { a: YEAR } }, call: promote(), returns: { before: 'failed' }, after: 'unchanged' },
    { name: 'gone', given: {}, call: promote(), returns: { before: null }, after: 'unchanged' },
  ])
})
