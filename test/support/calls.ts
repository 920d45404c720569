import { type Attempt, type ClaimRequest, claim, type Outcome, type SettleReply, settle, type Verdict } from '../../lib/store/attempts.ts'
import { type Control, enqueueJobs, type NewJob } from '../../lib/store/enqueue.ts'
import type { Store } from '../../lib/store/store.ts'
import type { AttemptLine, JobSpec } from './state.ts'

/** Calls on queue `q` as a worker `w` makes them, short enough for a table. */
export type Call = (store: Store) => Promise<unknown>

/** A job that only has what every job has, or with options: `fields` by name. */
export function newJob(id: string, control?: Control, fields: Record<string, string> = {}): NewJob {
  return { id, control, fields: Object.entries({ task: 't', args: '[]', timeout: '180000', ...fields }).flat() }
}

/** What the hash of such a job says besides, when it was just written. */
export function fresh(special: JobSpec = {}): JobSpec {
  return { created_at: null, enqueued_at: 'now', ...special }
}

export function enqueue(...jobs: NewJob[]): Call {
  return (store) => enqueueJobs(store, 'q', jobs, true)
}

export function enqueueEach(...jobs: NewJob[]): Call {
  return (store) => enqueueJobs(store, 'q', jobs, false)
}

/** Worker `w`, token `T2`, lease of 60 s. */
export function request(want: number, special: Partial<ClaimRequest> = {}): ClaimRequest {
  return { token: 'T2', worker: 'w', want, leaseMs: 60_000, queues: ['q'], ...special }
}

export function claimJobs(want: number, special: Partial<ClaimRequest> = {}): Call {
  return (store) => claim(store, request(want, special))
}

/** A claimed job that only has what every job has, as a claim returns it. */
export function claimed(id: string, special: Record<string, unknown> = {}): unknown {
  return { queue: 'q', id, token: 'T2', attempt: 1, task: 't', args: '[]', timeoutMs: 180_000, enqueuedAt: '-60s', ...special }
}

/** What the hash says besides, once `w` has claimed it with `T2`. */
export function running(special: JobSpec = {}): JobSpec {
  return { token: 'T2', started_at: 'now', ...special }
}

/** Settles without claiming. */
export function settleJobs(...outcomes: Outcome[]): Call {
  return (store) => settle(store, request(0), outcomes)
}

export function settled(verdicts: Verdict[], outbox = false, jobs: unknown[] = []): SettleReply {
  return { verdicts, outbox, jobs: jobs as SettleReply['jobs'] }
}

export const ok = (id: string, result = '42'): Outcome => ({ ...attempt(id), kind: 'ok', result })
export const retry = (id: string, delayMs = 60_000): Outcome => ({ ...attempt(id), kind: 'retry', delayMs, error: '{"name":"E"}' })
export const fail = (id: string): Outcome => ({ ...attempt(id), kind: 'fail', reason: 'error', error: '{"name":"E"}' })
export const stop = (id: string, error = ''): Outcome => ({ ...attempt(id), kind: 'stop', reason: 'canceled', error })
export const lost = (id: string, maxLost = 3): Outcome => ({ ...attempt(id), kind: 'lost', maxLost, error: '{"name":"E"}' })
export const release = (id: string): Outcome => ({ ...attempt(id), kind: 'release' })

/** What the history says of the attempt that a seeded started job was in. */
export function line(outcome: string, error?: unknown, number = 1): AttemptLine {
  return { attempt: number, worker: 'w', startedAt: '-20s', endedAt: 'now', outcome, ...(error !== undefined && { error }) }
}

/** The attempt that a seeded started job is in. */
export function attempt(id: string, special: Partial<Attempt> = {}): Attempt {
  return { queue: 'q', id, token: 'T', ...special }
}

export const YEAR = '+31536000s'

/** What the hash of a job says that was found where it cannot be, and failed for it. */
export const CORRUPT: JobSpec = {
  reason: 'corrupt',
  error:
    '{"name":"RqtsError","code":"RQTS_CORRUPT","message":"The record of the job is broken: it lacks its task, its args or a status that agrees with its place"}',
  ended_at: 'now',
  attempt: null,
  token: null,
  worker: null,
  started_at: null,
}
