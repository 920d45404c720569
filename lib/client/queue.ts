import { type Duration, parseDate, parseDuration } from '../duration.ts'
import { RqtsError } from '../errors.ts'
import { type LimitChanges, type Limits, normalizeLimits } from '../job/limits.ts'
import type { JobOptions, JobRef } from '../job/options.ts'
import { checkName } from '../names.ts'
import { readJob, readJobs, removeJobs } from '../store/jobs.ts'
import { CONTAINERS, type RegistryName } from '../store/keys.ts'
import { changeLimits, readLimits } from '../store/limits.ts'
import { idsNow, positionNow, removeAll } from '../store/listing.ts'
import { deliverOutbox } from '../store/maintain.ts'
import { forgetQueue, isPaused, pauseQueue, type QueueCounts, queueNames, resumeQueue, summarize } from '../store/queues.ts'
import { Store } from '../store/store.ts'
import type { CallOf, EntryOf, FunctionOf, Target } from '../task/call.ts'
import type { AnyFunction, ResultOf } from '../task/infer.ts'
import { resolveTask } from '../task/resolve.ts'
import { type Draft, draftJob } from './draft.ts'
import { InlineJobs } from './inline.ts'
import { Job } from './job.ts'
import { OptionLayers, type QueueOptions } from './queue-options.ts'
import { checkRange, idIn } from './range.ts'
import { Registry } from './registry.ts'
import { RoutedQueues } from './routed-queues.ts'
import type { ConnectOptions } from './shared-store.ts'
import { Submitter } from './submitter.ts'
import { closeWatcher } from './watcher.ts'

type JobsOf<Targets extends readonly unknown[]> = { -readonly [K in keyof Targets]: Job<ResultOf<FunctionOf<Targets[K]>>> }
/** `enqueueIn` and `enqueueAt` say when themselves. */
type Timeless = Omit<JobOptions, 'delay' | 'runAt'>

/** Tries to delete a queue into which jobs keep coming. */
const MAX_ROUNDS = 20

/** A named list of jobs. Making one costs nothing: the first call connects. Next stops: submitter.ts, then job.ts. */
export class Queue {
  readonly name: string
  readonly #store: Store | undefined
  readonly #layers: OptionLayers
  readonly #submitter: Submitter | undefined
  readonly #inline: InlineJobs | undefined
  readonly #routes: RoutedQueues<Queue> | undefined

  /** `store` is for the library itself: in place of one of its own, closed with the queue all the same. */
  constructor(name = 'default', options: QueueOptions = {}, store?: Store) {
    this.name = checkName('queue', name)
    this.#layers = new OptionLayers(options.defaults)
    if (options.inline === true) {
      this.#inline = new InlineJobs(this.name, (task, args, inner) => this.#submit(task, args, inner))
    } else {
      this.#store = store ?? new Store(options)
      this.#submitter = new Submitter(this.#store, this.name)
      const { routes: _, ...rest } = options
      if (options.routes !== undefined)
        this.#routes = new RoutedQueues(this, options.routes, (to) => new Queue(to, rest, this.store.share()))
    }
  }

  /** Every queue that has ever had a job and was not deleted. Close each. */
  static async all(options: ConnectOptions = {}): Promise<Queue[]> {
    const store = new Store(options)
    try {
      return (await queueNames(store)).map((name) => new Queue(name, options, store.share()))
    } finally {
      await store.close()
    }
  }

  /**
   * Writes a job and returns its handle. The types of `args` and of the result are those of the function. A task by name:
   * `enqueue<typeof add>('add', [1, 2])`. Calls of one tick travel together.
   */
  async enqueue<F extends AnyFunction = AnyFunction>(task: F | string, ...[args, options]: CallOf<F>): Promise<Job<ResultOf<F>>> {
    return (await this.#submit(task, args, options)) as Job<ResultOf<F>>
  }

  /** Not before `delay` has passed, by the clock of Redis. */
  async enqueueIn<F extends AnyFunction = AnyFunction>(
    delay: Duration,
    task: F | string,
    ...[args, options]: CallOf<F, Timeless>
  ): Promise<Job<ResultOf<F>>> {
    return (await this.#submit(task, args, { ...options, delay: parseDuration(delay, 'delay') })) as Job<ResultOf<F>>
  }

  /** Not before `date`; a date that has passed means now. */
  async enqueueAt<F extends AnyFunction = AnyFunction>(
    date: Date | number,
    task: F | string,
    ...[args, options]: CallOf<F, Timeless>
  ): Promise<Job<ResultOf<F>>> {
    return (await this.#submit(task, args, { ...options, runAt: parseDate(date, 'date') })) as Job<ResultOf<F>>
  }

  /**
   * Many jobs at once, returned in the given order: `enqueueMany([[add, [1, 2]], [mail, ['ann'], { delay: '1m' }]])`. All or
   * nothing: everything is checked first, then written in one step, up to 10,000 jobs and 64 MiB of arguments; more are
   * written in several such steps. Jobs of one call may depend on each other by `jobId`, in any order.
   */
  async enqueueMany<const Targets extends readonly Target[]>(
    entries: readonly [...{ readonly [K in keyof Targets]: EntryOf<Targets[K]> }],
  ): Promise<JobsOf<Targets>> {
    if (!Array.isArray(entries)) throw new RqtsError('RQTS_BAD_ARGS', 'enqueueMany takes a list of [task, args, options?]')
    if (this.#routes) return (await this.#routes.many(entries as never)) as JobsOf<Targets>
    const drafts: Draft[] = []
    for (const entry of entries as readonly (readonly [Target, unknown, JobOptions?])[]) {
      if (!Array.isArray(entry))
        throw new RqtsError('RQTS_BAD_ARGS', `Entry ${drafts.length} of enqueueMany is not a list: write [task, args, options?]`)
      const draft = this.#draft(entry[0], entry[1], entry[2])
      drafts.push(draft instanceof Promise ? await draft : draft)
    }
    const jobs = this.#inline ? await this.#inline.many(drafts) : await this.#submitter!.many(drafts)
    return jobs as JobsOf<Targets>
  }

  /** Null when this queue has no such job. */
  async fetchJob<F extends AnyFunction = AnyFunction>(id: string): Promise<Job<ResultOf<F>> | null> {
    const place = { queue: this.name, id: idIn(this.name, id) }
    if (this.#inline) return this.#inline.get(id) as Job<ResultOf<F>> | null
    const snapshot = await readJob(this.store, place)
    return snapshot === null ? null : new Job<ResultOf<F>>(this.store, snapshot)
  }

  /** Ids of waiting jobs; the first runs next. */
  async jobIds(offset = 0, count = -1): Promise<string[]> {
    return idsNow(this.store, this.name, 'queue', checkRange(offset, count))
  }

  /** Waiting jobs; the first runs next. */
  async jobs(offset = 0, count = -1): Promise<Job[]> {
    const ids = await this.jobIds(offset, count)
    const snapshots = await readJobs(
      this.store,
      ids.map((id) => ({ queue: this.name, id })),
    )
    return snapshots.flatMap((snapshot) => (snapshot?.status === 'queued' ? [new Job(this.store, snapshot)] : []))
  }

  /** How many jobs wait in the list; `counts()` has the other states. */
  async count(): Promise<number> {
    return (await this.counts()).queued
  }

  async isEmpty(): Promise<boolean> {
    return (await this.count()) === 0
  }

  /** How many jobs are in each state. */
  async counts(): Promise<QueueCounts> {
    const [summary] = await summarize(this.store, [this.name])
    const { queued, started, deferred, scheduled, finished, failed, canceled } = summary!
    return { queued, started, deferred, scheduled, finished, failed, canceled }
  }

  /** How many jobs run before this one; null when it does not wait in the list. */
  async position(job: JobRef | string): Promise<number | null> {
    return positionNow(this.store, this.name, idIn(this.name, job))
  }

  /** Deletes the jobs that wait in the list. Returns how many. */
  async empty(): Promise<number> {
    const removed = await removeAll(this.store, this.name, 'queue')
    await deliverOutbox(this.store, this.name)
    return removed
  }

  /**
   * Deletes the queue and all its jobs, those that run and those that have ended included. With `jobs: false` it is refused
   * with RQTS_BAD_STATE while there are any.
   */
  async delete(options: { jobs?: boolean } = {}): Promise<void> {
    const { store, name } = this
    const rounds = options.jobs === false ? 1 : MAX_ROUNDS
    for (let round = 0; round < rounds; round++) {
      if (options.jobs !== false) for (const container of CONTAINERS) await removeAll(store, name, container)
      await deliverOutbox(store, name)
      if (await forgetQueue(store, name)) return
    }
    const why = options.jobs === false ? 'it has jobs, and { jobs: false } keeps them' : 'jobs keep coming in; stop who enqueues them first'
    throw new RqtsError('RQTS_BAD_STATE', `Queue '${name}' was not deleted: ${why}`)
  }

  /** Deletes a job that waits in the list; false when it does not. */
  async remove(job: JobRef | string): Promise<boolean> {
    const [removal] = await removeJobs(this.store, this.name, [idIn(this.name, job)], 'queued')
    await deliverOutbox(this.store, this.name)
    return removal === 'deleted'
  }

  /** Workers take no more jobs from it until `resume()`, or `for` so long; what runs goes on, and new jobs are accepted. */
  async pause(options: { for?: Duration } = {}): Promise<void> {
    await pauseQueue(this.store, this.name, options.for === undefined ? undefined : parseDuration(options.for, 'for', { min: 1 }))
  }

  async resume(): Promise<void> {
    await resumeQueue(this.store, this.name)
  }

  async isPaused(): Promise<boolean> {
    return isPaused(this.store, this.name)
  }

  /**
   * Limits for all workers together, in force when this returns: `setLimits({ concurrency: 5, rate: { max: 100, per: '1m' } })`. What is
   * not named stays, null ends a limit, and `setLimits(null)` all of them. What runs already goes on.
   */
  async setLimits(limits: LimitChanges | null): Promise<void> {
    await changeLimits(this.store, this.name, normalizeLimits(limits))
  }

  /** The limits that hold now. */
  async limits(): Promise<Limits> {
    return readLimits(this.store, this.name)
  }

  /** The jobs that are not in the list. */
  registry(name: RegistryName): Registry {
    return new Registry(this.store, this.name, name)
  }

  /** Waits for what is on its way, then lets go of the connections. Jobs of this queue can no longer be waited for. */
  async close(): Promise<void> {
    if (this.#store === undefined) return
    closeWatcher(this.#store)
    await this.#routes?.close()
    await this.#submitter?.drain()
    await this.#store.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #submit(task: Target, args: unknown, options: JobOptions | undefined): Promise<Job> {
    const queue = this.#routes?.queueOf(task) ?? this
    if (queue !== this) return queue.#submit(task, args, options)
    const drafted = this.#draft(task, args, options)
    const draft = drafted instanceof Promise ? await drafted : drafted
    if (this.#inline) return this.#inline.one(draft)
    return draft.refs.length === 0 ? this.#submitter!.one(draft) : this.#submitter!.child(draft)
  }

  #draft(target: Target, args: unknown, options: JobOptions | undefined): Draft | Promise<Draft> {
    const task = resolveTask(target)
    return draftJob(this.name, target, task, args, this.#layers.of(task.definition, options))
  }

  private get store(): Store {
    if (this.#store !== undefined) return this.#store
    throw new RqtsError(
      'RQTS_BAD_STATE',
      `Queue '${this.name}' is inline: its jobs run at once and none is kept in Redis. Ask the jobs that enqueue returned`,
    )
  }
}
