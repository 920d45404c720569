import { describe } from 'vitest'
import type { Control } from '../../lib/store/enqueue.ts'
import { cancelJob, requeueJob } from '../../lib/store/jobs.ts'
import { enqueue, fail, line, newJob, ok, release, settled, settleJobs, YEAR } from '../support/calls.ts'
import type { JobSpec, State } from '../support/state.ts'
import { table } from '../support/table.ts'

const repeating = (special: JobSpec = {}): JobSpec => ({ repeat_times: '2', repeat_every: '60000', flags: 'n', ...special })
const given: State = { started: { a: '+60s' }, jobs: { a: repeating() } }
const history = { flags: 'nx', attempts: [line('finished')] }
const held = { token: 'T', attempt: '1' }

describe('a job that runs again after success', () => {
  table([
    {
      name: 'waits for its next run with the result of this one; failures are forgotten',
      given: { ...given, jobs: { a: repeating({ failures: '1', lost: '1', progress: '5', result: '41', expires_at: '+20s' }) } },
      call: settleJobs(ok('a')),
      returns: settled(['written']),
      again: settled(['repeated']),
      after: {
        scheduled: { a: '+60s' },
        jobs: { a: repeating({ ...held, ...history, result: '42', repeated: '1', enqueued_at: '-60s' }) },
      },
    },
    {
      name: 'without a pause: at the end of the list',
      given: { ...given, queue: ['x'], jobs: { a: repeating({ repeat_every: null }) } },
      call: settleJobs(ok('a', '')),
      returns: settled(['written']),
      again: settled(['repeated']),
      after: {
        queue: ['x', 'a'],
        jobs: { a: repeating({ ...held, ...history, repeat_every: null, repeated: '1', run_at: 'now', enqueued_at: 'now' }) },
      },
    },
    {
      name: 'its last run ends it: dependents hear of that one',
      given: {
        ...given,
        deferred: { c: '-20s' },
        jobs: {
          a: repeating({ flags: 'nxd', attempt: '3', repeated: '2', dependents: ['c'], attempts: [line('finished')] }),
          c: { waits: ['a'], parents: '["a"]', flags: 'm' },
        },
      },
      call: settleJobs(ok('a')),
      returns: settled(['written'], true),
      again: settled(['repeated'], true),
      after: {
        finished: { a: '+500s' },
        deferred: { c: '-20s' },
        jobs: {
          a: repeating({
            flags: 'nxd',
            attempt: '3',
            repeated: '2',
            result: '42',
            ended_at: 'now',
            dependents: ['c'],
            attempts: [line('finished')],
          }),
          c: { waits: ['a'], parents: '["a"]', flags: 'm' },
        },
        outbox: ['a finished'],
      },
    },
    {
      name: 'a failure ends it',
      given,
      call: settleJobs(fail('a')),
      returns: settled(['written']),
      again: settled(['repeated']),
      after: {
        failed: { a: YEAR },
        jobs: {
          a: repeating({ failures: '1', flags: 'nx', error: '{"name":"E"}', ended_at: 'now', attempts: [line('failed', { name: 'E' })] }),
        },
      },
    },
    {
      name: 'asked to stop while it runs: it is stopped',
      given: { ...given, jobs: { a: repeating({ flags: 'ns' }) } },
      call: settleJobs(ok('a')),
      returns: settled(['written']),
      again: settled(['repeated']),
      after: {
        failed: { a: YEAR },
        jobs: {
          a: repeating({ status: 'stopped', reason: 'stopped', error: null, flags: 'nsx', ended_at: 'now', attempts: [line('stopped')] }),
        },
      },
    },
    {
      name: 'released: the run is not over',
      given,
      call: settleJobs(release('a')),
      returns: settled(['written']),
      again: settled(['repeated']),
      after: { queue: ['a'], jobs: { a: repeating({ token: 'T', attempt: '0' }) }, wake: 1 },
    },
    {
      name: 'canceled between two runs',
      given: { scheduled: { a: '+60s' }, jobs: { a: repeating({ ...held, ...history, repeated: '1', result: '42' }) } },
      call: (store) => cancelJob(store, { queue: 'q', id: 'a' }, { reason: 'canceled', release: false }),
      returns: 'scheduled',
      again: 'canceled',
      after: {
        canceled: { a: YEAR },
        jobs: { a: repeating({ ...held, ...history, repeated: '1', result: '42', run_at: '+60s', ended_at: 'now' }) },
      },
    },
    {
      name: 'requeued: all its runs again',
      given: { failed: { a: YEAR }, jobs: { a: repeating({ repeated: '2' }) } },
      call: (store) => requeueJob(store, { queue: 'q', id: 'a' }, 'requeue', false),
      returns: { before: 'failed' },
      again: { before: 'queued' },
      after: { queue: ['a'], jobs: { a: repeating({ attempt: '1', enqueued_at: 'now' }) }, wake: 1 },
    },
  ])
})

describe('put off and throttled', () => {
  const unique = (more: Omit<NonNullable<Control['unique']>, 'key'>): Control => ({ unique: { key: 'k', ...more } })
  const fields = { unique: 'k', flags: 'u' }
  const now = (outcome: object) => ({ now: 'now', outcomes: [outcome] })
  const scheduled = now({ kind: 'created', status: 'scheduled' })
  const replaced = { ...fields, failure_ttl: '500000', reason: 'replaced', ended_at: 'now' }
  table([
    {
      name: 'replaced before its run: the newest runs, its delay from now, and the old one is not kept for long',
      given: { scheduled: { a: '+40s' }, jobs: { a: fields }, unique: { k: 'a' } },
      call: enqueue(newJob('b', { delay: 60_000, ...unique({ mode: 'replace' }) }, fields)),
      returns: scheduled,
      once: true,
      after: {
        scheduled: { b: '+60s' },
        canceled: { a: '+500s' },
        jobs: { a: { ...replaced, run_at: '+40s' }, b: { ...fields, created_at: 'now', run_at: '+60s' } },
        unique: { k: 'b' },
      },
    },
    {
      name: 'with maxWait: no later than that from the first of them',
      given: { scheduled: { a: '+20s' }, jobs: { a: { ...fields, since: 0 } }, unique: { k: 'a' } },
      call: async (store) => {
        await store.client.call('HSET', store.keys.job('q', 'a'), 'since', (await store.now()) - 40_000)
        const result = await enqueue(newJob('b', { delay: 60_000, ...unique({ mode: 'replace', maxWait: 80_000 }) }, fields))(store)
        await store.client.call('HDEL', store.keys.job('q', 'a'), 'since')
        await store.client.call('HDEL', store.keys.job('q', 'b'), 'since')
        return result
      },
      returns: scheduled,
      once: true,
      after: {
        scheduled: { b: '+40s' },
        canceled: { a: '+500s' },
        jobs: { a: { ...replaced, run_at: '+20s' }, b: { ...fields, created_at: 'now', run_at: '+40s' } },
        unique: { k: 'b' },
      },
    },
    {
      name: 'throttled: the job of this period stands in the way though it has ended',
      given: { finished: { a: '+500s' }, jobs: { a: fields }, wrong: { 'throttled:k': 'a' }, dies: { 'throttled:k': '+60s' } },
      call: enqueue(newJob('b', unique({ mode: 'reject', throttle: 60_000 }), fields)),
      returns: now({ kind: 'taken', id: 'a' }),
      after: 'unchanged',
    },
    {
      name: 'the first of a period begins it',
      call: enqueue(newJob('b', unique({ mode: 'return', throttle: 60_000 }), fields)),
      returns: now({ kind: 'created', status: 'queued' }),
      once: true,
      after: {
        queue: ['b'],
        jobs: { b: { ...fields, created_at: null, enqueued_at: 'now' } },
        unique: { k: 'b' },
        wake: 1,
        wrong: { 'throttled:k': 'b' },
        dies: { 'throttled:k': '+60s' },
      },
    },
  ])
})
