import { type Duration, parseDuration, show } from '../duration.ts'
import { RqtsError } from '../errors.ts'
import { type JobOptions, type NormalOptions, normalizeOptions } from '../job/options.ts'
import { jobOptions } from '../task/job-options.ts'
import type { TaskDefinition } from '../task/task.ts'
import { orPlain } from './draft.ts'
import type { Route } from './routes.ts'
import type { ConnectOptions } from './shared-store.ts'

export interface QueueOptions extends ConnectOptions {
  /** For jobs of which neither the call nor the task says anything else. */
  defaults?: JobOptions
  /** Run each job at once in this process instead, without Redis: for tests and scripts. */
  inline?: boolean
  /**
   * Spreads a hot queue over so many slots of a Cluster, up to 64: it stays one queue to all who use it. Said once, Redis remembers
   * it, and others need not say it. See docs/cluster.md.
   */
  partitions?: number
  /**
   * Makes this a queue that sends jobs on: a task goes to its own queue, else to that of the first route that fits its name, else
   * here. Without routes, all jobs that are enqueued on this queue are its own.
   */
  routes?: readonly Route[]
}

export interface PauseOptions {
  /** Goes on by itself after so long. Default: until `resume()`. */
  for?: Duration
}

/** In ms; undefined for ever. What is meant as a time must not become for ever because it stood in the wrong place. */
export function pauseLength(options: PauseOptions | undefined): number | undefined {
  if (options === undefined) return undefined
  if (typeof options !== 'object' || options === null || Object.keys(options).some((name) => name !== 'for')) {
    const got = typeof options === 'object' && options !== null ? `{ ${Object.keys(options).join(', ')} }` : show(options)
    throw new RqtsError('RQTS_BAD_OPTION', `pause() takes nothing, or { for: '10m' }; got ${got}`)
  }
  return options.for === undefined ? undefined : parseDuration(options.for, 'for', { min: 1 })
}

const KNOWN: readonly string[] = ['connection', 'prefix', 'defaults', 'inline', 'partitions', 'routes'] satisfies (keyof QueueOptions)[]

/** A slip in `connection` would go to another Redis without a word. */
export function checkQueueOptions(options: unknown): void {
  // Not shown: where a URL was given, it may hold a password.
  if (typeof options !== 'object' || options === null)
    throw new RqtsError(
      'RQTS_BAD_OPTION',
      `The options of a Queue are an object such as { connection: 'redis://…' }, not ${options === null ? 'null' : `a ${typeof options}`}`,
    )
  const unknown = Object.keys(options).find((name) => !KNOWN.includes(name))
  if (unknown !== undefined)
    throw new RqtsError('RQTS_BAD_OPTION', `Unknown queue option '${unknown.slice(0, 60)}'; known are ${KNOWN.join(', ')}`)
}

/** Stands for a plain function or a name. */
const NO_TASK = {}

/** Options of jobs on one queue: the call wins over the task, the task over the queue. */
export class OptionLayers {
  readonly #defaults: JobOptions | undefined
  /** Most calls bring no options: for those there is one answer per task. */
  readonly #known = new WeakMap<TaskDefinition | typeof NO_TASK, NormalOptions>()

  constructor(defaults: JobOptions | undefined) {
    this.#defaults = defaults
    normalizeOptions(defaults)
    if (defaults?.jobId !== undefined)
      throw new RqtsError('RQTS_BAD_OPTION', 'defaults.jobId would give all jobs of the queue one id; give it per job')
  }

  of(definition: TaskDefinition | undefined, options: JobOptions | undefined): NormalOptions {
    if (options !== undefined) return jobOptions(definition, this.#defaults, options)
    const known = this.#known.get(definition ?? NO_TASK)
    if (known !== undefined) return known
    const fresh = orPlain(jobOptions(definition, this.#defaults))
    this.#known.set(definition ?? NO_TASK, fresh)
    return fresh
  }
}
