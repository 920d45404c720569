import { clock } from '../clock.ts'
import { RqtsError } from '../errors.ts'
import { partitionNames, partitionOf, queueOf } from '../partition.ts'
import type { Connections } from './connect.ts'
import { ringWorker } from './control.ts'
import type { NewJob } from './enqueue.ts'
import { toFields } from './hash.ts'
import { findJob, type Place } from './places.ts'
import type { Store } from './store.ts'

/** Others learn of a queue that was given partitions this much later. */
const FRESH_MS = 2_000

/** Which queues have partitions: read once, and again now and then while it is asked. Shared by all stores of a process on one prefix. */
export class Partitions {
  #counts: ReadonlyMap<string, number> | undefined
  #readAt = 0
  #reading: Promise<void> | undefined
  readonly #names = new Map<string, readonly string[]>()

  /** The stored names of a queue, its own alone if it has no partitions; undefined until `read` was called. */
  known(store: Store, queue: string): readonly string[] | undefined {
    if (this.#counts === undefined) return undefined
    if (clock.monotonic() - this.#readAt > FRESH_MS) void this.read(store).catch(() => undefined)
    return this.#namesOf(queue)
  }

  async of(store: Store, queue: string): Promise<readonly string[]> {
    return (await this.ofAll(store, [queue]))[0]!
  }

  async ofAll(store: Store, queues: readonly string[]): Promise<(readonly string[])[]> {
    if (this.#counts === undefined) await this.read(store)
    return queues.map((queue) => this.known(store, queue)!)
  }

  /** Whether any queue of this prefix has partitions. */
  get any(): boolean {
    return this.#counts !== undefined && this.#counts.size > 0
  }

  async read(store: Store): Promise<void> {
    this.#reading ??= this.#read(store).finally(() => {
      this.#reading = undefined
    })
    await this.#reading
  }

  async #read(store: Store): Promise<void> {
    const fields = toFields(await store.client.call('HGETALL', store.keys.partitions)) ?? {}
    this.#counts = new Map(Object.entries(fields).map(([queue, count]) => [queue, Number(count)]))
    this.#readAt = clock.monotonic()
  }

  #namesOf(queue: string): readonly string[] {
    const count = this.#counts!.get(queue) ?? 1
    const known = this.#names.get(queue)
    if (known?.length === count) return known
    const names = count === 1 ? [queue] : partitionNames(queue, count)
    this.#names.set(queue, names)
    return names
  }
}

const all = new WeakMap<Connections, Map<string, Partitions>>()

export function partitionsOf(store: Store): Partitions {
  const byPrefix = all.get(store.connections) ?? new Map<string, Partitions>()
  all.set(store.connections, byPrefix)
  const known = byPrefix.get(store.keys.prefix) ?? new Partitions()
  byPrefix.set(store.keys.prefix, known)
  return known
}

export async function namesOf(store: Store, queue: string): Promise<readonly string[]> {
  return await partitionsOf(store).of(store, queue)
}

/** The first to say how many partitions a queue has decides it. */
export async function declarePartitions(store: Store, queue: string, count: number): Promise<void> {
  const { partitions, workers } = store.keys
  if (count > 1 && (await store.client.call('HSETNX', partitions, queue, count)) === 1) {
    // Workers that idle wait at the queues they know.
    const names = (await store.client.call('ZRANGE', workers, 0, -1)) as string[]
    await Promise.all(names.map((name) => ringWorker(store, name)))
  }
  const stored = Number((await store.client.call('HGET', partitions, queue)) ?? 1)
  await partitionsOf(store).read(store)
  if (stored === count) return
  throw new RqtsError(
    'RQTS_BAD_OPTION',
    `Queue '${queue}' has ${stored} partition${stored === 1 ? '' : 's'}, and partitions: ${count} was given. The number stays while the queue exists: leave the option out, or delete the queue first`,
  )
}

export async function forgetPartitions(store: Store, queue: string): Promise<void> {
  await store.client.call('HDEL', store.keys.partitions, queue)
  await partitionsOf(store).read(store)
}

/** By its unique key, else by its concurrency key, which must each be in one place; else by its id. */
export function homeOf(names: readonly string[], { id, control, fields }: NewJob): string {
  if (names.length === 1) return names[0]!
  const at = control?.line?.includes('k') ? fields.indexOf('concurrency_key') : -1
  return names[partitionOf(control?.unique?.key ?? (at === -1 ? id : fields[at + 1]!), names.length)]!
}

/** Those jobs by the names under which they are stored; where there is none, where it would be. No call for queues without partitions. */
export async function findPlaces(store: Store, places: readonly Place[]): Promise<Place[]> {
  return await Promise.all(
    places.map(async ({ queue, id }) => {
      const names = await namesOf(store, queue)
      if (names.length === 1) return { queue: names[0]!, id }
      const home = names[partitionOf(id, names.length)]!
      // Unique jobs, and those that were there before the queue had partitions, are elsewhere.
      return (await findJob(store, id, [home, ...names.filter((name) => name !== home)])) ?? { queue: home, id }
    }),
  )
}

/** Stored names as people know them, each queue once, in the given order. */
export function foldNames(names: readonly string[]): string[] {
  return [...new Set(names.map(queueOf))]
}
