import { type Duration, parseDate, parseDuration } from '../duration.ts'
import { RqtsError } from '../errors.ts'
import { type LimitChanges, type Limits, normalizeLimits } from '../job/limits.ts'
import type { JobOptions, JobRef } from '../job/options.ts'
import { checkName } from '../names.ts'
import { type Place, readJob, readJobs, removeJobs } from '../store/jobs.ts'
import { CONTAINERS, type RegistryName } from '../store/keys.ts'
import { changeLimits, readLimits } from '../store/limits.ts'
import { positionNow, removeAll } from '../store/listing.ts'
import { deliverOutbox } from '../store/maintain.ts'
import { findPlaces, foldNames, forgetPartitions } from '../store/partitions.ts'
import { forgetQueue, isPaused, pauseQueue, type QueueCounts, queueNames, resumeQueue, sumCounts, summarize } from '../store/queues.ts'
import { Store } from '../store/store.ts'
import type { CallOf, EntryOf, FunctionOf, Target } from '../task/call.ts'
import type { AnyFunction, ResultOf } from '../task/infer.ts'
import { resolveTask } from '../task/resolve.ts'
import { type Draft, draftJob, listOf } from './draft.ts'
import { InlineJobs } from './inline.ts'
import { Job } from './job.ts'
import { listedBefore, pageOf } from './partition-pages.ts'
import { checkQueueOptions, OptionLayers, type PauseOptions, pauseLength, type QueueOptions } from './queue-options.ts'
import { checkRange, idIn } from './range.ts'
import { Registry } from './registry.ts'
import { RoutedQueues } from './routed-queues.ts'
import type { ConnectOptions } from './shared-store.ts'
import { Spread } from './spread.ts'
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
  readonly #spread: Spread | undefined
  readonly #inline: InlineJobs | undefined
  readonly #routes: RoutedQueues<Queue> | undefined
  #closed = false

  /** `store` is for the library itself: in place of one of its own, closed with the queue all the same. */
  constructor(name = 'default', options: QueueOptions = {}, store?: Store) {
    this.name = checkName('queue', name)
    checkQueueOptions(options)
    this.#layers = new OptionLayers(options.defaults)
    if (options.inline === true) {
      if (options.partitions !== undefined)
        throw new RqtsError('RQTS_BAD_OPTION', 'partitions are of a queue in Redis, and an inline queue is not there: leave one out')
      this.#inline = new InlineJobs(this.name, (task, args, inner) => this.#submit(task, args, inner))
    } else {
      this.#store = store ?? new Store(options)
      this.#spread = new Spread(this.#store, this.name, options.partitions)
      const { routes: _, partitions, ...rest } = options
      if (options.routes !== undefined)
        this.#routes = new RoutedQueues(
          this,
          options.routes,
          (to) => new Queue(to, to === this.name && partitions !== undefined ? { ...rest, partitions } : rest, this.store.share()),
        )
    }
  }

  /** Every queue that has ever had a job and was not deleted. Close each. */
  static async all(options: ConnectOptions = {}): Promise<Queue[]> {
    const store = new Store(options)
    try {
      return foldNames(await queueNames(store)).map((name) => new Queue(name, options, store.share()))
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
    this.#refuseClosed()
    if (!Array.isArray(entries)) throw new RqtsError('RQTS_BAD_ARGS', 'enqueueMany takes a list of [task, args, options?]')
    if (this.#routes) return (await this.#routes.many(entries as never)) as JobsOf<Targets>
    const drafts: Draft[] = []
    for (const entry of entries as readonly (readonly [Target, unknown, JobOptions?])[]) {
      if (!Array.isArray(entry))
        throw new RqtsError('RQTS_BAD_ARGS', `Entry ${drafts.length} of enqueueMany is not a list: write [task, args, options?]`)
      const draft = this.#draft(entry[0], entry[1], entry[2])
      drafts.push(draft instanceof Promise ? await draft : draft)
    }
    const jobs = this.#inline ? await this.#inline.many(drafts) : await this.#spread!.many(drafts)
    return jobs as JobsOf<Targets>
  }

  /** Null when this queue has no such job. */
  async fetchJob<F extends AnyFunction = AnyFunction>(id: string): Promise<Job<ResultOf<F>> | null> {
    this.#refuseClosed()
    idIn(this.name, id)
    if (this.#inline) return this.#inline.get(id) as Job<ResultOf<F>> | null
    const snapshot = await readJob(this.store, await this.#place(id))
    return snapshot === null ? null : new Job<ResultOf<F>>(this.store, snapshot)
  }

  /** Ids of waiting jobs; the first runs next. */
  async jobIds(offset = 0, count = -1): Promise<string[]> {
    return (await this.#waiting(offset, count)).map(({ id }) => id)
  }

  /** Waiting jobs; the first runs next. */
  async jobs(offset = 0, count = -1): Promise<Job[]> {
    const snapshots = await readJobs(this.store, await this.#waiting(offset, count))
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
    return sumCounts(await summarize(this.store, await this.#names()))
  }

  /** How many jobs run before this one; null when it does not wait in the list. */
  async position(job: JobRef | string): Promise<number | null> {
    const [names, place] = await Promise.all([this.#names(), this.#place(job)])
    const at = await positionNow(this.store, place.queue, place.id)
    if (at === null || names.length === 1) return at
    const lengths = (await summarize(this.store, names)).map(({ queued }) => queued)
    return listedBefore(lengths, names.indexOf(place.queue), at)
  }

  /** Deletes the jobs that wait in the list. Returns how many. */
  async empty(): Promise<number> {
    let removed = 0
    for (const name of await this.#names()) {
      removed += await removeAll(this.store, name, 'queue')
      await deliverOutbox(this.store, name)
    }
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
      let gone = 0
      const names = await this.#names()
      for (const part of names) {
        if (options.jobs !== false) for (const container of CONTAINERS) await removeAll(store, part, container)
        await deliverOutbox(store, part)
        if (await forgetQueue(store, part)) gone++
      }
      if (gone < names.length) continue
      if (names.length > 1) await forgetPartitions(store, name)
      this.#spread?.forget()
      return
    }
    const why = options.jobs === false ? 'it has jobs, and { jobs: false } keeps them' : 'jobs keep coming in; stop who enqueues them first'
    throw new RqtsError('RQTS_BAD_STATE', `Queue '${name}' was not deleted: ${why}`)
  }

  /** Deletes a job that waits in the list; false when it does not. */
  async remove(job: JobRef | string): Promise<boolean> {
    const { queue, id } = await this.#place(job)
    const [removal] = await removeJobs(this.store, queue, [id], 'queued')
    await deliverOutbox(this.store, queue)
    return removal === 'deleted'
  }

  /** Workers take no more jobs from it until `resume()`, or `for` so long; what runs goes on, and new jobs are accepted. */
  async pause(options?: PauseOptions): Promise<void> {
    const forMs = pauseLength(options)
    await Promise.all((await this.#names()).map((name) => pauseQueue(this.store, name, forMs)))
  }

  async resume(): Promise<void> {
    await Promise.all((await this.#names()).map((name) => resumeQueue(this.store, name)))
  }

  async isPaused(): Promise<boolean> {
    const paused = await Promise.all((await this.#names()).map((name) => isPaused(this.store, name)))
    return paused.every(Boolean)
  }

  /**
   * Limits for all workers together, in force when this returns: `setLimits({ concurrency: 5, rate: { max: 100, per: '1m' } })`. What is
   * not named stays, null ends a limit, and `setLimits(null)` all of them. What runs already goes on.
   */
  async setLimits(limits: LimitChanges | null): Promise<void> {
    const changes = normalizeLimits(limits)
    if ((await this.#names()).length > 1) {
      throw new RqtsError(
        'RQTS_BAD_STATE',
        `Queue '${this.name}' has partitions, which are counted apart, so it has no limits as a whole. Limit its workers (concurrency), or use a queue without partitions`,
      )
    }
    await changeLimits(this.store, this.name, changes)
  }

  /** The limits that hold now. */
  async limits(): Promise<Limits> {
    return readLimits(this.store, this.name)
  }

  /** The jobs that are not in the list. */
  registry(name: RegistryName): Registry {
    return new Registry(this.store, this.name, name, () => this.#names())
  }

  /** Waits for what is on its way, then lets go of the connections. The queue takes no more calls, and its jobs can no longer be waited for. */
  async close(): Promise<void> {
    this.#closed = true
    if (this.#store === undefined) return
    closeWatcher(this.#store)
    await this.#routes?.close()
    await this.#spread?.drain()
    await this.#store.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #submit(task: Target, args: unknown, options: JobOptions | undefined): Promise<Job> {
    this.#refuseClosed()
    const queue = this.#routes?.queueOf(task) ?? this
    if (queue !== this) return queue.#submit(task, args, options)
    const drafted = this.#draft(task, args, options)
    const draft = drafted instanceof Promise ? await drafted : drafted
    if (this.#inline) return this.#inline.one(draft)
    return this.#spread!.one(draft)
  }

  /** Under which it is stored: one, or one for each partition. */
  #names(): Promise<readonly string[]> {
    void this.store
    return this.#spread!.names()
  }

  async #place(job: JobRef | string): Promise<Place> {
    const id = idIn(this.name, job)
    await this.#names()
    const [place] = await findPlaces(this.store, [{ queue: this.name, id }])
    return place!
  }

  async #waiting(offset: number, count: number): Promise<Place[]> {
    const range = checkRange(offset, count)
    return await pageOf(this.store, await this.#names(), 'queue', range)
  }

  #draft(target: Target, args: unknown, options: JobOptions | undefined): Draft | Promise<Draft> {
    const task = resolveTask(target)
    return draftJob(this.name, target, task, listOf(task, args), this.#layers.of(task.definition, options))
  }

  /** The connections may live on with other queues, so they do not refuse for it. */
  #refuseClosed(): void {
    if (this.#closed) throw new RqtsError('RQTS_CLOSED', `Queue '${this.name}' has been closed; make a new one`)
  }

  private get store(): Store {
    this.#refuseClosed()
    if (this.#store !== undefined) return this.#store
    throw new RqtsError(
      'RQTS_BAD_STATE',
      `Queue '${this.name}' is inline: its jobs run at once and none is kept in Redis. Ask the jobs that enqueue returned`,
    )
  }
}
