import { type Duration, parseDate, parseDuration, show } from '../duration.ts'
import { RqtsError } from '../errors.ts'
import { checkJobId, checkName } from '../names.ts'
import { type BackoffKind, normalizeRetry, type RetryPolicy, type RetryRules, type TaskBackoff } from './backoff.ts'
import { checkKey } from './limits.ts'

/** A job, or anything that names one: dependencies and look-ups take either. */
export interface JobRef {
  readonly id: string
  readonly queue: string
}

export interface DependsOn {
  jobs: string | JobRef | readonly (string | JobRef)[]
  /** Run also when a parent failed, was canceled, stopped, expired or deleted. */
  allowFailure?: boolean
  /** Put this job at the front of its queue once its parents have ended. */
  atFront?: boolean
}

export interface RetryOption {
  /** Attempts after the first one. */
  max: number
  /** Wait before a retry. Default 0 with `backoff: 'fixed'`, 1 s with the growing ones. */
  delay?: Duration
  /** One delay per retry, read from the front; the last one repeats. */
  delays?: readonly Duration[]
  backoff?: BackoffKind
  /** Upper bound of a growing delay. */
  maxDelay?: Duration
  /** 0 to 1: the share of each delay that is drawn at random. `true` means 1. */
  jitter?: number | boolean
}

/** `retry` of a task, which may also bring its own backoff function: it stays in the program, never in Redis. */
export type TaskRetryOption = Omit<RetryOption, 'backoff'> & { backoff?: BackoffKind | TaskBackoff }

export interface UniqueOption {
  /** Default: a digest of the task's name and its arguments. */
  key?: string
  /** The key is given up after this time even if the job has not ended. */
  ttl?: Duration
  mode?: 'reject' | 'return' | 'replace'
  /** With `mode: 'replace'` and a `delay`: however often the job is replaced, it runs this long after the first of these calls. */
  maxWait?: Duration
  /** One job in this time, counted from its enqueue, also when it has long ended: with `mode: 'reject'` or `'return'`. */
  throttle?: Duration
}

export interface RepeatOption {
  /** Further runs after the first. */
  times: number
  /** From the end of a run to the next. Default: none. */
  every?: Duration
}

/** A task, its name, or a signature of it. */
export type Callback = ((...args: never[]) => unknown) | string | { readonly spec: object }

export interface JobOptions {
  /** Your own id, `[A-Za-z0-9_-]{1,128}`. Default: a ULID. */
  jobId?: string
  /** What people see in lists. Default: the call, `add(2, 3)`. */
  description?: string
  /** Longest run of one attempt. Default 3 minutes; `Infinity` or -1 for none. */
  timeout?: Duration
  /** How long a result is kept. Default 500 s; 0 deletes the job at once, `Infinity` or -1 keeps it. */
  resultTtl?: Duration
  /** How long a job that did not finish is kept. Default 1 year. */
  failureTtl?: Duration
  /** Longest wait before the first attempt; past it the job ends `expired`. Default: none. */
  ttl?: Duration
  delay?: Duration
  runAt?: Date | number
  dependsOn?: string | JobRef | readonly (string | JobRef)[] | DependsOn
  atFront?: boolean
  /** -9 to 9, default 0. Within a queue jobs of a higher level go first, whatever waits below; jobs of one level in their order. */
  priority?: number
  /** Of the jobs of one key, a customer's id for example, one runs at a time, or as many as `queue.setLimits` says. Keys take turns. */
  concurrencyKey?: string
  meta?: Record<string, unknown>
  retry?: number | RetryOption
  unique?: boolean | UniqueOption
  /** Run again after success: the same job, a new result each time. `result()`, dependents and callbacks wait for the last run; a failure ends it. */
  repeat?: RepeatOption
  /** What to do when `jobId` is in use. Default `'error'`. */
  ifExists?: 'error' | 'return'
  tags?: readonly string[]
  /** Enqueued once when the job has finished, with its result before the task's own arguments. */
  onSuccess?: Callback
  /** Enqueued once when the job has failed for good, with `{ name, message, stack … }` of its error before the task's own arguments. */
  onFailure?: Callback
}

export type TaskJobOptions = Omit<JobOptions, 'retry'> & { retry?: number | TaskRetryOption }

export const DEFAULT_TIMEOUT_MS = 180_000
export const DEFAULT_RESULT_TTL_MS = 500_000
export const DEFAULT_FAILURE_TTL_MS: number = 365 * 86_400_000
const MAX_DEPENDENCIES = 1_000
const MAX_TAGS = 50
export const MAX_PRIORITY = 9
const MAX_REPEATS = 1_000_000

/** A parent as given: `queue` is undefined for a bare id, which means the child's own queue. */
export interface ParentRef {
  id: string
  queue?: string
}

/** `JobOptions` after validation: plain numbers in milliseconds, -1 for "without end", absent when not asked for. */
export interface NormalOptions {
  jobId?: string
  description?: string
  timeoutMs: number
  resultTtlMs?: number
  failureTtlMs?: number
  ttlMs?: number
  delayMs?: number
  runAtMs?: number
  parents: readonly ParentRef[]
  allowFailure: boolean
  atFront: boolean
  /** Absent for 0. */
  priority?: number
  concurrencyKey?: string
  meta?: Record<string, unknown>
  retry?: RetryPolicy
  unique?: { key?: string; ttlMs?: number; maxWaitMs?: number; throttleMs?: number; mode: 'reject' | 'return' | 'replace' }
  repeat?: { times: number; everyMs: number }
  ifExists: 'error' | 'return'
  tags?: readonly string[]
  onSuccess?: Callback
  onFailure?: Callback
}

const KNOWN: ReadonlySet<string> = new Set([
  'jobId',
  'description',
  'timeout',
  'resultTtl',
  'failureTtl',
  'ttl',
  'delay',
  'runAt',
  'dependsOn',
  'atFront',
  'priority',
  'concurrencyKey',
  'meta',
  'retry',
  'unique',
  'repeat',
  'ifExists',
  'tags',
  'onSuccess',
  'onFailure',
] satisfies (keyof JobOptions)[])

const NO_PARENTS: readonly ParentRef[] = []
const PLAIN: NormalOptions = {
  timeoutMs: DEFAULT_TIMEOUT_MS,
  parents: NO_PARENTS,
  allowFailure: false,
  atFront: false,
  ifExists: 'error',
}

/** The one place where options are read. Most jobs carry none, and those cost nothing here. */
export function normalizeOptions(options: JobOptions | TaskJobOptions | undefined, rules: RetryRules = {}): NormalOptions {
  if (options === undefined) return PLAIN
  if (typeof options !== 'object' || options === null) throw bad('options', 'an object', options)
  const normal: NormalOptions = { ...PLAIN }
  for (const name of Object.keys(options)) {
    if (!KNOWN.has(name)) {
      throw new RqtsError('RQTS_BAD_OPTION', `Unknown job option '${name.slice(0, 60)}'; known are ${[...KNOWN].join(', ')}`)
    }
  }
  const { timeout, resultTtl, failureTtl, ttl, delay, runAt, dependsOn, retry, unique } = options
  if (options.jobId !== undefined) normal.jobId = checkJobId(options.jobId)
  if (options.description !== undefined) normal.description = text('description', options.description, 1_000)
  if (timeout !== undefined) normal.timeoutMs = parseDuration(timeout, 'timeout', { min: 1, unlimited: true })
  if (resultTtl !== undefined) normal.resultTtlMs = parseDuration(resultTtl, 'resultTtl', { unlimited: true })
  if (failureTtl !== undefined) normal.failureTtlMs = parseDuration(failureTtl, 'failureTtl', { unlimited: true })
  if (ttl !== undefined) {
    const ttlMs = parseDuration(ttl, 'ttl', { min: 1, unlimited: true })
    if (ttlMs !== -1) normal.ttlMs = ttlMs
  }
  if (delay !== undefined && runAt !== undefined) throw bad('delay and runAt', 'given one at a time', 'both')
  if (delay !== undefined) normal.delayMs = parseDuration(delay, 'delay')
  if (runAt !== undefined) normal.runAtMs = parseDate(runAt, 'runAt')
  if (dependsOn !== undefined) Object.assign(normal, parents(dependsOn))
  if (options.atFront !== undefined) normal.atFront = normal.atFront || flag('atFront', options.atFront)
  if (options.priority !== undefined && priority(options.priority) !== 0) normal.priority = options.priority
  if (options.concurrencyKey !== undefined) normal.concurrencyKey = checkKey(options.concurrencyKey)
  if (options.meta !== undefined) normal.meta = meta(options.meta)
  if (retry !== undefined) normal.retry = normalizeRetry(retry, rules)
  if (unique !== undefined && unique !== false) normal.unique = uniqueOption(unique)
  if (options.repeat !== undefined) normal.repeat = repeat(options.repeat)
  if (options.ifExists !== undefined) {
    if (options.ifExists !== 'error' && options.ifExists !== 'return') throw bad('ifExists', "'error' or 'return'", options.ifExists)
    normal.ifExists = options.ifExists
  }
  if (options.tags !== undefined) normal.tags = tags(options.tags)
  if (options.onSuccess !== undefined) normal.onSuccess = callback('onSuccess', options.onSuccess)
  if (options.onFailure !== undefined) normal.onFailure = callback('onFailure', options.onFailure)
  return normal
}

function parents(option: NonNullable<JobOptions['dependsOn']>): Pick<NormalOptions, 'parents' | 'allowFailure' | 'atFront'> {
  const full: DependsOn = isDependsOn(option) ? option : { jobs: option }
  const list = Array.isArray(full.jobs) ? (full.jobs as readonly (string | JobRef)[]) : [full.jobs as string | JobRef]
  if (list.length > MAX_DEPENDENCIES) throw bad('dependsOn', `at most ${MAX_DEPENDENCIES} jobs`, list.length)
  const seen = new Map<string, ParentRef>()
  for (const entry of list) {
    const ref = parent(entry)
    seen.set(`${ref.queue ?? ''}/${ref.id}`, ref)
  }
  return {
    parents: [...seen.values()],
    allowFailure: full.allowFailure !== undefined && flag('dependsOn.allowFailure', full.allowFailure),
    atFront: full.atFront !== undefined && flag('dependsOn.atFront', full.atFront),
  }
}

function isDependsOn(value: unknown): value is DependsOn {
  return typeof value === 'object' && value !== null && 'jobs' in value
}

function parent(entry: unknown): ParentRef {
  if (typeof entry === 'string') return { id: checkJobId(entry) }
  if (typeof entry === 'object' && entry !== null && 'id' in entry && 'queue' in entry) {
    return { id: checkJobId(entry.id), queue: checkName('queue', entry.queue) }
  }
  throw bad('dependsOn', 'a Job, a job id, a list of them, or { jobs, allowFailure, atFront }', entry)
}

function uniqueOption(option: true | UniqueOption): NonNullable<NormalOptions['unique']> {
  if (option === true) return { mode: 'reject' }
  if (typeof option !== 'object' || option === null) throw bad('unique', 'true or { key, ttl, mode }', option)
  const mode = option.mode ?? 'reject'
  if (mode !== 'reject' && mode !== 'return' && mode !== 'replace') throw bad('unique.mode', "'reject', 'return' or 'replace'", mode)
  const normal: NonNullable<NormalOptions['unique']> = { mode }
  if (option.key !== undefined) normal.key = checkKey(option.key, 'unique.key')
  for (const name of ['ttl', 'maxWait', 'throttle'] as const) {
    const value = option[name]
    if (value !== undefined) normal[`${name}Ms`] = parseDuration(value, `unique.${name}`, { min: 1 })
  }
  if (option.maxWait !== undefined && mode !== 'replace')
    throw bad('unique.mode', "'replace' with maxWait, which is for jobs that are put off", mode)
  if (option.throttle !== undefined && mode === 'replace') throw bad('unique.mode', "'reject' or 'return' with throttle", mode)
  return normal
}

function repeat(option: RepeatOption): NonNullable<NormalOptions['repeat']> {
  if (typeof option !== 'object' || option === null) throw bad('repeat', "{ times, every } such as { times: 3, every: '1m' }", option)
  const { times, every = 0 } = option
  if (!Number.isInteger(times) || times < 1 || times > MAX_REPEATS)
    throw bad('repeat.times', `a whole number from 1 to ${MAX_REPEATS.toLocaleString('en')}; for more, make a schedule`, times)
  return { times, everyMs: parseDuration(every, 'repeat.every') }
}

function priority(value: number): number {
  if (Number.isInteger(value) && Math.abs(value) <= MAX_PRIORITY) return value
  throw bad('priority', `a whole number from -${MAX_PRIORITY} to ${MAX_PRIORITY}`, value)
}

function tags(value: readonly string[]): readonly string[] {
  if (!Array.isArray(value) || value.length > MAX_TAGS) throw bad('tags', `a list of at most ${MAX_TAGS} names`, value)
  return [...new Set(value.map((tag) => checkName('tag', tag)))]
}

function callback(name: string, value: Callback): Callback {
  if (typeof value === 'function') return value
  if (typeof value === 'string') return checkName('task', value)
  if (typeof value === 'object' && value !== null && 'spec' in value) return value
  throw bad(name, "a task, a task's name or a signature such as report.s('weekly')", value)
}

function meta(value: Record<string, unknown>): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value
  throw bad('meta', 'an object', value)
}

function text(name: string, value: unknown, maxLength: number): string {
  if (typeof value === 'string' && value.length > 0 && value.length <= maxLength) return value
  throw bad(name, `a text of 1 to ${maxLength} characters`, value)
}

function flag(name: string, value: unknown): boolean {
  if (typeof value === 'boolean') return value
  throw bad(name, 'true or false', value)
}

function bad(name: string, expected: string, got: unknown): RqtsError {
  return new RqtsError('RQTS_BAD_OPTION', `${name} must be ${expected}; got ${show(got)}`)
}
