import type { JobSnapshot } from '../job/record.ts'
import { decodeError } from '../payload/stored-error.ts'

/** One attempt at a job. `retry`: it failed and another was granted; `lost`: its worker died or lost the lease. */
export interface AttemptRecord {
  attempt: number
  worker: string
  startedAt: Date
  endedAt?: Date
  outcome: 'started' | 'finished' | 'failed' | 'retry' | 'stopped' | 'lost'
  error?: Error
}

const OUTCOMES: ReadonlySet<unknown> = new Set(['finished', 'failed', 'retry', 'stopped', 'lost'] satisfies AttemptRecord['outcome'][])

/** What is stored of earlier attempts, a `finished` one before the next run of a job with `repeat`, and the one that the job itself tells of. */
export function attemptsOf(snapshot: JobSnapshot, history: readonly string[]): AttemptRecord[] {
  const records = history.map(parseAttempt).filter((record) => record !== undefined)
  const { status, attempt, worker, startedAt, endedAt } = snapshot
  if ((status === 'started' || status === 'finished') && startedAt !== undefined) {
    const last: AttemptRecord = { attempt, worker: worker ?? '', startedAt: new Date(startedAt), outcome: status }
    if (status === 'finished' && endedAt !== undefined) last.endedAt = new Date(endedAt)
    records.push(last)
  }
  return records
}

/** An entry that cannot be read is left out: the others are worth more than an error. */
function parseAttempt(text: string): AttemptRecord | undefined {
  let entry: Record<string, unknown>
  try {
    entry = JSON.parse(text) as Record<string, unknown>
  } catch {
    return undefined
  }
  const { attempt, worker, startedAt, endedAt, outcome, error } = entry
  if (typeof attempt !== 'number' || typeof startedAt !== 'number' || typeof endedAt !== 'number' || !OUTCOMES.has(outcome))
    return undefined
  const record: AttemptRecord = {
    attempt,
    worker: typeof worker === 'string' ? worker : '',
    startedAt: new Date(startedAt),
    endedAt: new Date(endedAt),
    outcome: outcome as AttemptRecord['outcome'],
  }
  if (error !== undefined) record.error = decodeError(JSON.stringify(error))
  return record
}
