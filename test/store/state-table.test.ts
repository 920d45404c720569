import { afterEach, describe, expect, test } from 'vitest'
import {
  canMove,
  EVENTS,
  hasEnded,
  isStatus,
  type JobEvent,
  type JobStatus,
  registryOf,
  STATUSES,
  TRANSITIONS,
} from '../../lib/job/state.ts'
import { claim, settle } from '../../lib/store/attempts.ts'
import { cancelJob, readJob, requeueJob } from '../../lib/store/jobs.ts'
import { sweep, tick } from '../../lib/store/maintain.ts'
import type { Store } from '../../lib/store/store.ts'
import { checkInvariants } from '../../lib/testing/invariants.ts'
import { fail, ok, release, request, retry, stop } from '../support/calls.ts'
import { wipe } from '../support/keyspace.ts'
import { type FullState, type JobSpec, type State, seed, snapshot } from '../support/state.ts'
import { storeOfFile } from '../support/table.ts'

/** Another way for the event to come about, which may lead to another of the statuses that the table lists. */
interface Way {
  name: string
  /** What must be true of job `a` beforehand. */
  job?: JobSpec
  /** On the way from this status only. */
  only?: JobStatus
  /** Its score, where it has one. */
  at?: string
  call: (store: Store) => Promise<unknown>
}

const settling = (outcome: Parameters<typeof settle>[2][number]) => (store: Store) => settle(store, request(0), [outcome])
const told = (outcome: string) => (store: Store) => store.run('deliver', 'q', ['r/p', outcome, 'a'])
const place = { queue: 'q', id: 'a' }
const again = (mode: 'requeue' | 'promote') => (store: Store) => requeueJob(store, place, mode, false)
const canceling = (store: Store) => cancelJob(store, place, { reason: 'canceled', release: false })
const sweeping = (store: Store) => sweep(store, 'q', 3)

const WAYS: Record<JobEvent, Way[]> = {
  promote: [
    { name: 'asked for', call: again('promote') },
    { name: 'due', at: '-20s', call: (store) => tick(store, 'q', 'w', 60_000) },
  ],
  resolve: [
    { name: 'its last parent has finished', call: told('finished') },
    { name: 'its last parent has finished, its time has not come', job: { run_at: '+60s' }, call: told('finished') },
    { name: 'its last parent has failed', call: told('failed') },
    {
      name: 'those have finished to which it left its end',
      only: 'deferred',
      job: { flags: 'p', attempt: '1', token: 'T' },
      call: told('finished'),
    },
    { name: 'one of those has failed', only: 'deferred', job: { flags: 'py', attempt: '1', token: 'T' }, call: told('failed') },
  ],
  claim: [{ name: 'by a worker', call: (store) => claim(store, request(1)) }],
  finish: [{ name: 'with a result', call: settling(ok('a')) }],
  fail: [
    { name: 'for good', call: settling(fail('a')) },
    { name: 'to be tried again later', call: settling(retry('a')) },
    { name: 'to be tried again at once', call: settling(retry('a', 0)) },
  ],
  lose: [
    { name: 'once', at: '-20s', call: sweeping },
    { name: 'too often', at: '-20s', job: { lost: '2' }, call: sweeping },
    { name: 'when asked to stop', at: '-20s', job: { flags: 's' }, call: sweeping },
  ],
  release: [{ name: 'by its worker', call: settling(release('a')) }],
  leave: [{ name: 'to a job that is gone', call: settling({ queue: 'q', id: 'a', token: 'T', kind: 'wait', others: 'f', result: '1' }) }],
  cancel: [{ name: 'by a user', call: canceling }],
  stop: [{ name: 'by its worker', call: settling(stop('a')) }],
  expire: [{ name: 'past its ttl', job: { ttl: '40000', expires_at: '-20s' }, call: sweeping }],
  requeue: [{ name: 'by a user', call: again('requeue') }],
  revive: [
    {
      name: 'its failed parent was requeued',
      only: 'canceled',
      job: { flags: 'g', reason: 'dependency', unmet: ['r/p'], dead: ['r/p'] },
      call: told('requeued'),
    },
  ],
}

/** A queue whose only job is `a`, in that status. */
function stateOf(status: JobStatus, { job: given = {}, only = status, at }: Way): State {
  const job = only === status ? given : {}
  const container = registryOf(status)
  const score = at !== undefined && !hasEnded(status) ? at : container === 'deferred' ? '-20s' : '+60s'
  const special: JobSpec = { ...job }
  if (hasEnded(status)) {
    Object.assign(special, { status, failure_ttl: '80000' })
    if (status === 'expired') special['reason'] = 'ttl'
  }
  if (status === 'deferred') special.waits = ['r/p']
  // A job that ran keeps its token: what its attempt writes again must be refused.
  if (status === 'queued' || status === 'scheduled') Object.assign(special, { token: 'T', attempt: '1' })
  if (status === 'scheduled' && 'run_at' in special) delete special['run_at']
  const state: State = { jobs: { a: special }, ...(status === 'deferred' && { unlinked: ['a'] }) }
  if (container === 'queue') state.queue = ['a']
  else state[container] = { a: score }
  if ('expires_at' in special && (status === 'queued' || status === 'scheduled' || status === 'deferred'))
    state[`expiry:${status}`] = { a: '-20s' }
  return state
}

/** All that concerns the job: not who leads, nor whether a worker was called. */
function withoutService({ leader: _leader, wake: _wake, dies, ...rest }: FullState): unknown {
  return { ...rest, dies: Object.fromEntries(Object.entries(dies).filter(([key]) => key !== 'leader')) }
}

describe('every event on every status', () => {
  const store = storeOfFile()
  afterEach(() => wipe(store()))

  /** The status after, and whether anything of the job has changed. */
  const happen = async (status: JobStatus, way: Way): Promise<{ after: string | undefined; changed: boolean }> => {
    const now = await store().now()
    await seed(store(), 'q', stateOf(status, way), now)
    const before = withoutService(await snapshot(store(), 'q', now))
    await way.call(store())
    const after = await snapshot(store(), 'q', now)
    expect(await checkInvariants(store(), { queues: ['q'] })).toEqual([])
    return {
      after: after.jobs['a']?.['status'] as string | undefined,
      changed: JSON.stringify(withoutService(after)) !== JSON.stringify(before),
    }
  }

  for (const event of EVENTS) {
    const reached = new Set<string>()
    for (const status of STATUSES) {
      const allowed = TRANSITIONS[event][status]
      for (const way of WAYS[event]) {
        test(`${status}, ${event}: ${way.name} → ${allowed?.join(' or ') ?? 'nothing changes'}`, async () => {
          const { after, changed } = await happen(status, way)
          if (allowed === undefined) {
            // Of a running job only the wish is noted; `stop` is the event that ends it.
            const wish = event === 'cancel' && status === 'started'
            expect([after, changed]).toEqual([status, wish])
          } else {
            expect(allowed).toContain(after)
            expect(changed).toBe(true)
            reached.add(after!)
          }
        })
      }
    }
    test(`${event} reaches every status that the table lists`, () => {
      expect([...reached].sort()).toEqual([...new Set(Object.values(TRANSITIONS[event]).flat())].sort())
    })
  }
})

describe('a job past its ttl that no sweep has seen', () => {
  const store = storeOfFile()
  afterEach(() => wipe(store()))
  const late = { ttl: '40000', expires_at: '-20s' }

  for (const status of ['queued', 'scheduled', 'deferred'] as const) {
    test(`${status}: reads as expired, does not run, is not canceled, may be put back`, async () => {
      const now = await store().now()
      await seed(store(), 'q', stateOf(status, { name: '', job: late, call: sweeping }), now)
      expect((await readJob(store(), place))?.status).toBe('expired')
      expect(await canceling(store())).toBe('expired')
      expect(await again('promote')(store())).toEqual({ before: 'expired' })
      expect(await claim(store(), request(1))).toEqual([])
      expect(await again('requeue')(store())).toEqual({ before: 'expired' })
      expect(await snapshot(store(), 'q', now)).toMatchObject({
        queue: ['a'],
        'expiry:queued': { a: '+40s' },
        jobs: { a: { status: 'queued' } },
      })
      expect(await checkInvariants(store(), { queues: ['q'] })).toEqual([])
    })
  }
})

test('the table knows every event and status', () => {
  for (const event of EVENTS) expect(WAYS[event].length).toBeGreaterThan(0)
  for (const event of EVENTS) for (const status of STATUSES) expect(canMove(event, status)).toBe(TRANSITIONS[event][status] !== undefined)
  for (const status of STATUSES) expect(isStatus(status)).toBe(true)
  expect(isStatus('odd')).toBe(false)
})
