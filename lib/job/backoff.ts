import { type Duration, parseDuration, show } from '../duration.ts'
import { RqtsError } from '../errors.ts'
import type { RetryOption, TaskRetryOption } from './options.ts'

export type BackoffKind = 'fixed' | 'exponential' | 'linear'

/** A task's own backoff: milliseconds to wait before retry number `attempt` (1 is the first). */
export type TaskBackoff = (attempt: number) => number

/** How a job is tried again, as stored in its hash. All delays in milliseconds. */
export interface RetryPolicy {
  max: number
  delayMs?: number
  delaysMs?: readonly number[]
  /** `'task'`: the task's own function is asked at run time, since a function cannot be stored. */
  backoff?: BackoffKind | 'task'
  maxDelayMs?: number
  jitter?: number
}

const MAX_RETRIES = 1_000
const DEFAULT_GROWING_DELAY_MS = 1_000
/** A growing delay without a `maxDelay` stops here: a job that tries again next month helps nobody. */
const DEFAULT_MAX_DELAY_MS = 3_600_000
/** What a backoff function may ask for at most, when no `maxDelay` says less. */
const MAX_TASK_DELAY_MS = 365 * 86_400_000

export interface RetryRules {
  /** The option comes from `task({ retry })`, where `backoff` may be a function. */
  taskLevel?: boolean
}

export function normalizeRetry(retry: number | RetryOption | TaskRetryOption, rules: RetryRules = {}): RetryPolicy {
  if (typeof retry === 'number') return { max: count(retry) }
  if (typeof retry !== 'object' || retry === null) throw bad('retry', 'a count or { max, delay, … }', retry)
  const known = ['max', 'delay', 'delays', 'backoff', 'maxDelay', 'jitter']
  const unknown = Object.keys(retry).find((name) => !known.includes(name))
  if (unknown !== undefined) throw new RqtsError('RQTS_BAD_OPTION', `Unknown retry option '${unknown}'; known are ${known.join(', ')}`)
  const policy: RetryPolicy = { max: count(retry.max) }
  if (retry.delay !== undefined && retry.delays !== undefined) throw bad('retry', 'given delay or delays, not both', 'both')
  if (retry.delay !== undefined) policy.delayMs = parseDuration(retry.delay, 'retry.delay')
  if (retry.delays !== undefined) policy.delaysMs = delays(retry.delays)
  if (retry.backoff !== undefined) policy.backoff = rules.taskLevel && typeof retry.backoff === 'function' ? 'task' : kind(retry.backoff)
  if (retry.maxDelay !== undefined) policy.maxDelayMs = parseDuration(retry.maxDelay, 'retry.maxDelay')
  if (retry.jitter !== undefined) policy.jitter = share(retry.jitter)
  return policy
}

/**
 * The wait before retry number `retry` (1 is the first). `random` in [0, 1) decides the jitter,
 * which only shortens: a delay is never longer than its policy says. `taskBackoff` is what `'task'` asks.
 */
export function retryDelayMs(policy: RetryPolicy, retry: number, random: number, taskBackoff?: TaskBackoff): number {
  const bound = policy.maxDelayMs ?? DEFAULT_MAX_DELAY_MS
  const asked = policy.backoff === 'task' ? askTask(taskBackoff, retry) : undefined
  const full = asked === undefined ? baseDelayMs(policy, retry, bound) : Math.min(asked, policy.maxDelayMs ?? MAX_TASK_DELAY_MS)
  return Math.round(full * (1 - (policy.jitter ?? 0) * random))
}

/** A backoff function that throws or returns nonsense must not cost the job its retry: the default delay stands in. */
function askTask(taskBackoff: TaskBackoff | undefined, retry: number): number | undefined {
  try {
    const asked: unknown = taskBackoff?.(retry)
    return typeof asked === 'number' && asked >= 0 ? asked : undefined
  } catch {
    return undefined
  }
}

function baseDelayMs(policy: RetryPolicy, retry: number, bound: number): number {
  const list = policy.delaysMs
  if (list !== undefined) return list[Math.min(retry, list.length) - 1]!
  const kindOf = policy.backoff ?? 'fixed'
  if (kindOf === 'fixed') return policy.maxDelayMs === undefined ? (policy.delayMs ?? 0) : Math.min(policy.delayMs ?? 0, bound)
  const first = policy.delayMs ?? DEFAULT_GROWING_DELAY_MS
  const grown = kindOf === 'linear' ? first * retry : first * 2 ** (retry - 1)
  return Math.min(grown, Math.max(bound, policy.maxDelayMs === undefined ? first : 0))
}

function count(value: unknown): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= MAX_RETRIES) return value
  throw bad('retry.max', `a whole number from 0 to ${MAX_RETRIES}`, value)
}

function delays(value: readonly Duration[]): number[] {
  if (!Array.isArray(value) || value.length === 0 || value.length > 100) throw bad('retry.delays', 'a list of 1 to 100 durations', value)
  return value.map((delay, i) => parseDuration(delay as Duration, `retry.delays[${i}]`))
}

function kind(value: unknown): BackoffKind {
  if (value === 'fixed' || value === 'exponential' || value === 'linear') return value
  if (typeof value === 'function') {
    throw new RqtsError(
      'RQTS_BAD_OPTION',
      'retry.backoff can be a function only in task({ retry }): a function cannot be stored with a job',
    )
  }
  throw bad('retry.backoff', "'fixed', 'exponential' or 'linear'", value)
}

function share(value: unknown): number {
  if (value === true) return 1
  if (value === false) return 0
  if (typeof value === 'number' && value >= 0 && value <= 1) return value
  throw bad('retry.jitter', 'a number from 0 to 1, or true', value)
}

function bad(name: string, expected: string, got: unknown): RqtsError {
  return new RqtsError('RQTS_BAD_OPTION', `${name} must be ${expected}; got ${show(got)}`)
}
