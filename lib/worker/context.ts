import { AsyncLocalStorage } from 'node:async_hooks'
import { RqtsError } from '../errors.ts'
import { parseRetry } from '../job/record.ts'
import { queueOf } from '../partition.ts'
import { decode, encode } from '../payload/payload.ts'
import type { ClaimedJob } from '../store/attempts.ts'
import type { Typed } from '../workflow/types.ts'
import { placeOf, type WorkflowPlace } from './inputs.ts'

/** What a running handler sees of its job: `this`, or `currentJob()`. */
export interface JobContext {
  readonly id: string
  readonly queue: string
  readonly task: string
  /** 1 for the first; grows with every start, also after a lost worker. */
  readonly attempt: number
  /** First attempt plus retries. */
  readonly maxAttempts: number
  readonly enqueuedAt: Date
  /** `id`, or `queue/id` for a parent in another queue. */
  readonly parentIds: readonly string[]
  /** Where the job stands in its workflow, undefined when it belongs to none. */
  readonly workflow: WorkflowPlace | undefined
  /** Aborts when the job times out, is canceled, loses its lease or its worker gives up waiting. `signal.reason` says which. */
  readonly signal: AbortSignal
  readonly meta: Readonly<Record<string, unknown>>
  /** Shown by `job.progress` and `job.events()`; the last value wins. */
  progress(value: unknown): Promise<void>
  /** Kept with the job, the last 1,000 lines. */
  log(line: string): Promise<void>
  /** Merges into the job's meta. */
  setMeta(patch: Record<string, unknown>): Promise<void>
  /** The job ends, and what waits for it goes on, when this workflow has ended too; it fails if that fails. Resolves once it is enqueued. */
  waitFor(flow: RunnableFlow<unknown>): Promise<void>
  /** The job ends as this workflow does, with its result: `return await this.replaceWith(flow)`. Resolves, to nothing yet, once it is enqueued. */
  replaceWith<Result>(flow: RunnableFlow<Result>): Promise<Result>
  /** Enqueues on this job's own queue unless the options name another. */
  readonly enqueue: EnqueueFromJob
}

/** Made concrete by rqts.ts: the worker does not know the client. */
// biome-ignore lint: an interface so that rqts.ts can extend it by declaration
export interface EnqueueFromJob {
  (task: never, args: never): Promise<unknown>
  /** Enqueues a workflow whose last job is on this job's own queue; returns the id of that one. `gives`: its result is asked for. */
  flow?(spec: object, gives: boolean): Promise<string>
}

/** A workflow that needs nothing from a step before it. */
export type RunnableFlow<Result> = Typed<true, never, Result, unknown, boolean> & { readonly spec: object }

/** What the context can do to the world; by turns backed by Redis (worker) or by memory (inline). */
export interface ContextPort {
  write(kind: 'progress' | 'log', text: string): Promise<void>
  mergeMeta(patch: Record<string, unknown>): Promise<Record<string, unknown>>
  enqueue: EnqueueFromJob
}

const MAX_PROGRESS_BYTES = 65_536
const MAX_LOG_CHARS = 8_192

export class RunningContext implements JobContext {
  readonly id: string
  readonly queue: string
  readonly task: string
  readonly attempt: number
  readonly #job: ClaimedJob
  readonly #portOf: (job: ClaimedJob) => ContextPort
  #madePort: ContextPort | undefined
  readonly #others: string[] = []
  #replaced = false
  #abort: AbortController | undefined
  #meta: Record<string, unknown> | undefined

  /** The port is made on first use: most handlers only compute. */
  constructor(job: ClaimedJob, portOf: (job: ClaimedJob) => ContextPort) {
    this.id = job.id
    this.queue = queueOf(job.queue)
    this.task = job.task
    this.attempt = job.attempt
    this.#job = job
    this.#portOf = portOf
  }

  get #port(): ContextPort {
    this.#madePort ??= this.#portOf(this.#job)
    return this.#madePort
  }

  get maxAttempts(): number {
    return 1 + (parseRetry(this.#job.more?.retry)?.max ?? 0)
  }

  get enqueuedAt(): Date {
    return new Date(this.#job.enqueuedAt)
  }

  get parentIds(): readonly string[] {
    const { parents } = this.#job.more ?? {}
    return parents === undefined ? [] : (JSON.parse(parents) as string[])
  }

  get workflow(): WorkflowPlace | undefined {
    return placeOf(this.#job)
  }

  // Made on demand: most handlers never look at it.
  get signal(): AbortSignal {
    this.#abort ??= new AbortController()
    return this.#abort.signal
  }

  get meta(): Readonly<Record<string, unknown>> {
    this.#meta ??= this.#job.more?.meta === undefined ? {} : (decode(this.#job.more.meta) as Record<string, unknown>)
    return this.#meta
  }

  /** Jobs to which the handler has left the end of this one. */
  get leftTo(): { kind: 'wait' | 'yield'; others: string } | undefined {
    return this.#others.length === 0 ? undefined : { kind: this.#replaced ? 'yield' : 'wait', others: this.#others.join(' ') }
  }

  async waitFor(flow: RunnableFlow<unknown>): Promise<void> {
    await this.#leaveTo(flow, false)
  }

  async replaceWith<Result>(flow: RunnableFlow<Result>): Promise<Result> {
    if (this.#replaced)
      throw new RqtsError('RQTS_BAD_STATE', 'replaceWith() was called twice: a job can end as one workflow only', { jobId: this.id })
    this.#replaced = true
    await this.#leaveTo(flow, true)
    return undefined as Result
  }

  async #leaveTo(flow: RunnableFlow<unknown>, gives: boolean): Promise<void> {
    const { enqueue } = this.#port
    if (enqueue.flow === undefined)
      throw new RqtsError('RQTS_BAD_STATE', 'A job that runs inline cannot enqueue workflows: run it in a worker', { jobId: this.id })
    this.#others.push(await enqueue.flow(flow.spec, gives))
  }

  get enqueue(): EnqueueFromJob {
    return this.#port.enqueue
  }

  abort(reason: RqtsError): void {
    this.#abort ??= new AbortController()
    this.#abort.abort(reason)
  }

  async progress(value: unknown): Promise<void> {
    await this.#port.write('progress', encode(value, 'progress', MAX_PROGRESS_BYTES))
  }

  async log(line: string): Promise<void> {
    await this.#port.write('log', String(line).slice(0, MAX_LOG_CHARS))
  }

  async setMeta(patch: Record<string, unknown>): Promise<void> {
    if (typeof patch !== 'object' || patch === null) throw new RqtsError('RQTS_BAD_OPTION', 'setMeta takes an object to merge into meta')
    this.#meta = await this.#port.mergeMeta(patch)
  }
}

// Shared by all copies of this library in the process: a task file may have loaded another one.
const KEY = Symbol.for('rqts.currentJob')
const shared = globalThis as { [KEY]?: AsyncLocalStorage<JobContext> }
shared[KEY] ??= new AsyncLocalStorage<JobContext>()
const storage: AsyncLocalStorage<JobContext> = shared[KEY]

/** The job in which this code runs, undefined outside of any. */
export function currentJob(): JobContext | undefined {
  return storage.getStore()
}

export function runInContext<T>(context: JobContext, run: () => T): T {
  return storage.run(context, run)
}
