import { hostname } from 'node:os'
import { type Duration, parseDuration, show } from '../duration.ts'
import { RqtsError } from '../errors.ts'
import { newToken } from '../job/id.ts'
import { createLogger, type Logger } from '../logger.ts'
import { checkName } from '../names.ts'
import type { ConnectionOption } from '../store/connect.ts'
import type { JobContext } from './context.ts'
import type { TaskSource } from './load-tasks.ts'
import { defaultConcurrency } from './pool/concurrency.ts'
import type { PoolKind } from './pool/pool.ts'

/** Around every handler: call `next()` to run it and return its result, or your own. */
export type Middleware = (context: JobContext, next: () => Promise<unknown>) => unknown

export type Strategy = 'priority' | 'round-robin' | 'random'

export interface WorkerOptions {
  connection?: ConnectionOption
  prefix?: string
  /** Default: host.pid.random. A name in use by a live worker is refused. */
  name?: string
  /** Files, module objects, tasks or functions: all that this worker will ever run. Default: `tasks.*` or `src/tasks.*`. */
  tasks?: readonly TaskSource[]
  /** Jobs that run at the same time. Default 10; with processes or threads the number of cores. */
  concurrency?: number
  /**
   * Where handlers run. `async` (the default): here, sharing the event loop. `processes`, `threads`: in children, one job each, so that
   * one that blocks or crashes harms no other and can be ended by force.
   */
  pool?: PoolKind
  /** How long a handler may go on after its timeout, before its child, or with `onBlocked: 'exit'` this process, is ended. Default 5 s. */
  grace?: Duration
  /**
   * `async` only: what a thread of its own does when a handler blocks the event loop. `warn` (the default): keeps the leases alive for as
   * long as the timeouts allow and says who blocked. `exit`: also ends this process when the job is past its timeout and grace; for
   * processes that do nothing else. `ignore`: no such thread.
   */
  onBlocked?: 'warn' | 'exit' | 'ignore'
  /** Children only: a new one after this many jobs. */
  maxJobsPerChild?: number
  /** Children only: a new process when one has grown beyond this after a job; the limit of a thread's heap. Bytes, or `'200mb'`. */
  maxMemoryPerChild?: number | string
  /** Children only: what a job prints also goes to its log. */
  captureOutput?: boolean
  /** Stop when nothing is left to do. */
  burst?: boolean
  /** Stop after this many jobs. */
  maxJobs?: number
  /** Stop after this long without a job. */
  maxIdle?: Duration
  /** From which queue the next job comes: always the first that has one, each in turn, or by chance. */
  strategy?: Strategy
  /** Promote due jobs and recover lost ones for these queues. Default true; one worker per queue does it at a time. */
  scheduler?: boolean
  /** For how long a job counts as ours without a sign of life. Default 30 s; renewed every third of it. */
  lease?: Duration
  /** How long running jobs may go on after `stop()`, and how long their outcomes are kept for a Redis that is away. Default 25 s. */
  shutdownTimeout?: Duration
  /** Most jobs claimed ahead of free slots while jobs are very short; 0 for never. Default: adaptive. */
  prefetch?: number
  /** How often a job may take its worker down before it fails. Default 3. */
  maxLost?: number
  logger?: Logger
  /** Around every handler, the first outermost. A path names a module whose default export is one, in children the only way. */
  middleware?: readonly (Middleware | string)[]
}

export interface NormalWorkerOptions {
  name: string
  pool: PoolKind
  concurrency: number
  graceMs: number
  onBlocked: 'warn' | 'exit' | 'ignore'
  maxJobsPerChild: number
  maxMemoryPerChild: number
  captureOutput: boolean
  burst: boolean
  maxJobs: number
  maxIdleMs: number
  strategy: Strategy
  scheduler: boolean
  leaseMs: number
  shutdownTimeoutMs: number
  prefetch: number
  maxLost: number
  logger: Logger
}

const KNOWN: ReadonlySet<string> = new Set([
  'connection',
  'prefix',
  'name',
  'tasks',
  'concurrency',
  'pool',
  'grace',
  'onBlocked',
  'maxJobsPerChild',
  'maxMemoryPerChild',
  'captureOutput',
  'burst',
  'maxJobs',
  'maxIdle',
  'strategy',
  'scheduler',
  'lease',
  'shutdownTimeout',
  'prefetch',
  'maxLost',
  'logger',
  'middleware',
] satisfies (keyof WorkerOptions)[])

const STRATEGIES: readonly Strategy[] = ['priority', 'round-robin', 'random']
const ON_BLOCKED = ['warn', 'exit', 'ignore'] as const
const POOLS: readonly PoolKind[] = ['async', 'processes', 'threads']
const MAX_CONCURRENCY = 1_000
/** More would only hide jobs from other workers. */
const MAX_PREFETCH = 500

export function normalizeWorkerOptions(options: WorkerOptions): NormalWorkerOptions {
  // Not shown: where a URL was given, it may hold a password.
  if (typeof options !== 'object' || options === null)
    throw new RqtsError('RQTS_BAD_OPTION', "The options of a Worker are an object such as { connection: 'redis://…', tasks: [add] }")
  const unknown = Object.keys(options).find((name) => !KNOWN.has(name))
  if (unknown !== undefined) {
    throw new RqtsError('RQTS_BAD_OPTION', `Unknown worker option '${unknown.slice(0, 60)}'; known are ${[...KNOWN].join(', ')}`)
  }
  checkList('tasks', options.tasks, 'files, modules and tasks', ['string', 'function', 'object'])
  checkList('middleware', options.middleware, 'functions and files', ['string', 'function'])
  const strategy = options.strategy ?? 'priority'
  if (!STRATEGIES.includes(strategy)) throw bad('strategy', "'priority', 'round-robin' or 'random'", strategy)
  const pool = options.pool ?? 'async'
  if (!POOLS.includes(pool)) throw bad('pool', "'async', 'processes' or 'threads'", pool)
  const onBlocked = options.onBlocked ?? 'warn'
  if (!ON_BLOCKED.includes(onBlocked)) throw bad('onBlocked', "'warn', 'exit' or 'ignore'", onBlocked)
  if (pool === 'async') refuseChildOptions(options)
  else if (options.onBlocked !== undefined)
    throw new RqtsError('RQTS_BAD_OPTION', `onBlocked is for pool: 'async'; in children a handler blocks nobody`)
  return {
    name: checkName('worker', options.name ?? defaultName()),
    pool,
    concurrency: checkConcurrency(options.concurrency ?? defaultConcurrency(pool)),
    graceMs: parseDuration(options.grace ?? '5s', 'grace'),
    onBlocked,
    maxJobsPerChild: upTo('maxJobsPerChild', options.maxJobsPerChild),
    maxMemoryPerChild:
      options.maxMemoryPerChild === undefined ? Number.POSITIVE_INFINITY : bytes('maxMemoryPerChild', options.maxMemoryPerChild),
    captureOutput: options.captureOutput ?? false,
    burst: options.burst ?? false,
    maxJobs: upTo('maxJobs', options.maxJobs),
    maxIdleMs: options.maxIdle === undefined ? Number.POSITIVE_INFINITY : parseDuration(options.maxIdle, 'maxIdle', { min: 1 }),
    strategy,
    scheduler: options.scheduler ?? true,
    leaseMs: parseDuration(options.lease ?? '30s', 'lease', { min: 100 }),
    shutdownTimeoutMs: parseDuration(options.shutdownTimeout ?? '25s', 'shutdownTimeout'),
    prefetch: options.prefetch === undefined ? MAX_PREFETCH : count('prefetch', options.prefetch, 0, MAX_PREFETCH),
    maxLost: count('maxLost', options.maxLost ?? 3, 1, 100),
    logger: options.logger ?? createLogger({ level: 'warn' }),
  }
}

/** Host names may hold characters that names may not. */
function defaultName(): string {
  const host =
    hostname()
      .replace(/[^A-Za-z0-9_.-]/g, '-')
      .slice(0, 64) || 'worker'
  return `${host}.${process.pid}.${newToken()
    .replace(/[^A-Za-z0-9]/g, '')
    .slice(0, 6)}`
}

function checkList(name: string, value: unknown, of: string, types: readonly string[]): void {
  if (value === undefined) return
  if (!Array.isArray(value)) throw bad(name, `a list of ${of}`, value)
  const odd = (value as unknown[]).findIndex((entry) => entry === null || !types.includes(typeof entry))
  if (odd !== -1) throw bad(`${name}[${odd}]`, `one of ${of}`, value[odd])
}

export function checkConcurrency(value: unknown): number {
  return count('concurrency', value, 1, MAX_CONCURRENCY)
}

function upTo(name: string, value: number | undefined): number {
  return value === undefined ? Number.POSITIVE_INFINITY : count(name, value, 1, Number.MAX_SAFE_INTEGER)
}

const UNITS: Readonly<Record<string, number>> = { '': 1, kb: 1_024, mb: 1_048_576, gb: 1_073_741_824 }

function bytes(name: string, value: number | string): number {
  const [, digits, unit] = /^(\d+(?:\.\d+)?)\s*([kmg]b|)$/i.exec(String(value)) ?? []
  const size = Number(digits) * (UNITS[(unit ?? '').toLowerCase()] ?? Number.NaN)
  // A Node process that has done nothing takes about 40 MB.
  if (size >= 1_048_576) return size
  throw bad(name, "a number of bytes from 1 MB, or text like '200mb'", value)
}

/** Here they would do nothing, and whoever asks for a limit must not believe that there is one. */
function refuseChildOptions(options: WorkerOptions): void {
  const name = (['maxJobsPerChild', 'maxMemoryPerChild', 'captureOutput'] as const).find((one) => options[one] !== undefined)
  if (name === undefined) return
  throw new RqtsError('RQTS_BAD_OPTION', `${name} is for pools of children: add pool: 'processes' or 'threads', or leave it out`)
}

function count(name: string, value: unknown, min: number, max: number): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) return value
  throw bad(name, `a whole number from ${min} to ${max}`, value)
}

function bad(name: string, expected: string, got: unknown): RqtsError {
  return new RqtsError('RQTS_BAD_OPTION', `${name} must be ${expected}; got ${show(got)}`)
}
