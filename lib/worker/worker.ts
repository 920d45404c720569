import { setTimeout as wait } from 'node:timers/promises'
import { type Duration, parseDuration } from '../duration.ts'
import { foldNames } from '../store/partitions.ts'
import type { Store } from '../store/store.ts'
import type { WorkerEvents, WorkerListener } from './events.ts'
import type { LoadedTasks } from './load-tasks.ts'
import { checkConcurrency, type NormalWorkerOptions, normalizeWorkerOptions, type WorkerOptions } from './options.ts'
import { type EnqueuePort, Parts } from './parts.ts'
import type { PausedBy, WorkerState } from './phase.ts'
import type { WorkerTotals } from './reporter.ts'
import { reportLost } from './supervisor/lost.ts'
import type { Tally } from './tally.ts'

export interface StopOptions {
  /** Abort what runs and put it back at once, no attempt charged. */
  force?: boolean
  /** How long running jobs may go on. Default: the worker's `shutdownTimeout`. */
  timeout?: Duration
}

/** How long Redis has to show that it hears a farewell, and one that is known to be away. */
const PATIENCE_MS = 3_000
const FAREWELL_MS = 500

/** Takes jobs from queues and runs them. Starts and stops its parts (parts.ts); each does one thing. Next stop: pump.ts. */
export class BaseWorker {
  readonly name: string
  readonly store: Store
  readonly #options: NormalWorkerOptions
  readonly #parts: Parts
  #concurrency: number
  #failure: Error | undefined
  #ran: Promise<WorkerTotals> | undefined
  #stopping: Promise<void> | undefined
  #finished: (() => void) | undefined
  /** Redis has heard of it. */
  #known = false
  #leaveUnknown: (() => void) | undefined
  #heard: Promise<boolean> | undefined

  constructor(queues: string | readonly string[], options: WorkerOptions, enqueue: EnqueuePort) {
    this.#options = normalizeWorkerOptions(options)
    this.#concurrency = this.#options.concurrency
    this.name = this.#options.name
    this.#parts = new Parts(queues, options, this.#options, enqueue, {
      concurrency: () => this.#concurrency,
      resize: (concurrency) => {
        this.concurrency = concurrency
      },
      pause: (by, paused) => this.#pause(by, paused),
      stop: (force) => void this.stop({ force }),
      fail: (error) => this.#fail(error),
    })
    this.store = this.#parts.store
  }

  get state(): WorkerState {
    return this.#parts.phase.state
  }

  get maxLost(): number {
    return this.#options.maxLost
  }

  /** This process is about to end in disorder: what it runs counts as lost, and runs again at once. */
  async abandon(how: string): Promise<void> {
    await reportLost(this.store, { name: this.name, queues: this.#parts.order.all, how, maxLost: this.#options.maxLost, keepRecord: true })
  }

  /** Whether the watchdog thread is up, see `onBlocked`. */
  get watched(): boolean {
    return this.#parts.upkeep.watched
  }

  /** Whether Redis answers. */
  async answers(): Promise<boolean> {
    await this.store.client.ping()
    return true
  }

  /** What this worker has done since its start, by queue and task, and does now: for `/metrics`. */
  measure(): { name: string; concurrency: number; running: number; counts: ReturnType<Tally['counts']> } {
    const { pump, tally } = this.#parts
    return { name: this.name, concurrency: this.#concurrency, running: pump.running.size, counts: tally.counts() }
  }

  get queues(): readonly string[] {
    return this.#parts.order.patterns
  }

  on<Name extends keyof WorkerEvents>(name: Name, listener: WorkerListener<Name>): this {
    this.#parts.reporter.events.on(name, listener)
    return this
  }

  off<Name extends keyof WorkerEvents>(name: Name, listener: WorkerListener<Name>): this {
    this.#parts.reporter.events.off(name, listener)
    return this
  }

  /** Loads the task modules without starting: `run()` does it too. Returns what was found where. */
  async loadTasks(): Promise<readonly LoadedTasks[]> {
    return await this.#parts.pool.load()
  }

  /** Reads the task files anew: running jobs finish on the old code, the next ones run the new. */
  async reloadTasks(): Promise<readonly LoadedTasks[]> {
    return await this.#parts.pool.reload()
  }

  get concurrency(): number {
    return this.#concurrency
  }

  /** More jobs at the same time from now on, or fewer as soon as running ones end. */
  set concurrency(value: number) {
    this.#concurrency = checkConcurrency(value)
    this.#parts.pool.resize(value)
    this.#parts.pump.resize(value)
    this.#parts.upkeep.hurry()
  }

  /** Works until stopped, or until nothing is left with `burst`. */
  run(): Promise<WorkerTotals> {
    this.#ran ??= this.#run()
    return this.#ran
  }

  async #run(): Promise<WorkerTotals> {
    const { pool, upkeep, reporter } = this.#parts
    try {
      await pool.load()
      const leaving = new Promise<false>((resolve) => {
        this.#leaveUnknown = () => resolve(false)
      })
      this.#known = await Promise.race([upkeep.announce(() => this.#stopping !== undefined), leaving])
      if (this.#known) await this.#work()
    } finally {
      await this.#close()
    }
    if (this.#failure !== undefined) throw this.#failure
    return { ...reporter.totals }
  }

  async #work(): Promise<void> {
    const { pool, upkeep, phase, keeper, lookout, pump, reporter, order } = this.#parts
    await pool.open()
    phase.begin()
    keeper.start()
    await upkeep.start()
    lookout.open()
    reporter.events.emit('ready', () => ({ name: this.name, queues: foldNames(order.all) }))
    const done = new Promise<void>((resolve) => {
      this.#finished = resolve
    })
    if (this.#stopping === undefined) {
      const pumping = pump.run()
      await done
      const heard = await Promise.race([pumping.then(() => true), this.#isHeard()])
      // A call that only takes jobs is of no use any more. What has ended must be written.
      if (heard || pump.owes) await pumping
      else pump.limit(0)
    }
  }

  /** Drains by default: running jobs finish, then those that do not within the timeout go back to their queues. */
  stop(options: StopOptions = {}): Promise<void> {
    const timeoutMs = options.force
      ? 0
      : options.timeout === undefined
        ? this.#options.shutdownTimeoutMs
        : parseDuration(options.timeout, 'timeout')
    this.#parts.pump.limit(timeoutMs)
    if (options.force) this.#parts.interruptAll('release')
    // A Redis that was never reached knows nothing that it should be told.
    if (this.store.client.driver.status !== 'ready') this.#leaveUnknown?.()
    this.#stopping ??= this.#drain(timeoutMs)
    return this.#stopping
  }

  /** Takes no more jobs until `resume()`; those that run go on. */
  pause(): void {
    this.#pause('here', true)
  }

  /** Takes back what `pause()` said; a pause that came through Redis goes on. */
  resume(): void {
    this.#pause('here', false)
  }

  #pause(by: PausedBy, paused: boolean): void {
    if (this.#parts.phase.pause(by, paused)) this.#parts.upkeep.hurry()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
    await this.#ran
  }

  /** Nothing can run any more: what is in hand goes back, and `run()` rejects. */
  #fail(error: Error): void {
    this.#failure ??= error
    this.#options.logger.error({ err: error }, 'The worker stops: its pool cannot run jobs')
    this.#parts.reporter.events.emit('error', () => ({ error }))
    void this.stop({ force: true })
  }

  async #drain(timeoutMs: number): Promise<void> {
    const { phase, pool, upkeep, pump } = this.#parts
    phase.stop()
    pool.drain()
    upkeep.hurry()
    let timer: NodeJS.Timeout | undefined
    const deadline = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, timeoutMs)
    })
    await Promise.race([pump.idle(), deadline])
    clearTimeout(timer)
    this.#parts.interruptAll('release')
    // Children are given a moment to let go.
    await pump.idle()
    pump.finish()
    this.#finished?.()
    if (this.#ran === undefined) await this.#close()
    else await this.#ran.catch(() => undefined)
  }

  /** Whether Redis answers, now that the worker ends. */
  #isHeard(): Promise<boolean> {
    const { pump } = this.#parts
    const { client } = this.store
    this.#heard ??= client.ping(pump.cutOff || client.refused ? FAREWELL_MS : PATIENCE_MS).then(
      () => true,
      (error: unknown) => {
        pump.cut(error)
        return false
      },
    )
    return this.#heard
  }

  async #close(): Promise<void> {
    const { lookout, keeper, pool, upkeep, tally } = this.#parts
    lookout.close()
    const unknown = !this.#known && this.#stopping !== undefined
    // Of a Redis that is away, each would wait for its deadline.
    const away = unknown || !(await this.#isHeard())
    const patienceMs = this.#known || this.store.client.driver.status === 'ready' ? FAREWELL_MS : 0
    const within = (work: Promise<unknown>): Promise<unknown> => (away ? Promise.race([work, wait(patienceMs)]) : work)
    await within(keeper.stop())
    await pool.close().catch((error: unknown) => this.#options.logger.error({ err: error }, 'A teardown function threw'))
    await within(Promise.all([upkeep.stop(), tally.flush()]))
    await this.store.close()
  }
}
