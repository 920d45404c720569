import { show } from '../duration.ts'
import { DuplicateJob, RqtsError } from '../errors.ts'
import type { JobRef } from '../job/options.ts'
import { hasEnded, type JobStatus, registryOf } from '../job/state.ts'
import { split } from '../split.ts'
import { cancelJob, type Place, readJob, removeJobs, requeueJob, statusOf } from '../store/jobs.ts'
import { REGISTRIES, type RegistryName } from '../store/keys.ts'
import { idsByEnd, idsNow, removeAll } from '../store/listing.ts'
import { deliverOutbox } from '../store/maintain.ts'
import { findPlaces } from '../store/partitions.ts'
import { type QueueCounts, summarize } from '../store/queues.ts'
import type { Store } from '../store/store.ts'
import { pageOf } from './partition-pages.ts'
import { checkRange, idIn } from './range.ts'
import { notFound } from './waiter.ts'

const AT_ONCE = 500

/**
 * The jobs of a queue in one state. `failed` also holds stopped jobs, `canceled` also expired ones. Reading changes nothing.
 */
export class Registry {
  readonly name: RegistryName
  readonly queue: string
  readonly #store: Store
  readonly #names: () => Promise<readonly string[]>

  /** @internal */
  constructor(store: Store, queue: string, name: RegistryName, names: () => Promise<readonly string[]>) {
    if (!REGISTRIES.includes(name))
      throw new RqtsError('RQTS_BAD_OPTION', `A registry is one of ${REGISTRIES.join(', ')}; got ${show(name)}`)
    this.#store = store
    this.#names = names
    this.queue = queue
    this.name = name
  }

  async count(): Promise<number> {
    const counts = await summarize(this.#store, await this.#names())
    return counts.reduce((sum, one) => sum + one[this.name satisfies keyof QueueCounts], 0)
  }

  /** Oldest first, by lease deadline (started), run time (scheduled), begin (deferred), or the end of retention (the others). */
  async ids(offset = 0, count = -1, options: { desc?: boolean } = {}): Promise<string[]> {
    const range = { ...checkRange(offset, count), desc: options.desc === true }
    return (await pageOf(this.#store, await this.#names(), this.name, range)).map(({ id }) => id)
  }

  async has(job: JobRef | string): Promise<boolean> {
    return this.#holds(await statusOf(this.#store, await this.#place(job)))
  }

  /**
   * Takes a job out of the registry; false when it is not in it. A job is always in exactly one place, so out of here it goes
   * somewhere: finished, failed and canceled jobs are deleted; scheduled and deferred ones are canceled; started ones are
   * asked to stop. With `deleteJob` all are deleted.
   */
  async remove(job: JobRef | string, options: { deleteJob?: boolean } = {}): Promise<boolean> {
    const place = await this.#place(job)
    const status = await statusOf(this.#store, place)
    if (status === null || !this.#holds(status)) return false
    const removed =
      hasEnded(status) || options.deleteJob === true
        ? (await removeJobs(this.#store, place.queue, [place.id], this.name))[0] === 'deleted'
        : (await cancelJob(this.#store, place, { reason: 'canceled', release: false })) === status
    await deliverOutbox(this.#store, place.queue)
    return removed
  }

  /** Puts a job back into the queue: one that has ended starts afresh, a scheduled one runs before its time. */
  async requeue(job: JobRef | string, options: { atFront?: boolean } = {}): Promise<void> {
    this.#checkRequeue()
    const place = await this.#place(job)
    const status = await statusOf(this.#store, place)
    if (status === null) throw notFound({ queue: this.queue, id: place.id })
    const { before, blockedBy, waits } = this.#holds(status)
      ? await requeueJob(this.#store, place, this.name === 'scheduled' ? 'promote' : 'requeue', options.atFront === true)
      : { before: status, blockedBy: undefined, waits: undefined }
    if (blockedBy !== undefined) {
      const key = (await readJob(this.#store, place))?.uniqueKey
      throw new DuplicateJob(`Job ${place.id} was not requeued: its unique key ${show(key)} is now held by job ${blockedBy}`, blockedBy)
    }
    if (waits)
      throw new RqtsError(
        'RQTS_BAD_STATE',
        `Job ${place.id} waits for other jobs of its workflow that failed: requeue those, and it comes back`,
        { jobId: place.id },
      )
    if (this.#holds(before)) return
    throw new RqtsError('RQTS_BAD_STATE', `Job ${place.id} is not in the ${this.name} registry: it is ${before ?? 'gone'}`, {
      jobId: place.id,
    })
  }

  /** Requeues everything that is here now, in the order in which it ended (scheduled: in which it would have run). Returns how many. */
  async requeueAll(): Promise<number> {
    this.#checkRequeue()
    let requeued = 0
    for (const queue of await this.#names()) requeued += await this.#requeueAll(queue)
    return requeued
  }

  async #requeueAll(queue: string): Promise<number> {
    const scheduled = this.name === 'scheduled'
    const ids = scheduled ? await idsNow(this.#store, queue, this.name) : await idsByEnd(this.#store, queue, this.name)
    let requeued = 0
    for (const part of split(ids, AT_ONCE)) {
      // Sent in this order on one connection, so done in this order.
      const replies = await Promise.all(part.map((id) => requeueJob(this.#store, { queue, id }, scheduled ? 'promote' : 'requeue', false)))
      requeued += replies.filter(({ before, blockedBy, waits }) => this.#holds(before) && blockedBy === undefined && !waits).length
    }
    return requeued
  }

  /** Deletes all jobs of the registry, running ones too. Returns how many. */
  async clear(): Promise<number> {
    let removed = 0
    for (const queue of await this.#names()) {
      removed += await removeAll(this.#store, queue, this.name)
      await deliverOutbox(this.#store, queue)
    }
    return removed
  }

  async #place(job: JobRef | string): Promise<Place> {
    const [place] = await findPlaces(this.#store, [{ queue: this.queue, id: idIn(this.queue, job) }])
    return place!
  }

  #holds(status: JobStatus | null): boolean {
    return status !== null && registryOf(status) === this.name
  }

  #checkRequeue(): void {
    if (this.name !== 'started' && this.name !== 'deferred') return
    throw new RqtsError(
      'RQTS_BAD_STATE',
      `Jobs in the ${this.name} registry cannot be requeued: they ${this.name === 'started' ? 'run' : 'wait for others'}; cancel them first`,
    )
  }
}
