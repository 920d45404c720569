import { clock } from '../clock.ts'
import { type Duration, parseDuration } from '../duration.ts'
import type { Logger } from '../logger.ts'
import type { ClaimedJob, Outcome } from '../store/attempts.ts'
import { Store } from '../store/store.ts'
import type { EnqueueFromJob } from './context.ts'
import { Doorbell } from './doorbell.ts'
import type { WorkerEvents, WorkerListener } from './events.ts'
import type { WorkerState } from './heartbeat.ts'
import { jobPort } from './job-port.ts'
import { Keeper } from './keeper.ts'
import type { LoadedTasks } from './load-tasks.ts'
import { checkConcurrency, type NormalWorkerOptions, normalizeWorkerOptions, type WorkerOptions } from './options.ts'
import { createPool } from './pool/create-pool.ts'
import type { Pool } from './pool/pool.ts'
import { Pump } from './pump.ts'
import { QueueOrder } from './queue-order.ts'
import { Reporter, type WorkerTotals } from './reporter.ts'
import type { Run } from './run.ts'
import { reportLost } from './supervisor/lost.ts'
import { Upkeep } from './upkeep.ts'

export interface StopOptions {
  /** Abort what runs and put it back at once, no attempt charged. */
  force?: boolean
  /** How long running jobs may go on. Default: the worker's `shutdownTimeout`. */
  timeout?: Duration
}

/** How a handler's `this.enqueue` reaches a queue; rqts.ts provides it. */
export type EnqueuePort = (store: Store, queue: string) => EnqueueFromJob

const WILDCARD_MS = 1_000
const POLL_WITH_LEADER_MS = 5_000
const POLL_ALONE_MS = 1_000

/** Takes jobs from queues and runs them. Starts and stops its parts; each does one thing. Next stop: pump.ts. */
export class BaseWorker {
  readonly name: string
  readonly store: Store
  readonly #options: NormalWorkerOptions
  readonly #order: QueueOrder
  readonly #logger: Logger
  readonly #reporter: Reporter
  readonly #pool: Pool
  readonly #pump: Pump
  readonly #keeper: Keeper
  readonly #upkeep: Upkeep
  readonly #paused = new Set<'here' | 'others'>()
  #concurrency: number
  #failure: Error | undefined
  #doorbell: Doorbell | undefined
  #state: WorkerState = 'starting'
  #lastJobAt = clock.monotonic()
  #watch: NodeJS.Timeout | undefined
  #ran: Promise<WorkerTotals> | undefined
  #stopping: Promise<void> | undefined
  #finished: (() => void) | undefined

  constructor(queues: string | readonly string[], options: WorkerOptions, enqueue: EnqueuePort) {
    this.#options = normalizeWorkerOptions(options)
    this.#concurrency = this.#options.concurrency
    this.#order = new QueueOrder(queues, this.#options.strategy, this.#options.name)
    this.#logger = this.#options.logger
    this.name = this.#options.name
    this.store = new Store(options)
    this.#reporter = new Reporter(this.#logger)
    this.#pool = createPool(options, this.#options, {
      portOf: (job) => jobPort(this.store, job, enqueue),
      ended: (run, outcome, error) => this.#ended(run, outcome, error),
      failed: (error) => this.#fail(error),
    })
    this.#pump = new Pump(
      this.store,
      this.#order,
      this.#options,
      {
        start: (job) => this.#start(job),
        refused: (outcome) => this.#reporter.lost({ ...outcome, task: '', attempt: 0 }),
        idle: () => this.#idle(),
      },
      this.#logger,
    )
    this.#keeper = new Keeper(this.store, this.#pump, this.#pool, {
      leaseMs: this.#options.leaseMs,
      logger: this.#pump.logger,
      lost: (run) => this.#reporter.lost(run.job),
    })
    this.#upkeep = new Upkeep(this.store, this.#options, this.#order, options.connection, {
      logger: this.#pump.logger,
      reporter: this.#reporter,
      pool: this.#pool,
      presence: () => ({
        state: this.state,
        pool: this.#pool.kind,
        pids: this.#pool.pids,
        queues: this.#order.patterns,
        concurrency: this.#concurrency,
        tasks: this.#pool.names,
        jobs: [...this.#pump.running].map(({ job }) => `${job.queue}/${job.id}`),
        ...this.#reporter.totals,
      }),
      stopRun: (id, token) => this.#stopRun(id, token),
      stop: (force) => void this.stop({ force }),
      pause: (paused) => this.#pauseFor('others', paused),
      resize: (concurrency) => {
        this.concurrency = concurrency
      },
    })
  }

  get state(): WorkerState {
    if (this.#state !== 'idle') return this.#state
    return this.#pump.running.size > 0 ? 'busy' : 'idle'
  }

  get maxLost(): number {
    return this.#options.maxLost
  }

  /** This process is about to end in disorder: what it runs counts as lost, and runs again at once. */
  async abandon(how: string): Promise<void> {
    await reportLost(this.store, { name: this.name, queues: this.#order.all, how, maxLost: this.#options.maxLost, keepRecord: true })
  }

  /** Whether the watchdog thread is up, see `onBlocked`. */
  get watched(): boolean {
    return this.#upkeep.watched
  }

  /** Whether Redis answers. */
  async answers(): Promise<boolean> {
    await this.store.client.call('PING')
    return true
  }

  get queues(): readonly string[] {
    return this.#order.patterns
  }

  on<Name extends keyof WorkerEvents>(name: Name, listener: WorkerListener<Name>): this {
    this.#reporter.events.on(name, listener)
    return this
  }

  off<Name extends keyof WorkerEvents>(name: Name, listener: WorkerListener<Name>): this {
    this.#reporter.events.off(name, listener)
    return this
  }

  /** Loads the task modules without starting: `run()` does it too. Returns what was found where. */
  async loadTasks(): Promise<readonly LoadedTasks[]> {
    return await this.#pool.load()
  }

  /** Reads the task files anew: running jobs finish on the old code, the next ones run the new. */
  async reloadTasks(): Promise<readonly LoadedTasks[]> {
    return await this.#pool.reload()
  }

  get concurrency(): number {
    return this.#concurrency
  }

  /** More jobs at the same time from now on, or fewer as soon as running ones end. */
  set concurrency(value: number) {
    this.#concurrency = checkConcurrency(value)
    this.#pool.resize(value)
    this.#pump.resize(value)
    this.#upkeep.hurry()
  }

  /** Works until stopped, or until nothing is left with `burst`. */
  run(): Promise<WorkerTotals> {
    this.#ran ??= this.#run()
    return this.#ran
  }

  async #run(): Promise<WorkerTotals> {
    try {
      await this.#pool.load()
      await this.#upkeep.announce(() => this.#stopping !== undefined)
      await this.#pool.open()
      this.#doorbell = new Doorbell(this.store, {
        pollMs: this.#options.scheduler ? POLL_WITH_LEADER_MS : POLL_ALONE_MS,
        queues: () => this.#order.all,
        own: this.#order.own,
        refresh: () => void this.#refresh(),
        ring: () => this.#ring(),
      })
      if (this.#state === 'starting') this.#begin()
      this.#keeper.start()
      await this.#upkeep.start()
      this.#watch = setInterval(() => this.#look(), WILDCARD_MS)
      this.#reporter.events.emit('ready', () => ({ name: this.name, queues: this.#order.all }))
      const done = new Promise<void>((resolve) => {
        this.#finished = resolve
      })
      if (this.#stopping === undefined) {
        const pumping = this.#pump.run()
        await done
        await pumping
      }
    } finally {
      await this.#close()
    }
    if (this.#failure !== undefined) throw this.#failure
    return { ...this.#reporter.totals }
  }

  /** A pause may have come before the start. */
  #begin(): void {
    this.#state = this.#paused.size > 0 ? 'paused' : 'idle'
    if (this.#state === 'paused') this.#pump.pause()
  }

  /** Drains by default: running jobs finish, then those that do not within the timeout go back to their queues. */
  stop(options: StopOptions = {}): Promise<void> {
    const timeoutMs = options.force
      ? 0
      : options.timeout === undefined
        ? this.#options.shutdownTimeoutMs
        : parseDuration(options.timeout, 'timeout')
    if (options.force) this.#release()
    this.#stopping ??= this.#drain(timeoutMs)
    return this.#stopping
  }

  /** Takes no more jobs until `resume()`; those that run go on. */
  pause(): void {
    this.#pauseFor('here', true)
  }

  /** Takes back what `pause()` said; a pause that came through Redis goes on. */
  resume(): void {
    this.#pauseFor('here', false)
  }

  #pauseFor(whom: 'here' | 'others', paused: boolean): void {
    if (this.#paused.has(whom) === paused) return
    if (paused) this.#paused.add(whom)
    else this.#paused.delete(whom)
    if (this.#state !== 'idle' && this.#state !== 'paused') return
    const state = this.#paused.size > 0 ? 'paused' : 'idle'
    if (state === this.#state) return
    this.#state = state
    if (state === 'paused') this.#pump.pause()
    else this.#pump.resume()
    this.#upkeep.hurry()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
    await this.#ran
  }

  #start(job: ClaimedJob): Run {
    const run = this.#pool.prepare(job)
    this.#reporter.started(job)
    this.#keeper.began(run)
    this.#pool.execute(run)
    return run
  }

  #ended(run: Run, outcome: Outcome | undefined, error: unknown): void {
    this.#lastJobAt = clock.monotonic()
    this.#pump.ended(run, outcome)
    if (outcome !== undefined) this.#reporter.ended(run, outcome, error)
  }

  #stopRun(id: string, token: string): void {
    for (const run of this.#pump.running) if (run.job.id === id && run.job.token === token) this.#pool.interrupt(run, 'stop')
  }

  /** The claim came back empty. */
  #idle(): void {
    if (this.#options.burst && this.#pump.drained) void this.stop()
    else this.#doorbell?.arm()
  }

  #ring(): boolean {
    if (!this.#pump.hasFreeSlot) return false
    this.#pump.wake()
    return true
  }

  /** Once a second: new queues, and whether it is time to stop. */
  #look(): void {
    const { maxIdleMs, maxJobs, burst } = this.#options
    if (this.#pump.running.size > 0) this.#lastJobAt = clock.monotonic()
    const idleFor = clock.monotonic() - this.#lastJobAt
    if (idleFor > maxIdleMs || (this.#pump.taken >= maxJobs && this.#pump.quiet) || (burst && this.#pump.drained)) void this.stop()
    else void this.#refresh()
    if (this.#pump.hasFreeSlot) this.#doorbell?.arm()
    this.#upkeep.notice()
  }

  async #refresh(): Promise<void> {
    try {
      if (!(await this.#order.refresh(this.store))) return
      await this.#upkeep.follow()
      this.#pump.wake()
      await this.#doorbell?.rearm()
    } catch {
      // Redis is away; the pump says so.
    }
  }

  #release(): void {
    for (const run of this.#pump.running) this.#pool.interrupt(run, 'release')
  }

  /** Nothing can run any more: what is in hand goes back, and `run()` rejects. */
  #fail(error: Error): void {
    this.#failure ??= error
    this.#logger.error({ err: error }, 'The worker stops: its pool cannot run jobs')
    this.#reporter.events.emit('error', () => ({ error }))
    void this.stop({ force: true })
  }

  async #drain(timeoutMs: number): Promise<void> {
    this.#state = 'stopping'
    this.#pump.pause()
    this.#pool.drain()
    this.#upkeep.hurry()
    let timer: NodeJS.Timeout | undefined
    const deadline = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, timeoutMs)
    })
    await Promise.race([this.#pump.idle(), deadline])
    clearTimeout(timer)
    this.#release()
    // Children are given a moment to let go.
    await this.#pump.idle()
    this.#pump.finish()
    this.#finished?.()
    if (this.#ran === undefined) await this.#close()
    else await this.#ran.catch(() => undefined)
  }

  async #close(): Promise<void> {
    clearInterval(this.#watch)
    this.#doorbell?.close()
    await this.#keeper.stop()
    await this.#pool.close().catch((error: unknown) => this.#logger.error({ err: error }, 'A teardown function threw'))
    await this.#upkeep.stop()
    await this.store.close()
  }
}
