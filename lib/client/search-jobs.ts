import { isJobId } from '../names.ts'
import { findJob, type Place } from '../store/jobs.ts'
import { queueNames } from '../store/queues.ts'
import type { Store } from '../store/store.ts'
import { type Cursor, parseCursor, START, showCursor } from './search-cursor.ts'
import { briefFields, isPicky, matcherOf } from './search-match.ts'
import { type JobQuery, selectNames } from './search-query.ts'
import { asKnown, type Describe, describeRow, type FoundRow, ROW, readRows, rowsOf } from './search-rows.ts'
import { MAX_SEARCHED, type Segment, scan, segmentsOf, sizeOf } from './search-scan.ts'

export interface SearchPage {
  rows: FoundRow[]
  total: number
  /** `total` is the number of all that match. */
  exact: boolean
  searched: number
  complete: boolean
  next: string | null
}

export interface SearchOptions {
  limit: number
  cursor?: string | undefined
  /** What words of the search are held against: who hides arguments must not let them be guessed. */
  describe?: Describe
}

/**
 * One page. When only queue and state are asked for, it costs what it shows, however many there are; otherwise jobs are looked at one by
 * one, at most 10,000 per call, and the next page goes on where this one stopped.
 */
export async function searchJobs(
  store: Store,
  query: JobQuery,
  { limit, cursor, describe = describeRow }: SearchOptions,
): Promise<SearchPage> {
  const place = await placeAsked(store, query)
  const now = await store.now()
  if (place !== undefined) {
    const rows = place === null ? [] : await readRows(store, place.queue, [place.id], ROW, now)
    const found = rows.filter((row) => row !== null).filter(matcherOf({ ...query, words: [] }, now, describe))
    return { rows: asKnown(found), total: found.length, exact: true, searched: 0, complete: true, next: null }
  }
  const segments = await segmentsOf(store, query)
  const from = parseCursor(cursor)
  return isPicky(query) ? await pickyPage(store, query, segments, { limit, describe }, from) : await plainPage(store, segments, limit, from)
}

/** `searched` hears after each batch how many jobs were looked at, of how many. */
export type BulkOptions = { describe?: Describe; searched?: (count: number, total: number) => void }

/** Every job that fits at this moment, in the order of lists. For bulk actions: the whole of it, batch by batch. */
export async function* allMatching(store: Store, query: JobQuery, options: BulkOptions = {}): AsyncGenerator<Place[]> {
  const { describe = describeRow, searched } = options
  const place = await placeAsked(store, query)
  if (place !== undefined) return yield place === null ? [] : [place]
  const picky = isPicky(query)
  const fits = matcherOf(query, await store.now(), describe)
  const segments = await segmentsOf(store, query)
  const total = sizeOf(segments)
  for await (const { queue, ids, rows } of scan(store, segments, START, picky ? briefFields(query) : [])) {
    searched?.(ids.length, total)
    yield ids.filter((_, i) => !picky || (rows[i] != null && fits(rows[i]))).map((id) => ({ queue, id }))
  }
}

async function plainPage(store: Store, segments: readonly Segment[], limit: number, from: Cursor): Promise<SearchPage> {
  const places: Place[] = []
  let next: Cursor | undefined
  for await (const { segment, offset, queue, ids } of scan(store, segments, from, [], limit + 1)) {
    const room = limit - places.length
    places.push(...ids.slice(0, room).map((id) => ({ queue, id })))
    if (ids.length <= room) continue
    next = { segment, offset: offset + room }
    break
  }
  const rows = (await rowsOf(store, places)).filter((row) => row !== null)
  return {
    rows: asKnown(rows),
    total: sizeOf(segments),
    exact: true,
    searched: 0,
    complete: true,
    next: next === undefined ? null : showCursor(next),
  }
}

async function pickyPage(
  store: Store,
  query: JobQuery,
  segments: readonly Segment[],
  { limit, describe = describeRow }: SearchOptions,
  from: Cursor,
): Promise<SearchPage> {
  const fits = matcherOf(query, await store.now(), describe)
  const first = from.total === undefined
  const places: Place[] = []
  let [searched, found, ended] = [0, 0, true]
  let next: Cursor | undefined
  for await (const { segment, offset, queue, ids, rows } of scan(store, segments, from, briefFields(query))) {
    for (const [i, row] of rows.entries()) {
      if (row === null || !fits(row)) continue
      found++
      if (places.length < limit) places.push({ queue, id: ids[i]! })
      else next ??= { segment, offset: offset + i }
    }
    searched += ids.length
    // The total is counted with the first page; a later one looks no further than it must.
    if (searched < MAX_SEARCHED && (first || next === undefined)) continue
    ended = false
    next ??= { segment, offset: offset + ids.length }
    break
  }
  const total = from.total ?? found
  const exact = first ? ended : from.exact === true
  const rows = (await rowsOf(store, places)).filter((row) => row !== null)
  return {
    rows: asKnown(rows),
    total,
    exact,
    searched,
    complete: exact,
    next: next === undefined ? null : showCursor({ ...next, total, exact }),
  }
}

/** A job that is named needs no search: `id:` without a star, or a word that is the id of one. */
async function placeAsked(store: Store, query: JobQuery): Promise<Place | null | undefined> {
  const { id, words } = query
  const named =
    id !== undefined && !id.includes('*') ? id : words.length === 1 && words[0]!.length >= 20 ? words[0]!.toUpperCase() : undefined
  if (named === undefined || !isJobId(named)) return undefined
  const place = await findJob(store, named, selectNames(await queueNames(store), query.queue))
  return place ?? (id === undefined ? undefined : null)
}

/** Jobs of the registry `failed` that have an error, as far as one search goes. */
export async function failedRows(store: Store, queue?: string): Promise<{ rows: FoundRow[]; searched: number; total: number }> {
  const query: JobQuery = { state: 'failed', words: [], problems: [], ...(queue !== undefined && { queue }) }
  const segments = await segmentsOf(store, query)
  const total = sizeOf(segments)
  const found: FoundRow[] = []
  let searched = 0
  for await (const { ids, rows } of scan(store, segments, START, ['status', 'task', 'error', 'reason', 'ended_at', 'expires_at'])) {
    searched += ids.length
    found.push(...rows.filter((row) => row !== null && row.status !== 'stopped' && row.error !== undefined).filter((row) => row !== null))
    if (searched >= MAX_SEARCHED) break
  }
  return { rows: asKnown(found), searched, total }
}

/** The newest jobs that belong to workflows, as far as one search goes. */
export async function workflowRows(store: Store): Promise<{ rows: FoundRow[]; searched: number; complete: boolean }> {
  const segments = await segmentsOf(store, { words: [], problems: [] })
  const fields = ['status', 'workflow', 'task', 'reason', 'created_at', 'enqueued_at', 'ended_at', 'expires_at']
  const rows: FoundRow[] = []
  let searched = 0
  for await (const batch of scan(store, segments, START, fields)) {
    searched += batch.ids.length
    rows.push(...batch.rows.filter((row) => row?.workflow !== undefined).filter((row) => row !== null))
    if (searched >= MAX_SEARCHED) return { rows: asKnown(rows), searched, complete: false }
  }
  return { rows: asKnown(rows), searched, complete: true }
}
