import { setMaxListeners } from 'node:events'
import { parseDuration } from '../duration.ts'
import { JobFailed, RqtsError, WaitTimeout } from '../errors.ts'
import { hasEnded, isWaiting, type JobStatus } from '../job/state.ts'
import { decodeError } from '../payload/stored-error.ts'
import { type Place, readJobs } from '../store/jobs.ts'
import type { Store } from '../store/store.ts'
import { readStandings, type Standing } from '../store/workflows.ts'
import { mapShape, placesOf, type Shape } from '../workflow/shape.ts'
import { cancelInOrder } from './cancel-jobs.ts'
import type { Job } from './job.ts'
import { type Settled, settledOf, type WaitOptions } from './waiter.ts'

/** How one job of a failed workflow stood when that was read. */
export interface JobOutcome {
  id: string
  queue: string
  task: string
  status: JobStatus
  error?: Error
}

/** A job of the workflow failed, and with it the whole: `cause` is what it threw first, `outcomes` has all jobs. */
export class WorkflowFailed extends JobFailed {
  override name = 'WorkflowFailed'
  readonly outcomes: readonly JobOutcome[]
  constructor(message: string, outcomes: readonly JobOutcome[], options: { cause?: unknown; jobId?: string }) {
    super(message, options)
    this.outcomes = outcomes
  }
}

/** `queued`: nothing has begun · `started` · `finished` · `failed`: its end cannot be reached · `canceled`: the same, on request. */
export type WorkflowStatus = 'queued' | 'started' | 'finished' | 'failed' | 'canceled'

const MAX_ROUNDS = 5

/** An enqueued workflow. Everything is read from its jobs when it is asked for. */
export class WorkflowHandle<Result = unknown> {
  readonly id: string
  /** In the order in which they were written, parents before children. */
  readonly jobs: readonly Job[]
  readonly #store: Store
  /** Where each is stored. */
  readonly #places: readonly Place[]
  readonly #shape: Shape

  constructor(store: Store, id: string, jobs: readonly Job[], places: readonly Place[], shape: Shape) {
    this.#store = store
    this.id = id
    this.jobs = jobs
    this.#places = places
    this.#shape = shape
  }

  /** Waits for the last step: its result, or in the shape of the last group, theirs. Throws WorkflowFailed once that cannot be reached. */
  async result(options: WaitOptions = {}): Promise<Result> {
    const { timeout } = options
    if (timeout !== undefined) parseDuration(timeout, 'timeout', { unlimited: true })
    const others = new AbortController()
    setMaxListeners(0, others.signal, ...(options.signal ? [options.signal] : []))
    const signal = options.signal ? AbortSignal.any([options.signal, others.signal]) : others.signal
    setMaxListeners(0, signal)
    const values = new Map<number, unknown>()
    const wait = async (at: number): Promise<void> => {
      const settled = await this.jobs[at]!.settle({ ...options, signal })
      if (settled.status !== 'finished') throw await this.#explain(at, settled.error)
      values.set(at, settled.value)
    }
    try {
      await Promise.all(placesOf(this.#shape).map(wait))
    } catch (error) {
      if (!(error instanceof WaitTimeout)) throw error
      throw new WaitTimeout(
        `Workflow ${this.id} did not end within ${String(timeout)}; it goes on. Wait longer, or cancel it with cancel()`,
        { cause: error },
      )
    } finally {
      others.abort()
    }
    return mapShape(this.#shape, (at) => values.get(at)) as Result
  }

  async status(): Promise<WorkflowStatus> {
    const standings = await readStandings(this.#store, this.#places)
    const ends = placesOf(this.#shape).map((at) => standings[at]!)
    // A job that is gone has finished and is past its resultTtl, or was deleted: it holds up nobody.
    if (ends.every((end) => end === null || end.status === 'finished')) return 'finished'
    if (ends.some((end) => end !== null && end.status !== 'finished' && hasEnded(end.status)))
      return culpritOf(standings) === 'failed' ? 'failed' : 'canceled'
    return standings.every((standing) => standing !== null && isWaiting(standing.status)) ? 'queued' : 'started'
  }

  /** Jobs that have ended, however, and all. */
  async progress(): Promise<{ done: number; total: number }> {
    const standings = await readStandings(this.#store, this.#places)
    return { done: standings.filter((standing) => standing === null || hasEnded(standing.status)).length, total: standings.length }
  }

  /** Cancels what waits and stops what runs; what has ended stays. */
  async cancel(): Promise<void> {
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const standings = await readStandings(this.#store, this.#places)
      const open = this.#places.flatMap((place, at) =>
        standings[at] && !hasEnded(standings[at].status) ? [{ place, status: standings[at].status }] : [],
      )
      // Children first: what is canceled with its parent says `dependency`, and would come back with it.
      const later = open.filter(({ status }) => status === 'deferred' || status === 'scheduled').reverse()
      const now = open.filter(({ status }) => status === 'queued' || (status === 'started' && round === 0))
      if (later.length + now.length === 0) return
      await cancelInOrder(
        this.#store,
        [...later, ...now].map(({ place }) => place),
      )
    }
  }

  /** The error of the job that was the first to fail, rather than of the one that therefore never ran. */
  async #explain(at: number, error: RqtsError): Promise<RqtsError> {
    const snapshots = await readJobs(this.#store, this.#places)
    const bad = snapshots.filter(
      (read) => read !== null && hasEnded(read.status) && read.status !== 'finished' && read.reason !== 'dependency',
    )
    const first = bad.sort((a, b) => (a!.endedAt ?? 0) - (b!.endedAt ?? 0))[0] ?? snapshots[at]
    if (!first) return error
    const { id, task, status, reason, error: text } = first
    const settled: Settled = settledOf(first, task, {
      status,
      ...(reason !== undefined && { reason }),
      ...(text !== undefined && { error: text }),
    })
    if (settled.status === 'finished') return error
    if (settled.status !== 'failed') return settled.error
    const outcomes = snapshots.flatMap((read, i): JobOutcome[] => {
      const job = this.jobs[i]!
      const own = { id: job.id, queue: job.queue, task: job.task, status: read?.status ?? ('finished' as const) }
      return [read?.error !== undefined && read.status !== 'finished' ? { ...own, error: decodeError(read.error) } : own]
    })
    return new WorkflowFailed(`Workflow ${this.id} failed: ${settled.error.message}`, outcomes, { cause: settled.error.cause, jobId: id })
  }
}

/** Why the end was not reached. */
function culpritOf(standings: readonly (Standing | null)[]): 'failed' | 'canceled' {
  const bad = standings.filter(
    (standing) => standing !== null && hasEnded(standing.status) && standing.status !== 'finished' && standing.reason !== 'dependency',
  )
  return bad.some((standing) => standing!.status === 'failed' || standing!.status === 'expired') ? 'failed' : 'canceled'
}
