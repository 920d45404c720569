import type { JobState, JobStatus, QueueJob, QueueJobJson } from '@bull-board/api/typings/app'
import { changeJobs, type JobChange } from '../client/change-jobs.ts'
import type { FullJob } from '../client/inspect-full.ts'
import { type Place, parseStoredError, readable, type Store } from '../client/inspector.ts'
import { searchJobs } from '../client/search-jobs.ts'
import { RqtsError } from '../errors.ts'
import type { JobStatus as OwnStatus } from '../job/state.ts'

/** bull-board's words for ours. */
export const HOMES: Readonly<Record<'active' | 'waiting' | 'waiting-children' | 'completed' | 'failed' | 'delayed', OwnStatus>> = {
  active: 'started',
  waiting: 'queued',
  'waiting-children': 'deferred',
  completed: 'finished',
  failed: 'failed',
  delayed: 'scheduled',
}
const STATES: Readonly<Record<OwnStatus, JobState>> = {
  started: 'active',
  queued: 'waiting',
  deferred: 'waiting-children',
  finished: 'completed',
  failed: 'failed',
  stopped: 'failed',
  scheduled: 'delayed',
  canceled: 'unknown',
  expired: 'unknown',
}

export async function placesOf(store: Store, queue: string, status: JobStatus, start: number, count: number): Promise<Place[]> {
  if (status === 'paused' || status === 'prioritized') return []
  const state = HOMES[status]
  const { rows } = await searchJobs(store, { state, queue, words: [], problems: [] }, { limit: count, cursor: `0.${start}..0` })
  return rows.map((row) => ({ queue: row.queue, id: row.id }))
}

/** A job as bull-board shows and handles it. */
export class BoardJob implements QueueJob {
  readonly opts: { delay?: number; attempts: number }
  readonly #store: Store
  readonly #full: FullJob

  constructor(store: Store, full: FullJob) {
    this.#store = store
    this.#full = full
    this.opts = { attempts: 1 + (full.row.retry?.max ?? 0), ...(this.#delayMs > 0 && { delay: this.#delayMs }) }
  }

  get #delayMs(): number {
    const { runAt, createdAt } = this.#full.row
    return runAt === undefined || createdAt === undefined ? 0 : Math.max(0, runAt - createdAt)
  }

  promote(): Promise<void> {
    return this.#change('promote')
  }

  remove(): Promise<void> {
    return this.#change('delete')
  }

  retry(): Promise<void> {
    return this.#change('requeue')
  }

  async #change(change: JobChange): Promise<void> {
    const { queue, id } = this.#full.row
    const { refused } = await changeJobs(this.#store, change, [{ queue, id }])
    if (refused[0] !== undefined) throw new RqtsError('RQTS_BAD_STATE', `Cannot ${change} job ${id}: ${refused[0].why}`, { jobId: id })
  }

  getState(): Promise<JobState> {
    return Promise.resolve(STATES[this.#full.row.status])
  }

  toJSON(): QueueJobJson {
    const { row } = this.#full
    const error = row.error === undefined ? undefined : parseStoredError(row.error)
    const failed = STATES[row.status] === 'failed'
    const progress = readable(row.progress)
    return {
      id: row.id,
      name: row.task,
      progress:
        typeof progress === 'number' || typeof progress === 'string' || (typeof progress === 'object' && progress !== null) ? progress : 0,
      attemptsMade: row.attempt,
      timestamp: row.createdAt ?? row.enqueuedAt ?? 0,
      processedOn: row.startedAt ?? null,
      processedBy: row.worker ?? null,
      finishedOn: row.endedAt ?? null,
      delay: this.#delayMs,
      failedReason: failed ? (error?.message ?? row.reason ?? 'failed') : '',
      stacktrace: error?.stack === undefined || !failed ? [] : [error.stack],
      data: readable(row.args),
      returnvalue: readable(row.result),
      opts: this.opts,
    }
  }
}
