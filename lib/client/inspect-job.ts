import type { JobStatus } from '../job/state.ts'
import { queueOf } from '../partition.ts'
import { encode } from '../payload/payload.ts'
import { isRich } from '../payload/rich.ts'
import { parseStoredError } from '../payload/stored-error.ts'
import { findJob, type Place, readJobs, readList } from '../store/jobs.ts'
import { parseRef, refOf } from '../store/keys.ts'
import { findPlaces, namesOf } from '../store/partitions.ts'
import { queueNames } from '../store/queues.ts'
import { parseTime, type Store } from '../store/store.ts'
import { type AttemptRecord, attemptsOf } from './attempts.ts'
import { describeCall } from './describe.ts'

export interface ErrorView {
  name: string
  message: string
  stack: string | null
  code?: string | number
  cause?: unknown
}

export interface AttemptView {
  attempt: number
  worker: string
  startedAt: string
  endedAt: string | null
  outcome: AttemptRecord['outcome']
  error?: ErrorView
}

/** The shape of `rqts job ID --json`. Dates are ISO text, durations milliseconds with -1 for "without end"; unset is null. */
export interface JobDetail {
  id: string
  queue: string
  task: string
  status: JobStatus
  /** Readable JSON; values that JSON lacks as superjson writes them: a Date as ISO text, a Map as pairs. */
  args: unknown
  result: unknown
  error: ErrorView | null
  reason: string | null
  attempt: number
  createdAt: string | null
  enqueuedAt: string | null
  startedAt: string | null
  endedAt: string | null
  runAt: string | null
  timeout: number
  ttl: number | null
  resultTtl: number
  failureTtl: number
  retry: object | null
  /** As given at enqueue, else the call. */
  description: string
  meta: unknown
  progress: unknown
  tags: readonly string[]
  priority: number
  concurrencyKey: string | null
  /** Further runs after success, and how many of them are over. */
  repeat: { times: number; every: number; done: number } | null
  worker: string | null
  /** `id` of the same queue, or `queue/id`. */
  dependencies: readonly string[]
  dependents: readonly string[]
  /** Those that did not simply succeed, and the one that runs or has finished. */
  attempts: AttemptView[]
}

export type JobLocation = Place

/** In which queue a job is; null when there is no such job. */
export async function locate(store: Store, id: string, queue?: string): Promise<JobLocation | null> {
  const found = await findJob(store, id, queue === undefined ? await queueNames(store) : await namesOf(store, queue))
  return found && { queue: queueOf(found.queue), id }
}

export async function jobDetail(store: Store, location: JobLocation): Promise<JobDetail | null> {
  const [place] = (await findPlaces(store, [location])) as [JobLocation]
  const [[job], history, dependents] = await Promise.all([
    readJobs(store, [place]),
    readList(store, place, 'attempts'),
    readList(store, place, 'dependents'),
  ])
  if (job === null || job === undefined) return null
  const error = job.error === undefined ? null : parseStoredError(job.error)
  return {
    id: job.id,
    queue: queueOf(job.queue),
    task: job.task,
    status: job.status,
    args: readable(job.args),
    result: readable(job.result),
    error: error === null ? null : { ...error, stack: error.stack ?? null },
    reason: job.reason ?? null,
    attempt: job.attempt,
    createdAt: iso(job.createdAt),
    enqueuedAt: iso(job.enqueuedAt),
    startedAt: iso(job.startedAt),
    endedAt: iso(job.endedAt),
    runAt: iso(job.runAt),
    timeout: job.timeoutMs,
    ttl: job.ttlMs ?? null,
    resultTtl: job.resultTtlMs,
    failureTtl: job.failureTtlMs,
    retry: job.retry ?? null,
    description: job.description ?? describeCall(job.task, job.args),
    meta: readable(job.meta) ?? {},
    progress: readable(job.progress),
    tags: job.tags,
    priority: job.priority,
    concurrencyKey: job.concurrencyKey ?? null,
    repeat: job.repeat === undefined ? null : { times: job.repeat.times, every: job.repeat.everyMs, done: job.repeat.done },
    worker: job.worker ?? null,
    dependencies: job.parents.map((ref) => refAsShown(ref, job.queue)),
    dependents: dependents.map((ref) => refAsShown(ref, job.queue)),
    attempts: attemptsOf(job, history).map(attemptView),
  }
}

/** What runs where: the task and start of each job, undefined for those that are gone. */
export async function readStarts(
  store: Store,
  places: readonly Place[],
): Promise<{ now: number; starts: ({ task: string; startedAt?: number } | undefined)[] }> {
  const stored = await findPlaces(store, places)
  const reads = stored.map(({ queue, id }) => ['HMGET', store.keys.job(queue, id), 'task', 'started_at'] as const)
  const [time, ...rows] = await store.client.callAll([['TIME'], ...reads])
  const starts = rows.map((row) => {
    const [task, startedAt] = row as (string | null)[]
    if (!task) return undefined
    return startedAt ? { task, startedAt: Number(startedAt) } : { task }
  })
  return { now: parseTime(time), starts }
}

function refAsShown(ref: string, seenFrom: string): string {
  const { queue, id } = parseRef(ref, seenFrom)
  return refOf(queueOf(queue), id, queueOf(seenFrom))
}

export async function jobLogs(store: Store, location: JobLocation): Promise<string[]> {
  const [place] = (await findPlaces(store, [location])) as [JobLocation]
  return await readList(store, place, 'logs')
}

function attemptView({ attempt, worker, startedAt, endedAt, outcome, error }: AttemptRecord): AttemptView {
  const view: AttemptView = { attempt, worker, startedAt: startedAt.toISOString(), endedAt: endedAt?.toISOString() ?? null, outcome }
  if (error !== undefined) view.error = { name: error.name, message: error.message, stack: error.stack ?? null }
  return view
}

/** A value as `--json` shows it. */
export function readableValue(value: unknown): unknown {
  return readable(value === undefined ? undefined : encode(value, 'value'))
}

/** A stored payload without its types: what people and JSON readers can use. A broken one is shown as the text it is. */
export function readable(text: string | undefined): unknown {
  if (text === undefined) return null
  try {
    const value = JSON.parse(text) as unknown
    return isRich(text) ? (value as { json?: unknown }).json : value
  } catch {
    return text
  }
}

/** Null for what is unset or no date. */
export function iso(ms: number | undefined): string | null {
  return ms === undefined || !(ms > 0 && ms <= 8.64e15) ? null : new Date(ms).toISOString()
}
