import { parseDuration } from '../duration.ts'
import type { RqtsErrorCode } from '../errors.ts'
import { type RetryPolicy, retryDelayMs, type TaskBackoff } from './backoff.ts'

export interface Failure {
  /** Whatever the handler threw. */
  error: unknown
  /** The job's own `retry`; absent when it has none. */
  policy?: RetryPolicy
  /** Failed attempts before this one. */
  failures: number
  /** The task's backoff function, for a policy that says `'task'`. */
  taskBackoff?: TaskBackoff
  /** In [0, 1): decides the jitter. */
  random: number
}

export type FailureDecision =
  | { kind: 'retry'; delayMs: number; error: unknown }
  /** `error` is what the job is said to have failed with. */
  | { kind: 'fail'; error: unknown }

const DEFAULT_RETRY_MAX = 3
const MAX_RETRY_MAX = 1_000

/** The same input would fail in the same way again, or running again is what must not happen. */
const NEVER_RETRIED: ReadonlySet<unknown> = new Set<RqtsErrorCode>([
  'RQTS_BAD_ARGS',
  'RQTS_BAD_PAYLOAD',
  'RQTS_PAYLOAD_TOO_LARGE',
  'RQTS_RESULT_NOT_STORED',
  'RQTS_CORRUPT',
  'RQTS_UNKNOWN_TASK',
])

/** From what a handler threw to what is written: another attempt, and when, or the end. */
export function decideFailure(failure: Failure): FailureDecision {
  const { error, policy, failures, random, taskBackoff } = failure
  const code = property(error, 'code')
  if (NEVER_RETRIED.has(code)) return { kind: 'fail', error }
  // By code, not by class: the handler may have loaded another copy of this library.
  const asked = code === 'RQTS_RETRY'
  const max = policy?.max ?? (asked ? askedMax(error) : 0)
  if (failures >= max) return { kind: 'fail', error: asked ? (property(error, 'cause') ?? error) : error }
  const ownDelayMs = asked ? askedDelayMs(error) : undefined
  return { kind: 'retry', delayMs: ownDelayMs ?? retryDelayMs(policy ?? { max }, failures + 1, random, taskBackoff), error }
}

function askedMax(error: unknown): number {
  const max = property(error, 'max')
  return typeof max === 'number' && max >= 0 ? Math.min(Math.floor(max), MAX_RETRY_MAX) : DEFAULT_RETRY_MAX
}

/** A delay that cannot be read must not cost the job its attempt: the policy's own stands in. */
function askedDelayMs(error: unknown): number | undefined {
  const delay = property(error, 'delay')
  if (typeof delay !== 'number' && typeof delay !== 'string') return undefined
  try {
    return parseDuration(delay, 'Retry.delay')
  } catch {
    return undefined
  }
}

function property(owner: unknown, name: string): unknown {
  try {
    return (owner as Record<string, unknown> | null | undefined)?.[name]
  } catch {
    return undefined
  }
}
