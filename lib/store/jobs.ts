import { newToken } from '../job/id.ts'
import { type JobSnapshot, parseRecord } from '../job/record.ts'
import { hasEnded, isStatus, type JobStatus } from '../job/state.ts'
import { split } from '../split.ts'
import type { Attempt } from './attempts.ts'
import { isWrongType, readHash } from './hash.ts'
import { deliverOutbox } from './maintain.ts'
import type { Place } from './places.ts'
import type { Store } from './store.ts'

export { findJob, type Place } from './places.ts'

const MAX_IDS_PER_CALL = 1_000
const MAX_LOG_LINES = 1_000

/** This process and its count of lines: tells a call that was sent again from a line that was logged twice. */
const WRITER = newToken()
let lines = 0

export async function readJobs(store: Store, places: readonly Place[]): Promise<(JobSnapshot | null)[]> {
  if (places.length === 0) return []
  const reads = places.map(({ queue, id }) => readHash(store, store.keys.job(queue, id)))
  const [now, ...hashes] = await Promise.all([store.now(), ...reads])
  return hashes.map((fields, i) => {
    const { queue, id } = places[i]!
    return fields === null ? null : parseRecord(queue, id, fields, now)
  })
}

export async function readJob(store: Store, place: Place): Promise<JobSnapshot | null> {
  return (await readJobs(store, [place]))[0] ?? null
}

/** As time has it now; null when there is no such job. */
export async function statusOf(store: Store, { queue, id }: Place): Promise<JobStatus | null> {
  const reads = [store.now(), store.client.call('HMGET', store.keys.job(queue, id), 'status', 'expires_at')] as const
  const [now, fields] = await Promise.all(reads)
  const [status, expiresAt] = fields as (string | null)[]
  return status ? parseRecord(queue, id, { status, ...(expiresAt && { expires_at: expiresAt }) }, now).status : null
}

export interface CancelOptions {
  reason: string
  release: boolean
}

/** Returns the status before the call, null when there is no such job. `started` means: asked to stop. */
export async function cancelJob(store: Store, { queue, id }: Place, options: CancelOptions): Promise<JobStatus | null> {
  return (await cancelJobs(store, queue, [id], options))[0]!
}

/** The same for many. In the order in which they wait they cost far less than one by one: see lua/_leaving.lua. */
export async function cancelJobs(
  store: Store,
  queue: string,
  ids: readonly string[],
  { reason, release }: CancelOptions,
): Promise<(JobStatus | null)[]> {
  const statuses = await Promise.all(
    split(ids, MAX_IDS_PER_CALL).map(async (part) => {
      const answer = await store.run('cancel', queue, [reason, release ? '1' : '0', store.keys.worker(''), newToken(), ...part])
      return (answer as string).split(',')
    }),
  )
  return statuses.flat().map((status) => (isStatus(status) ? status : null))
}

export interface RequeueReply {
  before: JobStatus | null
  /** The job that holds the unique key, which is why nothing was done. */
  blockedBy?: string
  /** A job of a workflow that was canceled with others: it was not requeued, and comes back with them. */
  waits?: true
}

export async function requeueJob(store: Store, { queue, id }: Place, mode: 'requeue' | 'promote', atFront: boolean): Promise<RequeueReply> {
  const reply = await store.run('requeue', queue, [id, atFront ? '1' : '0', mode, newToken()])
  const [status, owner, workflow] = reply as [string, string, number?]
  const before = isStatus(status) ? status : null
  if (workflow === 2) return { before, waits: true }
  if (workflow === 1) await deliverOutbox(store, queue)
  return owner === '' ? { before } : { before, blockedBy: owner }
}

export type Removal = 'deleted' | 'kept' | 'stray'
const REMOVALS: readonly Removal[] = ['kept', 'deleted', 'stray']

/**
 * Deletes jobs, only those of one status or registry when given. `kept`: not there, or in another state; `stray`: an id without
 * a job, taken out of that registry.
 */
export async function removeJobs(store: Store, queue: string, ids: readonly string[], only = ''): Promise<Removal[]> {
  const removed: Removal[] = []
  for (const part of split(ids, MAX_IDS_PER_CALL)) {
    const verdicts = (await store.run('remove', queue, [only, store.keys.worker(''), newToken(), ...part])) as string
    for (const verdict of verdicts) removed.push(REMOVALS[Number(verdict)]!)
  }
  return removed
}

/** Progress or a log line of a running attempt; false when the attempt is no longer ours. */
export async function note(store: Store, attempt: Attempt, kind: 'progress' | 'log', text: string): Promise<boolean> {
  const args = [attempt.id, attempt.token, kind, text, MAX_LOG_LINES, `${WRITER}:${++lines}`]
  return (await store.run('note', attempt.queue, args)) === 1
}

/**
 * Replaces the meta text if it is still `before` (undefined for none). Returns true when written, false when the job is gone
 * or the lease lost, else the text that is there now. `token` is '' from outside the job.
 */
export async function replaceMeta(
  store: Store,
  attempt: Attempt,
  before: string | undefined,
  text: string,
): Promise<boolean | { now: string | undefined }> {
  const reply = await store.run('note', attempt.queue, [attempt.id, attempt.token, 'meta', text, before ?? ''])
  if (typeof reply === 'number') return reply === 1
  return { now: reply === '' ? undefined : String(reply) }
}

export interface Watched {
  status: JobStatus
  ended: boolean
  result?: string
  error?: string
  reason?: string
  progress?: string
  /** Ms until its ttl ends it, when it has one and waits. */
  expiresInMs?: number
}

/** Reads where jobs stand and asks to be told; null for a job that is not there. Listen on its channel first. */
export async function watchJobs(store: Store, queue: string, ids: readonly string[]): Promise<(Watched | null)[]> {
  const seen: (Watched | null)[] = []
  for (const part of split(ids, MAX_IDS_PER_CALL)) {
    const rows = (await store.run('watch', queue, part)) as (null | [string, ...unknown[]])[]
    for (const row of rows) seen.push(row === null ? null : parseWatched(row))
  }
  return seen
}

function parseWatched([text, result, error, reason, left, progress]: [string, ...unknown[]]): Watched {
  const status = isStatus(text) ? text : 'failed'
  const expired = left === 0
  const watched: Watched = { status: expired ? 'expired' : status, ended: expired || hasEnded(status) }
  if (typeof result === 'string') watched.result = result
  if (typeof error === 'string') watched.error = error
  if (typeof reason === 'string') watched.reason = reason
  if (typeof progress === 'string') watched.progress = progress
  if (typeof left === 'number' && left > 0) watched.expiresInMs = left
  return watched
}

export async function readList(store: Store, { queue, id }: Place, part: 'attempts' | 'logs' | 'dependents'): Promise<string[]> {
  try {
    return (await store.client.call('LRANGE', store.keys.jobPart(queue, id, part), 0, -1)) as string[]
  } catch (error) {
    if (isWrongType(error)) return []
    throw error
  }
}
