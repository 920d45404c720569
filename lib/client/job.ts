import { show } from '../duration.ts'
import { DuplicateJob, RqtsError } from '../errors.ts'
import type { JobSnapshot } from '../job/record.ts'
import { hasEnded, isWaiting, type JobStatus } from '../job/state.ts'
import { checkJobId, checkName } from '../names.ts'
import { cancelJob, findJob, type Place, readJob, readJobs, readList, requeueJob, statusOf } from '../store/jobs.ts'
import { parseRef } from '../store/keys.ts'
import { deliverOutbox } from '../store/maintain.ts'
import { namesOf } from '../store/partitions.ts'
import { queueNames } from '../store/queues.ts'
import type { Store } from '../store/store.ts'
import type { AnyFunction, ResultOf } from '../task/infer.ts'
import { type AttemptRecord, attemptsOf } from './attempts.ts'
import { JobEvents } from './events.ts'
import { type Birth, JobFields } from './job-fields.ts'
import { mergeMeta } from './meta.ts'
import { removeWithDependents } from './removal.ts'
import { type ConnectOptions, sharedStore } from './shared-store.ts'
import { type Ending, notFound, type Settled, settledOf, type WaitOptions, waitForEnd } from './waiter.ts'

export interface FetchOptions extends ConnectOptions {
  /** Where to look. Default: all queues. */
  queue?: string
}

/**
 * A handle on a job. Fields show the last snapshot that was read; methods ask Redis. `Result` is what its function returns.
 * Jobs come from `queue.enqueue` and `Job.fetch`, never from `new`.
 */
export class Job<Result = unknown> extends JobFields<Result> {
  readonly #store: Store | undefined

  constructor(store: Store | undefined, from: Birth | JobSnapshot) {
    super(from)
    this.#store = store
  }

  /** Throws JobNotFound. `Job.fetch<typeof add>(id)` says what the job is; without it the result is unknown. */
  static async fetch<F extends AnyFunction = AnyFunction>(id: string, options: FetchOptions = {}): Promise<Job<ResultOf<F>>> {
    const [job] = await Job.fetchMany<F>([id], options)
    if (job) return job
    throw notFound({ id, queue: options.queue ?? '' })
  }

  static async fetchMany<F extends AnyFunction = AnyFunction>(
    ids: readonly string[],
    options: FetchOptions = {},
  ): Promise<(Job<ResultOf<F>> | null)[]> {
    for (const id of ids) checkJobId(id)
    const store = sharedStore(options)
    const queues = options.queue === undefined ? await queueNames(store) : await namesOf(store, checkName('queue', options.queue))
    const places = await Promise.all(
      ids.map(async (id) => (queues.length === 1 ? { queue: queues[0]!, id } : await findJob(store, id, queues))),
    )
    const known = places.filter((place): place is Place => place !== null)
    const read = new Map((await readJobs(store, known)).map((snapshot, i) => [known[i]!.id, snapshot]))
    return ids.map((id) => {
      const snapshot = read.get(id)
      return snapshot ? new Job<ResultOf<F>>(store, snapshot) : null
    })
  }

  /** Reads the job anew. Throws JobNotFound when it is gone. */
  async refresh(): Promise<this> {
    const snapshot = await readJob(this.store, this.place)
    if (snapshot === null) throw notFound(this)
    this.show(snapshot)
    return this
  }

  async exists(): Promise<boolean> {
    return (await statusOf(this.store, this.place)) !== null
  }

  /**
   * Waits for the end and gives what the function returned. Otherwise throws: JobFailed (its `cause` is what the function
   * threw), JobCanceled (canceled or stopped), JobExpired, JobNotFound, and WaitTimeout when `timeout` runs out first.
   */
  async result(options: WaitOptions = {}): Promise<Result> {
    const settled = await this.settle(options)
    if (settled.status === 'finished') return settled.value
    throw settled.error
  }

  /** Like `result()`, with the outcome as a value: throws only when there is none (not found, timeout, aborted). */
  async settle(options: WaitOptions = {}): Promise<Settled<Result>> {
    const ending = await waitForEnd(this.store, this.place, options)
    this.#end(ending)
    return settledOf<Result>(this, this.task, ending)
  }

  /** Status changes, progress and log lines as they happen, from the present state to the end. */
  events(options: { signal?: AbortSignal } = {}): JobEvents {
    return new JobEvents(this.store, this.place, options.signal)
  }

  /** Every attempt that did not simply succeed (the last 20), and the one that runs or has finished. */
  async attempts(): Promise<AttemptRecord[]> {
    const [snapshot, history] = await Promise.all([readJob(this.store, this.place), readList(this.store, this.place, 'attempts')])
    if (snapshot === null) throw notFound(this)
    this.show(snapshot)
    return attemptsOf(snapshot, history)
  }

  /** What the handler logged, the last 1,000 lines. */
  async logs(): Promise<string[]> {
    return readList(this.store, this.place, 'logs')
  }

  /**
   * A waiting job ends `canceled`. Of a running one the signal aborts, and it ends `stopped`. Its dependents are canceled with
   * it, or with `enqueueDependents` go on as if it had finished. A job that has ended is refused with RQTS_BAD_STATE.
   */
  async cancel(options: { enqueueDependents?: boolean } = {}): Promise<void> {
    const before = await cancelJob(this.store, this.place, { reason: 'canceled', release: options.enqueueDependents === true })
    if (before === null) throw notFound(this)
    if (hasEnded(before)) throw this.#refuse('cancel', before, 'only jobs that wait or run can be canceled')
    if (isWaiting(before)) await deliverOutbox(this.store, this.place.queue)
    await this.#reload()
  }

  /** Back into the queue with a fresh retry budget, whatever its end was. */
  async requeue(options: { atFront?: boolean } = {}): Promise<void> {
    const { before, blockedBy, waits } = await requeueJob(this.store, this.place, 'requeue', options.atFront === true)
    if (before === null) throw notFound(this)
    if (blockedBy !== undefined) {
      throw new DuplicateJob(
        `Job ${this.id} was not requeued: its unique key ${show(this.snapshot.uniqueKey)} is now held by job ${blockedBy}. Wait until that has ended, or cancel it`,
        blockedBy,
      )
    }
    if (waits)
      throw this.#refuse('requeue', before, 'it waits for other jobs of its workflow that failed: requeue those, and it comes back')
    if (!hasEnded(before)) throw this.#refuse('requeue', before, 'only jobs that have ended can be requeued')
    await this.#reload()
  }

  /** A scheduled job is queued now. */
  async promote(): Promise<void> {
    const { before } = await requeueJob(this.store, this.place, 'promote', false)
    if (before === null) throw notFound(this)
    if (before !== 'scheduled') throw this.#refuse('promote', before, 'only scheduled jobs can be promoted')
    await this.#reload()
  }

  /**
   * Deletes the job with everything it has; a handler that runs it is told to stop. Jobs that depend on it and still wait are
   * canceled (unless they allow failures), or with `dependents` deleted before it, and theirs before them.
   */
  async delete(options: { dependents?: boolean } = {}): Promise<void> {
    await removeWithDependents(this.store, this.place, options.dependents === true)
  }

  /** The jobs that this one depends on, as far as they still exist. */
  async dependencies(): Promise<Job[]> {
    return this.#jobs(this.snapshot.parents)
  }

  /** The jobs that wait for this one, in the order in which they were enqueued. Once it has ended and told them there are none. */
  async dependents(): Promise<Job[]> {
    return this.#jobs(await readList(this.store, this.place, 'dependents'))
  }

  /** Merges into meta. What others save at the same time is kept: nobody's keys are overwritten but those of the patch. */
  async saveMeta(patch: Record<string, unknown>): Promise<void> {
    const text = await mergeMeta(this.store, this.place, this.snapshot.meta, patch)
    this.show({ ...this.snapshot, meta: text })
  }

  /** @internal */
  protected get store(): Store {
    if (this.#store !== undefined) return this.#store
    throw new RqtsError(
      'RQTS_BAD_STATE',
      `Job ${this.id} ran inline and is not in Redis; only its fields, result() and settle() are there`,
      { jobId: this.id },
    )
  }

  /** After a change: the job as it is now. It may be gone at once, with a failureTtl of 0. */
  async #reload(): Promise<void> {
    const snapshot = await readJob(this.store, this.place)
    if (snapshot !== null) this.show(snapshot)
  }

  #end({ status, result, reason, error }: Ending): void {
    const { result: _1, reason: _2, error: _3, ...rest } = this.snapshot
    this.show({
      ...rest,
      status,
      ...(result !== undefined && { result }),
      ...(reason !== undefined && { reason }),
      ...(error !== undefined && { error }),
    })
  }

  async #jobs(refs: readonly string[]): Promise<Job[]> {
    const snapshots = await readJobs(
      this.store,
      refs.map((ref) => parseRef(ref, this.place.queue)),
    )
    return snapshots.flatMap((snapshot) => (snapshot === null ? [] : [new Job(this.store, snapshot)]))
  }

  #refuse(what: string, status: JobStatus, rule: string): RqtsError {
    return new RqtsError('RQTS_BAD_STATE', `Cannot ${what} job ${this.id}: it is ${status}, and ${rule}`, { jobId: this.id })
  }
}
