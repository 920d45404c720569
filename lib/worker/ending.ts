import { RqtsError } from '../errors.ts'
import type { RetryPolicy, TaskBackoff } from '../job/backoff.ts'
import { decideFailure } from '../job/outcome.ts'
import { parseRetry } from '../job/record.ts'
import { encodeError } from '../payload/stored-error.ts'
import type { ClaimedJob, Outcome } from '../store/attempts.ts'
import { attemptOf } from './run.ts'

/** How an attempt ends: what is written, and the error that people hear of. */
export interface Ending {
  /** Undefined when the lease is someone else's and nothing is to be written. */
  outcome: Outcome | undefined
  error?: unknown
}

/** What the task says about retries, for jobs that say nothing themselves. */
export interface TaskRetry {
  policy?: RetryPolicy | undefined
  backoff?: TaskBackoff | undefined
}

/** An attempt that failed is tried again, or the job ends: by its own policy, else by its task's. */
export function failure(job: ClaimedJob, error: unknown, reason: string, task: TaskRetry = {}): Ending {
  const policy = parseRetry(job.more?.retry) ?? task.policy
  const decision = decideFailure({
    error,
    failures: job.more?.failures ?? 0,
    random: Math.random(),
    ...(policy !== undefined && { policy }),
    ...(task.backoff !== undefined && { taskBackoff: task.backoff }),
  })
  const text = encodeError(decision.error)
  const outcome: Outcome =
    decision.kind === 'retry'
      ? { ...attemptOf(job), kind: 'retry', delayMs: decision.delayMs, error: text }
      : { ...attemptOf(job), kind: 'fail', reason, error: text }
  return { outcome, error: decision.error }
}

/** Why an attempt ends although its handler has not: `release` puts it back, `lost` means that another worker may have it. */
export type Interruption = 'timeout' | 'stop' | 'release' | 'lost'

const CODES = { timeout: 'RQTS_TIMEOUT', stop: 'RQTS_STOPPED', release: 'RQTS_ABORTED', lost: 'RQTS_LEASE_LOST' } as const

/** The reason with which the handler's signal aborts. `how` says what came of it, for pools that wait and see. */
export function interruptionError(job: ClaimedJob, kind: Interruption, how = ''): RqtsError {
  return new RqtsError(CODES[kind], describe(job, kind) + how, { jobId: job.id })
}

function describe({ id, task, timeoutMs }: ClaimedJob, kind: Interruption): string {
  switch (kind) {
    case 'timeout':
      return `Task ${task} ran longer than its timeout of ${timeoutMs} ms`
    case 'stop':
      return `Job ${id} was canceled while it ran`
    case 'release':
      return `The worker stops before job ${id} has ended; the job goes back to its queue`
    case 'lost':
      return `The lease of job ${id} has ended: another worker may run it, and nothing that this attempt writes counts`
  }
}

export function interrupted(job: ClaimedJob, kind: Interruption, error: RqtsError, task?: TaskRetry): Ending {
  if (kind === 'timeout') return failure(job, error, 'timeout', task)
  if (kind === 'lost') return { outcome: undefined }
  return { outcome: kind === 'stop' ? { ...attemptOf(job), kind, reason: 'canceled', error: '' } : { ...attemptOf(job), kind } }
}
