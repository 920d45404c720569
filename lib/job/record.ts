import type { RetryPolicy } from './backoff.ts'
import { DEFAULT_FAILURE_TTL_MS, DEFAULT_RESULT_TTL_MS, DEFAULT_TIMEOUT_MS } from './options.ts'
import { isStatus, isWaiting, type JobStatus } from './state.ts'

/**
 * The hash of a job, field by field. Absent means unset: no field is ever empty. Times are epoch ms on the clock of Redis.
 * Written by the client at enqueue: task args timeout ttl result_ttl failure_ttl description meta priority concurrency_key repeat_times repeat_every retry tags parents unique nonce trace flags
 * on_success on_failure, and of workflows takes next workflow.
 * Written by scripts: status origin created_at (unless that is when it was first enqueued) enqueued_at run_at expires_at front allow_failure ·
 * started_at attempt token worker · ended_at result error reason failures lost progress turn repeated since · logged (the last writer of a log line and its
 * count) logs_cut (lines that the list of log lines has lost at its front).
 */
export type JobFields = Readonly<Record<string, string>>

/** What is known of a job at one moment; payloads still as stored, so that reading a broken one harms nobody. */
export interface JobSnapshot {
  id: string
  queue: string
  task: string
  status: JobStatus
  args: string
  description?: string
  meta?: string
  timeoutMs: number
  ttlMs?: number
  resultTtlMs: number
  failureTtlMs: number
  retry?: RetryPolicy
  tags: readonly string[]
  /** Parents as `id` of the same queue or `queue/id`. */
  parents: readonly string[]
  attempt: number
  failures: number
  lost: number
  createdAt?: number
  enqueuedAt?: number
  startedAt?: number
  endedAt?: number
  runAt?: number
  expiresAt?: number
  worker?: string
  progress?: string
  result?: string
  error?: string
  /** Why it ended other than finished: `error`, `timeout`, `lost`, `dependency`, `ttl`, `canceled`, `stopped`, `replaced`, … */
  reason?: string
  atFront: boolean
  /** Its level within the queue, 0 unless given. */
  priority: number
  concurrencyKey?: string
  /** As it was given, or made of the arguments. */
  uniqueKey?: string
  /** `done` of `times` further runs are over. */
  repeat?: { times: number; everyMs: number; done: number }
  allowFailure: boolean
}

/** Reads what is there: a field that makes no sense counts as unset, so one bad hash breaks no list. `now` is Redis time. */
export function parseRecord(queue: string, id: string, fields: JobFields, now: number): JobSnapshot {
  const status = readStatus(fields, now)
  const snapshot: JobSnapshot = {
    id,
    queue,
    task: fields['task'] ?? '',
    status,
    args: fields['args'] ?? '[]',
    timeoutMs: number(fields['timeout']) ?? DEFAULT_TIMEOUT_MS,
    resultTtlMs: number(fields['result_ttl']) ?? DEFAULT_RESULT_TTL_MS,
    failureTtlMs: number(fields['failure_ttl']) ?? DEFAULT_FAILURE_TTL_MS,
    tags: list(fields['tags']),
    parents: list(fields['parents']),
    attempt: number(fields['attempt']) ?? 0,
    failures: number(fields['failures']) ?? 0,
    lost: number(fields['lost']) ?? 0,
    atFront: fields['front'] === '1',
    priority: number(fields['priority']) ?? 0,
    allowFailure: fields['allow_failure'] === '1',
  }
  const retry = parseRetry(fields['retry'])
  if (retry !== undefined) snapshot.retry = retry
  copy(snapshot, fields)
  if (status === 'expired' && snapshot.endedAt === undefined && snapshot.expiresAt !== undefined) {
    snapshot.endedAt = snapshot.expiresAt
    snapshot.reason = 'ttl'
  }
  return snapshot
}

function copy(snapshot: JobSnapshot, fields: JobFields): void {
  const numbers = {
    ttlMs: 'ttl',
    createdAt: 'created_at',
    enqueuedAt: 'enqueued_at',
    startedAt: 'started_at',
    endedAt: 'ended_at',
    runAt: 'run_at',
    expiresAt: 'expires_at',
  } as const
  for (const [name, field] of Object.entries(numbers) as [keyof typeof numbers, string][]) {
    const value = number(fields[field])
    if (value !== undefined) snapshot[name] = value
  }
  const times = number(fields['repeat_times'])
  if (times !== undefined) snapshot.repeat = { times, everyMs: number(fields['repeat_every']) ?? 0, done: number(fields['repeated']) ?? 0 }
  const key = fields['concurrency_key']
  if (key !== undefined) snapshot.concurrencyKey = key
  if (fields['unique'] !== undefined) snapshot.uniqueKey = fields['unique']
  if (snapshot.createdAt === undefined && snapshot.enqueuedAt !== undefined) snapshot.createdAt = snapshot.enqueuedAt
  for (const name of ['description', 'meta', 'worker', 'progress', 'result', 'error', 'reason'] as const) {
    const value = fields[name]
    if (value !== undefined) snapshot[name] = value
  }
}

/** Time alone ends a waiting job past its ttl, whether or not a sweep has written it down. */
function readStatus(fields: JobFields, now: number): JobStatus {
  const status = isStatus(fields['status']) ? fields['status'] : 'failed'
  const expiresAt = number(fields['expires_at'])
  return isWaiting(status) && expiresAt !== undefined && expiresAt <= now ? 'expired' : status
}

export function parseRetry(text: string | undefined): RetryPolicy | undefined {
  const value = json(text)
  return typeof value === 'object' && value !== null && typeof (value as RetryPolicy).max === 'number' ? (value as RetryPolicy) : undefined
}

function list(text: string | undefined): readonly string[] {
  const value = json(text)
  return Array.isArray(value) ? value.filter((entry): entry is string => typeof entry === 'string') : []
}

function json(text: string | undefined): unknown {
  if (text === undefined) return undefined
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function number(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const value = Number(text)
  // No time, span or count of ours is beyond what a Date holds.
  return Math.abs(value) <= 8.64e15 ? value : undefined
}
