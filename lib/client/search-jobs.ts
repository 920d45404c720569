import { type JobSnapshot, parseRecord } from '../job/record.ts'
import type { JobStatus } from '../job/state.ts'
import { isJobId, matcher } from '../names.ts'
import { queueOf } from '../partition.ts'
import { parseStoredError } from '../payload/stored-error.ts'
import { findJob, type Place } from '../store/jobs.ts'
import type { Container } from '../store/keys.ts'
import { idsByRank, type QueueSummary, queueNames, summarize } from '../store/queues.ts'
import type { Store } from '../store/store.ts'
import { describeCall } from './describe.ts'
import { fingerprintOf } from './frames.ts'
import { type Cursor, parseCursor, START, showCursor } from './search-cursor.ts'
import { type JobQuery, selectNames } from './search-query.ts'

/** A job as lists show it, with what only some views need. */
export interface FoundRow extends JobSnapshot {
  workflow?: string
}

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

export type Describe = (row: FoundRow) => string

export function describeRow({ task, args, description }: FoundRow): string {
  return description ?? describeCall(task, args)
}

interface Segment {
  queue: string
  container: Container
  size: number
}

/** Jobs looked at one by one in one call. */
export const MAX_SEARCHED = 10_000
const PAGE = 500
const ORDER: readonly Container[] = ['started', 'queue', 'scheduled', 'deferred', 'failed', 'canceled', 'finished']
/** `failed` and `canceled` mean the registry as counts show it, with stopped and expired jobs; those two names are picked out of it. */
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
const sizeOf = (segments: readonly Segment[]): number => segments.reduce((sum, { size }) => sum + size, 0)
const COUNTED: Record<Container, keyof QueueSummary> = {
  queue: 'queued',
  started: 'started',
  scheduled: 'scheduled',
  deferred: 'deferred',
  failed: 'failed',
  canceled: 'canceled',
  finished: 'finished',
}
/** All that a list shows; the result, which may be large, it does not. */
const ROW = [
  'status',
  'task',
  'args',
  'description',
  'tags',
  'attempt',
  'worker',
  'error',
  'reason',
  'retry',
  'workflow',
  'parents',
  'created_at',
  'enqueued_at',
  'started_at',
  'ended_at',
  'run_at',
  'expires_at',
] as const

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

/** Of a queue with partitions by the queue's name. */
export function asKnown(rows: readonly FoundRow[]): FoundRow[] {
  return rows.map((row) => (row.queue === queueOf(row.queue) ? row : { ...row, queue: queueOf(row.queue) }))
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

/** The jobs of these places as lists show them; null for those that are gone. */
export async function rowsOf(store: Store, places: readonly Place[]): Promise<(FoundRow | null)[]> {
  const now = await store.now()
  return (await Promise.all(places.map(({ queue, id }) => readRows(store, queue, [id], ROW, now)))).flat()
}

async function plainPage(store: Store, segments: readonly Segment[], limit: number, from: Cursor): Promise<SearchPage> {
  const places: Place[] = []
  const total = sizeOf(segments)
  let at: Cursor = from
  while (at.segment < segments.length && places.length < limit) {
    const { queue, container, size } = segments[at.segment]!
    const count = Math.min(limit - places.length, size - at.offset)
    const ids = count > 0 ? await idsByRank(store, queue, container, at.offset, count) : []
    places.push(...ids.map((id) => ({ queue, id })))
    const over = ids.length < count || at.offset + ids.length >= size
    at = over ? { ...START, segment: at.segment + 1 } : { ...START, segment: at.segment, offset: at.offset + ids.length }
  }
  const more = segments.slice(at.segment + 1).some(({ size }) => size > 0) || at.offset < (segments[at.segment]?.size ?? 0)
  const rows = (await rowsOf(store, places)).filter((row) => row !== null)
  return { rows: asKnown(rows), total, exact: true, searched: 0, complete: true, next: more ? showCursor(at) : null }
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

async function segmentsOf(store: Store, query: JobQuery): Promise<Segment[]> {
  const queues = selectNames(await queueNames(store), query.queue)
  const counts = await summarize(store, queues)
  const containers = query.state === undefined ? ORDER : ORDER.filter((container) => HOMES[query.state!].includes(container))
  // What has failed is asked of failed jobs only.
  const asked = query.error === undefined && query.fingerprint === undefined ? containers : containers.filter((one) => one !== 'finished')
  return queues.flatMap((queue, i) => asked.map((container) => ({ queue, container, size: Number(counts[i]![COUNTED[container]]) })))
}

/** Whether jobs must be looked at one by one. */
export function isPicky({ state, task, id, worker, tag, workflow, fingerprint, error, sinceMs, untilMs, words }: JobQuery): boolean {
  const asked = [task, id, worker, tag, workflow, fingerprint, error, sinceMs, untilMs].some((value) => value !== undefined)
  return asked || words.length > 0 || state === 'stopped' || state === 'expired'
}

export function briefFields(query: JobQuery): string[] {
  const fields = ['status', 'task', 'expires_at']
  if (query.error !== undefined || query.fingerprint !== undefined) fields.push('error', 'reason')
  if (query.words.length > 0) fields.push('args', 'description')
  if (query.tag !== undefined) fields.push('tags')
  if (query.worker !== undefined) fields.push('worker')
  if (query.workflow !== undefined) fields.push('workflow')
  if (query.sinceMs !== undefined || query.untilMs !== undefined) fields.push('enqueued_at', 'created_at', 'ended_at', 'run_at')
  return fields
}

export function matcherOf(query: JobQuery, now: number, describe: Describe): (row: FoundRow) => boolean {
  const tests: ((row: FoundRow) => boolean)[] = []
  const { state, sinceMs, untilMs, error, fingerprint } = query
  if (state === 'stopped' || state === 'expired') tests.push((row) => row.status === state)
  for (const name of ['task', 'id', 'worker'] as const) {
    const fits = query[name] === undefined ? undefined : matcher(query[name])
    if (fits) tests.push((row) => fits(row[name] ?? ''))
  }
  if (query.tag !== undefined) tests.push((row) => row.tags.includes(query.tag!))
  if (query.workflow !== undefined) tests.push((row) => row.workflow === query.workflow)
  const timeOf = (row: FoundRow): number => row.endedAt ?? row.enqueuedAt ?? row.createdAt ?? row.runAt ?? 0
  if (sinceMs !== undefined) tests.push((row) => timeOf(row) >= now - sinceMs)
  if (untilMs !== undefined) tests.push((row) => timeOf(row) <= now - untilMs)
  if (error !== undefined) {
    const part = error.toLowerCase()
    tests.push((row) => {
      if (row.error === undefined) return row.reason?.toLowerCase().includes(part) === true
      const { name, message } = parseStoredError(row.error)
      return `${name}: ${message}`.toLowerCase().includes(part)
    })
  }
  if (fingerprint !== undefined)
    tests.push((row) => row.error !== undefined && fingerprintOf(row.task, parseStoredError(row.error)) === fingerprint)
  for (const word of query.words) {
    tests.push((row) => `${row.id} ${row.task} ${describe(row)}`.toLowerCase().includes(word))
  }
  return (row) => tests.every((test) => test(row))
}

interface Batch {
  segment: number
  offset: number
  queue: string
  ids: string[]
  rows: (FoundRow | null)[]
}

/** Batches of jobs from a place on; with no fields to read, ids alone. Each segment is as long as it was when its size was read. */
async function* scan(store: Store, segments: readonly Segment[], from: Cursor, fields: readonly string[]): AsyncGenerator<Batch> {
  const now = await store.now()
  for (let segment = from.segment; segment < segments.length; segment++) {
    const { queue, container, size } = segments[segment]!
    for (let offset = segment === from.segment ? from.offset : 0; offset < size; ) {
      const ids = await idsByRank(store, queue, container, offset, Math.min(PAGE, size - offset))
      if (ids.length === 0) break
      yield { segment, offset, queue, ids, rows: fields.length === 0 ? [] : await readRows(store, queue, ids, fields, now) }
      offset += ids.length
    }
  }
}

export async function readRows(
  store: Store,
  queue: string,
  ids: readonly string[],
  names: readonly string[],
  now: number,
): Promise<(FoundRow | null)[]> {
  const rows = await store.client.callAll(ids.map((id) => ['HMGET', store.keys.job(queue, id), ...names] as const))
  return rows.map((row, i) => {
    const values = row as (string | null)[]
    if (!values[0]) return null
    const fields: Record<string, string> = Object.create(null)
    for (const [k, name] of names.entries()) if (values[k] != null) fields[name] = values[k]
    const found: FoundRow = parseRecord(queue, ids[i]!, fields, now)
    const workflow = workflowOf(fields['workflow'])
    if (workflow !== undefined) found.workflow = workflow
    return found
  })
}

/** The id of the workflow that a job belongs to. */
export function workflowOf(text: string | undefined): string | undefined {
  if (text === undefined) return undefined
  try {
    const { id } = JSON.parse(text) as { id?: unknown }
    return typeof id === 'string' ? id : undefined
  } catch {
    return undefined
  }
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
