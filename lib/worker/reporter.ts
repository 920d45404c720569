import { channels } from '../channels.ts'
import { clock } from '../clock.ts'
import type { Logger } from '../logger.ts'
import { queueOf } from '../partition.ts'
import type { ClaimedJob, Outcome } from '../store/attempts.ts'
import { type JobEventFacts, WorkerEmitter, type WorkerEvents } from './events.ts'
import type { Run } from './run.ts'
import { COUNT_OF, type Tally } from './tally.ts'

export interface WorkerTotals {
  processed: number
  succeeded: number
  failed: number
}

/** Counts what a worker did and tells it: events to listeners, warnings to the log. */
export class Reporter {
  readonly totals: WorkerTotals = { processed: 0, succeeded: 0, failed: 0 }
  readonly events: WorkerEmitter
  readonly #logger: Logger
  readonly #tally: Tally

  constructor(logger: Logger, tally: Tally) {
    this.#logger = logger
    this.#tally = tally
    this.events = new WorkerEmitter(logger)
  }

  started(job: ClaimedJob): void {
    const waitedMs = Math.max(0, clock.now() - job.enqueuedAt)
    this.#tally.started(job, waitedMs)
    if (channels.started.hasSubscribers) channels.started.publish({ ...facts(job), waitedMs })
    this.events.emit('started', () => ({ ...facts(job), waitedMs }))
  }

  ended(run: Run, outcome: Outcome, error: unknown): void {
    if (outcome.kind === 'release') return
    const { job } = run
    const elapsedMs = clock.monotonic() - run.startedAt
    this.totals.processed++
    this.#tally.ended(job, outcome.kind, elapsedMs)
    if (channels.ended.hasSubscribers) channels.ended.publish({ ...facts(job), elapsedMs, outcome: COUNT_OF[outcome.kind], error })
    if (outcome.kind === 'ok' || 'others' in outcome) {
      this.totals.succeeded++
      this.events.emit('finished', () => ({ ...facts(job), elapsedMs }))
      return
    }
    this.totals.failed++
    if (outcome.kind === 'retry') this.events.emit('retry', () => ({ ...facts(job), elapsedMs, error, delayMs: outcome.delayMs }))
    else if (outcome.kind === 'lost') this.#crashed(job, error)
    else if (outcome.kind === 'fail') this.events.emit('failed', () => ({ ...facts(job), elapsedMs, error, reason: outcome.reason }))
    else this.events.emit('stopped', () => ({ ...facts(job), elapsedMs }))
  }

  /** Another worker may have the job by now; what this attempt did is not recorded. */
  lost(job: JobEventFacts): void {
    this.#logger.warn(facts(job), 'The lease of this job was lost: what this attempt did is not recorded')
    this.events.emit('lost', () => facts(job))
  }

  /** The child in which it ran is gone. */
  #crashed(job: JobEventFacts, error: unknown): void {
    this.#logger.warn(
      { ...facts(job), err: error },
      'This job took its process down; it is put back, or fails when that has happened too often',
    )
    this.events.emit('lost', () => ({ ...facts(job), error }))
  }

  blocked(told: WorkerEvents['blocked']): void {
    const what =
      'The event loop was blocked, and with it all other jobs of this worker: give the work to a pool of processes or threads, or break it up'
    this.#logger.warn({ code: 'RQTS_EVENT_LOOP_BLOCKED', ...told }, what)
    this.events.emit('blocked', () => told)
  }

  stalled(queue: string, ids: readonly string[], failed: boolean): void {
    const what = failed ? 'Jobs failed: each took its worker down too often' : 'Jobs were lost by their worker and are put back'
    this.#logger.warn({ queue: queueOf(queue), ids, failed }, what)
    this.events.emit('stalled', () => ({ queue: queueOf(queue), ids, failed }))
  }
}

function facts({ id, queue, task, attempt }: JobEventFacts): JobEventFacts {
  return { id, queue: queueOf(queue), task, attempt }
}
