import { queueOf } from '../partition.ts'
import type { ClaimedJob, Outcome } from '../store/attempts.ts'
import { Store } from '../store/store.ts'
import type { EnqueueFromJob } from './context.ts'
import type { Interruption } from './ending.ts'
import type { Presence } from './heartbeat.ts'
import { jobPort } from './job-port.ts'
import { Keeper } from './keeper.ts'
import { Lookout } from './lookout.ts'
import type { NormalWorkerOptions, WorkerOptions } from './options.ts'
import { type PausedBy, Phase } from './phase.ts'
import { createPool } from './pool/create-pool.ts'
import type { Pool } from './pool/pool.ts'
import { Pump } from './pump.ts'
import { QueueOrder } from './queue-order.ts'
import { Reporter } from './reporter.ts'
import type { Run } from './run.ts'
import { Tally } from './tally.ts'
import { Upkeep } from './upkeep.ts'

/** How a handler's `this.enqueue` reaches a queue; rqts.ts provides it. */
export type EnqueuePort = (store: Store, queue: string) => EnqueueFromJob

/** What the parts ask of the worker as a whole. */
export interface WorkerPort {
  concurrency(): number
  resize(concurrency: number): void
  pause(by: PausedBy, paused: boolean): void
  stop(force: boolean): void
  /** Nothing can run any more. */
  fail(error: Error): void
}

/** The parts of a worker and who tells whom. worker.ts starts and stops them. */
export class Parts {
  readonly store: Store
  readonly order: QueueOrder
  readonly tally: Tally
  readonly reporter: Reporter
  readonly pool: Pool
  readonly pump: Pump
  readonly keeper: Keeper
  readonly upkeep: Upkeep
  readonly lookout: Lookout
  readonly phase: Phase

  constructor(
    queues: string | readonly string[],
    given: WorkerOptions,
    options: NormalWorkerOptions,
    enqueue: EnqueuePort,
    worker: WorkerPort,
  ) {
    this.order = new QueueOrder(queues, options.strategy, options.name)
    this.store = new Store(given)
    this.tally = new Tally(this.store)
    this.reporter = new Reporter(options.logger, this.tally)
    this.pool = createPool(given, options, {
      portOf: (job) => jobPort(this.store, job, enqueue),
      ended: (run, outcome, error) => this.#ended(run, outcome, error),
      failed: (error) => worker.fail(error),
    })
    const tell = {
      start: (job: ClaimedJob) => this.#start(job),
      startBatch: (jobs: readonly ClaimedJob[]) => this.#startBatch(jobs),
      batchRule: ({ task }: ClaimedJob) => (this.pool.batches.size === 0 ? undefined : this.pool.batches.get(task)),
      refused: (outcome: Outcome) => this.reporter.lost({ ...outcome, task: '', attempt: 0 }),
      idle: () => this.lookout.idle(),
    }
    this.pump = new Pump(this.store, this.order, options, tell, options.logger)
    const { logger } = this.pump
    const lost = (run: Run): void => this.reporter.lost(run.job)
    this.keeper = new Keeper(this.store, this.pump, this.pool, { leaseMs: options.leaseMs, logger, lost })
    this.upkeep = new Upkeep(this.store, options, this.order, given.connection, {
      logger,
      reporter: this.reporter,
      pool: this.pool,
      presence: () => this.#presence(worker.concurrency()),
      stopRun: (id, token) => this.#stopRun(id, token),
      stop: (force) => worker.stop(force),
      pause: (by, paused) => worker.pause(by, paused),
      resize: (concurrency) => worker.resize(concurrency),
    })
    this.lookout = new Lookout(this.store, this.order, options, this.pump, {
      follow: () => this.upkeep.follow(),
      looked: () => {
        this.upkeep.notice()
        void this.tally.flush()
      },
      called: () => this.upkeep.heed(),
      stop: () => worker.stop(false),
    })
    this.phase = new Phase({
      busy: () => this.pump.running.size > 0,
      take: (jobs) => (jobs ? this.pump.resume() : this.pump.pause()),
    })
  }

  interruptAll(kind: Interruption): void {
    for (const run of this.pump.running) this.pool.interrupt(run, kind)
  }

  #start(job: ClaimedJob): Run {
    const run = this.#prepare(job)
    this.pool.execute(run)
    return run
  }

  #startBatch(jobs: readonly ClaimedJob[]): readonly Run[] {
    const runs = jobs.map((job) => this.#prepare(job))
    this.pool.executeBatch(runs)
    return runs
  }

  #prepare(job: ClaimedJob): Run {
    const run = this.pool.prepare(job)
    this.reporter.started(job)
    this.keeper.began(run)
    return run
  }

  #ended(run: Run, outcome: Outcome | undefined, error: unknown): void {
    this.lookout.jobEnded()
    this.pump.ended(run, outcome)
    if (outcome !== undefined) this.reporter.ended(run, outcome, error)
  }

  #stopRun(id: string, token: string): void {
    const meant = (job: ClaimedJob): boolean => job.id === id && job.token === token
    for (const run of this.pump.running) if (meant(run.job)) this.pool.interrupt(run, 'stop')
    const held = this.pump.held.find(meant)
    if (held !== undefined) this.pump.withdraw(held, 'stop')
  }

  #presence(concurrency: number): Presence {
    return {
      state: this.phase.state,
      pool: this.pool.kind,
      pids: this.pool.pids,
      queues: this.order.patterns,
      concurrency,
      tasks: this.pool.names,
      schemas: this.pool.schemas,
      jobs: [...this.pump.running].map(({ job }) => `${queueOf(job.queue)}/${job.id}`),
      ...this.reporter.totals,
    }
  }
}
