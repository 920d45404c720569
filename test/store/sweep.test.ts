import { describe } from 'vitest'
import { sweep } from '../../lib/store/maintain.ts'
import { type Call, CORRUPT, YEAR } from '../support/calls.ts'
import { table } from '../support/table.ts'

const swept: Call = async (store) => {
  const { outbox: _, ...found } = await sweep(store, 'q', 3)
  return found
}
const nothing = { requeued: [], failed: [], more: false, unlinked: [] }
const error = (loss: number, worker = 'w') => ({
  name: 'RqtsError',
  code: 'RQTS_LOST',
  message: `Worker ${worker} lost the job (loss ${loss} of 3): its process died or could not renew the lease`,
})
const line = (loss: number, attempt = loss) => ({
  attempt,
  worker: 'w',
  startedAt: '-20s',
  endedAt: 'now',
  outcome: 'lost',
  error: error(loss),
})
const stopped = (attempt: number) => ({ attempt, worker: 'w', startedAt: '-20s', endedAt: 'now', outcome: 'stopped' })
const back = { started_at: null, worker: null, attempt: '1', lost: '1', flags: 'x', attempts: [line(1)] }

const { reason, error: corrupt, ended_at } = CORRUPT
const found = { reason, error: corrupt, ended_at, started_at: '-20s' }

describe('leases', () => {
  table([
    { name: 'an empty queue', given: {}, call: swept, returns: nothing, after: 'unchanged' },
    { name: 'a lease that holds', given: { started: { a: '+20s' } }, call: swept, returns: nothing, after: 'unchanged' },
    {
      name: 'lost: back to the head, in the old order, and a worker is called',
      given: { started: { a: '-40s', b: '-20s', c: '+20s' } },
      call: swept,
      returns: { ...nothing, requeued: ['b', 'a'] },
      again: nothing,
      after: { queue: ['a', 'b'], started: { c: '+20s' }, jobs: { a: back, b: back }, wake: 1 },
    },
    {
      name: 'before those that wait; its ttl is over, its unique key and dependents stay',
      given: {
        queue: ['x'],
        started: { a: '-20s' },
        deferred: { d: '-60s' },
        unique: { K: 'a' },
        jobs: { a: { flags: 'ud', unique: 'K', ttl: '60000', expires_at: '-20s', dependents: ['d'] }, d: { waits: ['a'] } },
      },
      call: swept,
      returns: { ...nothing, requeued: ['a'] },
      again: nothing,
      after: {
        queue: ['a', 'x'],
        deferred: { d: '-60s' },
        unique: { K: 'a' },
        jobs: { a: { ...back, flags: 'udx', unique: 'K', ttl: '60000', dependents: ['d'] }, d: { waits: ['a'] } },
      },
    },
    {
      name: 'the second loss counts on',
      given: { started: { a: '-20s' }, jobs: { a: { attempt: '2', lost: '1', flags: 'x', attempts: [line(1)] } } },
      call: swept,
      returns: { ...nothing, requeued: ['a'] },
      again: nothing,
      after: { queue: ['a'], jobs: { a: { ...back, attempt: '2', lost: '2', attempts: [line(1), line(2)] } }, wake: 1 },
    },
    {
      name: 'the third ends it, whatever retries remain',
      given: {
        started: { a: '-20s' },
        jobs: { a: { attempt: '3', lost: '2', flags: 'mx', retry: '{"max":9}', failure_ttl: '60000', attempts: [line(1), line(2)] } },
      },
      call: swept,
      returns: { ...nothing, failed: ['a'] },
      again: nothing,
      after: {
        failed: { a: '+60s' },
        jobs: {
          a: {
            attempt: '3',
            lost: '3',
            flags: 'mx',
            retry: '{"max":9}',
            failure_ttl: '60000',
            token: null,
            attempts: [line(1), line(2), line(3)],
            ended_at: 'now',
            reason: 'lost',
            error: JSON.stringify(error(3)),
          },
        },
      },
    },
    {
      name: 'asked to stop: it ends, not counted as lost by the queue',
      given: { started: { a: '-20s' }, deferred: { d: '-60s' }, jobs: { a: { flags: 'sed', dependents: ['d'] }, d: { waits: ['a'] } } },
      call: swept,
      returns: nothing,
      after: {
        failed: { a: YEAR },
        deferred: { d: '-60s' },
        outbox: ['a released'],
        jobs: {
          a: {
            status: 'stopped',
            token: null,
            ended_at: 'now',
            reason: 'stopped',
            error: null,
            flags: 'sedx',
            attempts: [stopped(1)],
            dependents: ['d'],
          },
          d: { waits: ['a'] },
        },
      },
    },
    {
      name: 'broken numbers',
      given: { started: { a: '-20s' }, jobs: { a: { lost: 'many', worker: null } } },
      call: swept,
      returns: { ...nothing, requeued: ['a'] },
      again: nothing,
      after: { queue: ['a'], jobs: { a: { ...back, attempts: [{ ...line(1), worker: '', error: error(1, '?') }] } }, wake: 1 },
    },
    {
      name: 'leases of jobs that ended, are gone, or are none',
      given: {
        started: { gone: '-20s', bad: '-20s', odd: '-20s', waits: '-20s' },
        finished: { f: '+500s' },
        jobs: { gone: null, odd: { status: 'odd', failure_ttl: '60000' }, waits: { status: 'queued', failure_ttl: '60000' } },
        wrong: { 'job:bad': 'text' },
      },
      call: async (store) => {
        await store.client.call('ZADD', store.keys.container('q', 'started'), 1, 'f')
        return await swept(store)
      },
      returns: nothing,
      once: true,
      after: {
        finished: { f: '+500s' },
        failed: { odd: '+60s', waits: '+60s' },
        jobs: {
          odd: { ...found, failure_ttl: '60000' },
          waits: { ...found, failure_ttl: '60000' },
        },
        wrong: { 'corrupt:bad': 'text' },
      },
    },
  ])
})
