import type { JobStatus } from '../job/state.ts'
import type { Container } from '../store/keys.ts'
import { idsByRank, lengths, queueNames } from '../store/queues.ts'
import type { Store } from '../store/store.ts'
import type { Cursor } from './search-cursor.ts'
import { type JobQuery, selectNames } from './search-query.ts'
import { type FoundRow, readRows } from './search-rows.ts'

export interface Segment {
  queue: string
  container: Container
  size: number
}

/** Jobs looked at one by one in one call. */
export const MAX_SEARCHED = 10_000
const PAGE = 500

/** What people look for first comes first. */
const ORDER: readonly Container[] = ['started', 'queue', 'scheduled', 'deferred', 'failed', 'canceled', 'finished']

/**
 * Where jobs of a status sit; one past its ttl may still stand where it waited. `failed` and `canceled` mean the registry as counts show it,
 * with stopped and expired jobs; those two names are picked out of it.
 */
const HOMES: Record<JobStatus | 'waiting', readonly Container[]> = {
  waiting: ['queue', 'scheduled', 'deferred'],
  queued: ['queue'],
  started: ['started'],
  scheduled: ['scheduled'],
  deferred: ['deferred'],
  finished: ['finished'],
  failed: ['failed'],
  stopped: ['failed'],
  canceled: ['canceled'],
  expired: ['canceled', 'queue', 'scheduled', 'deferred'],
}

/** Where to look for jobs in a status, in the order in which they are shown. */
export function containersOf(status: keyof typeof HOMES | undefined): readonly Container[] {
  return status === undefined ? ORDER : ORDER.filter((container) => HOMES[status].includes(container))
}

export const sizeOf = (segments: readonly Segment[]): number => segments.reduce((sum, { size }) => sum + size, 0)

export async function segmentsOf(store: Store, query: JobQuery): Promise<Segment[]> {
  const containers = containersOf(query.state)
  // What has failed is asked of failed jobs only.
  const asked = query.error === undefined && query.fingerprint === undefined ? containers : containers.filter((one) => one !== 'finished')
  return segmentsIn(store, selectNames(await queueNames(store), query.queue), asked)
}

/** Those places of each queue, as long as they are now. */
export async function segmentsIn(store: Store, queues: readonly string[], containers: readonly Container[]): Promise<Segment[]> {
  const sizes = await Promise.all(queues.map((queue) => lengths(store, queue)))
  return queues.flatMap((queue, i) => containers.map((container) => ({ queue, container, size: sizes[i]![container] })))
}

/** Where the job stands that has so many before it. */
export function placeAt(segments: readonly Segment[], before: number): Cursor {
  let offset = before
  for (const [segment, { size }] of segments.entries()) {
    if (offset < size) return { segment, offset }
    offset -= size
  }
  return { segment: segments.length, offset: 0 }
}

interface Batch {
  segment: number
  offset: number
  queue: string
  ids: string[]
  rows: (FoundRow | null)[]
}

/** Batches of jobs from a place on; with no fields to read, ids alone. Each segment is as long as it was when its size was read. */
export async function* scan(
  store: Store,
  segments: readonly Segment[],
  from: Cursor,
  fields: readonly string[],
  most: number = PAGE,
): AsyncGenerator<Batch> {
  const now = await store.now()
  for (let segment = from.segment; segment < segments.length; segment++) {
    const { queue, container, size } = segments[segment]!
    for (let offset = segment === from.segment ? from.offset : 0; offset < size; ) {
      const ids = await idsByRank(store, queue, container, offset, Math.min(most, size - offset))
      if (ids.length === 0) break
      yield { segment, offset, queue, ids, rows: fields.length === 0 ? [] : await readRows(store, queue, ids, fields, now) }
      offset += ids.length
    }
  }
}
