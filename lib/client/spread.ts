import { RqtsError } from '../errors.ts'
import { newJobId } from '../job/id.ts'
import { checkPartitions, partitionOf } from '../partition.ts'
import { findJob } from '../store/jobs.ts'
import { parseRef, refOf } from '../store/keys.ts'
import { declarePartitions, homeOf, namesOf, type Partitions, partitionsOf } from '../store/partitions.ts'
import { queueNames } from '../store/queues.ts'
import type { Store } from '../store/store.ts'
import { type Draft, toNewJob } from './draft.ts'
import type { Job } from './job.ts'
import { parentsFirst, unknownParent } from './parents.ts'
import { Submitter } from './submitter.ts'

/** Brings the jobs of a queue to its partitions, of which nearly every queue has one: itself. Next stop: submitter.ts. */
export class Spread {
  readonly #store: Store
  readonly #queue: string
  readonly #partitions: Partitions
  readonly #only: Submitter
  readonly #submitters = new Map<string, Submitter>()
  readonly #wanted: number | undefined
  #declared: Promise<void> | undefined
  /** Calls that have yet to reach a submitter: `drain` would not see them there. */
  readonly #onTheirWay = new Set<Promise<unknown>>()

  constructor(store: Store, queue: string, wanted: number | undefined) {
    this.#store = store
    this.#queue = queue
    this.#partitions = partitionsOf(store)
    this.#only = new Submitter(store, queue)
    this.#submitters.set(queue, this.#only)
    this.#wanted = wanted === undefined ? undefined : checkPartitions(queue, wanted)
  }

  /** Under which the queue is stored. */
  async names(): Promise<readonly string[]> {
    if (this.#wanted !== undefined) {
      this.#declared ??= declarePartitions(this.#store, this.#queue, this.#wanted).catch((error: unknown) => {
        this.#declared = undefined
        throw error
      })
      await this.#declared
    }
    return await namesOf(this.#store, this.#queue)
  }

  one(draft: Draft): Promise<Job> {
    const names = this.#wanted === undefined ? this.#partitions.known(this.#store, this.#queue) : undefined
    // Nearly always, and so without a detour.
    if (names?.length === 1 && draft.refs.length === 0) return this.#only.one(draft)
    return this.#noted(this.#one(draft))
  }

  async #one(draft: Draft): Promise<Job> {
    this.#check([draft])
    const names = await this.names()
    if (names.length > 1) {
      const [job] = await this.#many([draft])
      return job!
    }
    if (draft.refs.length === 0) return await this.#only.one(draft)
    await this.#placeParents(draft, this.#queue, NO_SIBLINGS)
    return await this.#only.child(draft)
  }

  /** Each partition's share at once, parents before children; the handles in the given order. */
  many(drafts: readonly Draft[]): Promise<Job[]> {
    return this.#noted(this.#many(drafts))
  }

  async #many(drafts: readonly Draft[]): Promise<Job[]> {
    this.#check(drafts)
    const names = await this.names()
    if (names.length === 1) {
      const children = drafts.filter(({ refs }) => refs.length > 0)
      const siblings = children.length > 0 ? idsOf(drafts, this.#queue) : NO_SIBLINGS
      for (const child of children) await this.#placeParents(child, this.#queue, siblings)
      return await this.#only.many(drafts)
    }
    const placed = new Map(drafts.map((draft) => [draft, place(draft, names)]))
    const siblings = new Map([...placed.values()].map(({ draft, home }) => [draft.id, home]))
    const jobs = new Map<Draft, Job>()
    for (const wave of wavesOf(parentsFirst(drafts))) {
      const byHome = new Map<string, { given: Draft; draft: Draft }[]>()
      for (const given of wave) {
        const { draft, home } = placed.get(given)!
        await this.#placeParents(draft, home, siblings)
        const share = byHome.get(home)
        if (share === undefined) byHome.set(home, [{ given, draft }])
        else share.push({ given, draft })
      }
      const shares = [...byHome].map(async ([home, share]) => {
        const made = await this.#write(
          home,
          share.map(({ draft }) => draft),
        )
        for (const [i, { given }] of share.entries()) jobs.set(given, made[i]!)
      })
      await Promise.all(shares)
    }
    return drafts.map((draft) => jobs.get(draft)!)
  }

  /** What is wrong with jobs is said before Redis is touched, also the first time, when the partitions have yet to be asked for. */
  #check(drafts: readonly Draft[]): void {
    if (this.#partitions.known(this.#store, this.#queue) !== undefined) return
    for (const draft of parentsFirst(drafts)) toNewJob(draft)
  }

  /** Calls of one tick travel together, a single job with others of its partition. */
  async #write(home: string, drafts: readonly Draft[]): Promise<Job[]> {
    const submitter = this.#submitters.get(home) ?? new Submitter(this.#store, home)
    this.#submitters.set(home, submitter)
    if (drafts.length > 1) return await submitter.many(drafts)
    const [draft] = drafts as [Draft]
    return [await (draft.refs.length === 0 ? submitter.one(draft) : submitter.child(draft))]
  }

  /** The queue was deleted: whoever uses it next says anew how many partitions it has. */
  forget(): void {
    this.#declared = undefined
  }

  /** Resolves when everything called so far has been answered. */
  async drain(): Promise<void> {
    await Promise.all(this.#onTheirWay)
    await Promise.all([...this.#submitters.values()].map((submitter) => submitter.drain()))
  }

  #noted<T>(call: Promise<T>): Promise<T> {
    const over: Promise<unknown> = call.then(
      () => this.#onTheirWay.delete(over),
      () => this.#onTheirWay.delete(over),
    )
    this.#onTheirWay.add(over)
    return call
  }

  /** Names the partitions in which the parents are. Without partitions anywhere there is nothing to name. */
  async #placeParents(draft: Draft, home: string, siblings: ReadonlyMap<string, string>): Promise<void> {
    if (draft.refs.length === 0) return
    const partitions = this.#partitions
    if (!partitions.any) return
    draft.refs = await Promise.all(
      draft.refs.map(async (ref) => {
        const { queue, id } = parseRef(ref, this.#queue)
        const sibling = queue === this.#queue ? siblings.get(id) : undefined
        if (sibling !== undefined) return refOf(sibling, id, home)
        const names = await partitions.of(this.#store, queue)
        if (names.length === 1) return refOf(queue, id, home)
        // By its id alone a parent may be in any queue.
        const found =
          (await findJob(this.#store, id, names)) ??
          (ref.includes('/') ? null : await findJob(this.#store, id, await queueNames(this.#store)))
        if (found === null) throw unknownParent(id, `queue '${queue}'`)
        return refOf(found.queue, id, home)
      }),
    )
  }
}

const NO_SIBLINGS: ReadonlyMap<string, string> = new Map()

function idsOf(drafts: readonly Draft[], queue: string): ReadonlyMap<string, string> {
  return new Map(drafts.map(({ id }) => [id, queue]))
}

/** Where it goes; an id of our own making is made to say so. */
function place(draft: Draft, names: readonly string[]): { draft: Draft; home: string } {
  const { jobId, unique, concurrencyKey } = draft.options
  if (unique === undefined && concurrencyKey === undefined) return { draft, home: names[partitionOf(draft.id, names.length)]! }
  if (unique !== undefined && concurrencyKey !== undefined) {
    throw new RqtsError(
      'RQTS_BAD_OPTION',
      `Job of task ${draft.task.name}: in a queue with partitions unique and concurrencyKey do not go together, as each would choose the partition. Leave one out`,
    )
  }
  const home = homeOf(names, toNewJob(draft))
  return jobId === undefined ? { draft: { ...draft, id: idAt(names, home) }, home } : { draft, home }
}

/** A new id that is at home in this partition. */
export function idAt(names: readonly string[], home: string): string {
  for (;;) {
    const id = newJobId()
    if (names[partitionOf(id, names.length)] === home) return id
  }
}

/** Those whose parents are in none of the waves before stand in the first: in the given order, which has parents before children. */
function wavesOf(sorted: readonly Draft[]): Draft[][] {
  const waves: Draft[][] = []
  const waveOf = new Map<string, number>()
  for (const draft of sorted) {
    const at = draft.refs.reduce((latest, ref) => Math.max(latest, (waveOf.get(ref) ?? -1) + 1), 0)
    waveOf.set(draft.id, at)
    const wave = waves[at]
    if (wave) wave.push(draft)
    else waves[at] = [draft]
  }
  return waves
}
