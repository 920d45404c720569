import { clock } from '../../clock.ts'
import type { Logger } from '../../logger.ts'
import type { ConnectionOption } from '../../store/connect.ts'
import { summarize } from '../../store/queues.ts'
import { Store } from '../../store/store.ts'
import { QueueOrder } from '../queue-order.ts'
import { reportLost } from './lost.ts'
import { Scale } from './scale.ts'
import { Staff } from './staff.ts'

export interface SupervisorOptions {
  connection?: ConnectionOption
  prefix?: string
  queues: readonly string[]
  min: number
  max: number
  /** Slots of one process, for scaling. */
  concurrency: number
  /** Script and arguments of a worker process. */
  command: readonly string[]
  /** After this long, what was asked to stop is ended by force. */
  shutdownTimeoutMs: number
  logger: Logger
  /** Takes what the workers print, line by line; without, each prints for itself, and long lines may cut into each other. */
  lines?: (text: string) => void
}

const LOOK_MS = 1_000
const MAX_EARLY_CRASHES = 3
/** One that lived this long crashed for a reason of its own; its successor need not wait. */
const SETTLED_MS = 10_000
const MAX_RESTART_MS = 30_000
const REPORT_TRIES = 10
const AFTER_SHUTDOWN_MS = 5_000
const EXIT_FAILED = 1
const EXIT_ABORTED = 130

/** Keeps worker processes alive: replaces dead ones, puts their jobs back at once, and has as many as there is work for. */
export class Supervisor {
  readonly #options: SupervisorOptions
  readonly #store: Store
  readonly #order: QueueOrder
  readonly #scale: Scale
  readonly #staff = new Set<Staff>()
  /** Slots whose worker ended by itself, as `rqts stop` makes it. */
  readonly #done = new Set<number>()
  readonly #restarts = new Map<number, NodeJS.Timeout>()
  readonly #reports = new Set<Promise<void>>()
  #signals = 0
  #everReady = false
  #crashes = 0
  #code = 0
  #timer: NodeJS.Timeout | undefined
  #end: ((code: number) => void) | undefined

  constructor(options: SupervisorOptions) {
    this.#options = options
    this.#store = new Store({ connection: options.connection, prefix: options.prefix })
    this.#order = new QueueOrder(options.queues, 'priority')
    this.#scale = new Scale(options)
  }

  /** Resolves with the exit code when no worker is left and none is to come. */
  async run(): Promise<number> {
    const ended = new Promise<number>((resolve) => {
      this.#end = resolve
    })
    this.#fill()
    this.#timer = setInterval(() => void this.#look(), LOOK_MS)
    const code = await ended
    clearInterval(this.#timer)
    for (const timer of this.#restarts.values()) clearTimeout(timer)
    await Promise.all(this.#reports)
    await this.#store.close()
    return code
  }

  /** First: the workers drain. Second: they put back what runs. Third: they are ended by force. */
  stop(signal: NodeJS.Signals = 'SIGTERM'): void {
    this.#signals++
    for (const timer of this.#restarts.values()) clearTimeout(timer)
    this.#restarts.clear()
    if (this.#signals > 1) this.#code = EXIT_ABORTED
    for (const staff of this.#staff) {
      staff.leaving = true
      if (this.#signals > 2) staff.kill()
      else if (this.#signals > 1) staff.abort()
      else staff.signal(signal)
    }
    if (this.#signals === 1) setTimeout(() => this.#killAll(), this.#options.shutdownTimeoutMs + AFTER_SHUTDOWN_MS).unref()
    this.#check()
  }

  get ready(): boolean {
    return (
      this.#signals === 0 &&
      [...this.#staff].filter((staff) => staff.ready && !staff.leaving).length >= Math.min(this.#options.min, this.#scale.wanted)
    )
  }

  /** Redis answers, and there is somebody to work. */
  async healthy(): Promise<boolean> {
    await this.#store.client.call('PING')
    return this.#staff.size > 0
  }

  /** Others than those that end: to each worker process. */
  pass(signal: NodeJS.Signals): void {
    for (const staff of this.#staff) staff.signal(signal)
  }

  #killAll(): void {
    for (const staff of this.#staff) staff.kill()
  }

  #fill(): void {
    for (let slot = 1; slot <= this.#scale.wanted && this.#signals === 0; slot++) {
      const taken =
        this.#done.has(slot) || this.#restarts.has(slot) || [...this.#staff].some((staff) => staff.slot === slot && !staff.leaving)
      if (!taken) this.#hire(slot)
    }
  }

  #hire(slot: number): void {
    const port = {
      ready: () => {
        this.#everReady = true
        this.#crashes = 0
      },
      exit: (_: Staff, code: number | null, signal: NodeJS.Signals | null) => this.#left(staff, code, signal),
    }
    const staff: Staff = new Staff(slot, this.#options.command, port, this.#options.lines)
    this.#staff.add(staff)
  }

  #left(staff: Staff, code: number | null, signal: NodeJS.Signals | null): void {
    this.#staff.delete(staff)
    if (code === 0) {
      if (!staff.leaving) this.#done.add(staff.slot)
    } else {
      const how = signal === null ? `ended with exit code ${code}` : `was killed by signal ${signal}`
      // One that never got ready has taken no job, and the name that it wanted may be that of a worker that is well.
      const reported = staff.name === undefined || !staff.ready ? Promise.resolve() : this.#report(staff, staff.name, how)
      if (!staff.leaving) this.#replace(staff, code, how, reported)
      // One that was still starting had nothing to lose.
      else if (this.#signals > 1 || (this.#signals === 1 && staff.ready)) this.#code = Math.max(this.#code, code ?? EXIT_ABORTED)
    }
    this.#check()
  }

  #replace(staff: Staff, code: number | null, how: string, reported: Promise<void>): void {
    const { logger } = this.#options
    this.#crashes++
    if (!this.#everReady && (this.#crashes >= MAX_EARLY_CRASHES || (code !== null && code > EXIT_FAILED))) {
      logger.error({ pid: staff.pid, worker: staff.name }, `A worker process ${how} before any was ready; no more are started`)
      this.#code = code ?? EXIT_FAILED
      this.#signals = 1
      for (const other of this.#staff) other.signal('SIGTERM')
      return
    }
    const lived = performance.now() - staff.startedAt
    const waitMs = lived > SETTLED_MS || this.#crashes === 1 ? 0 : Math.min(100 * 2 ** this.#crashes, MAX_RESTART_MS)
    logger.error({ pid: staff.pid, worker: staff.name, waitMs }, `A worker process ${how} and is replaced`)
    const next = (): void => {
      this.#restarts.delete(staff.slot)
      this.#fill()
      this.#check()
    }
    // The report also frees the name.
    const timer = setTimeout(() => void reported.then(() => this.#restarts.get(staff.slot) === timer && next()), waitMs)
    this.#restarts.set(staff.slot, timer)
  }

  #report(staff: Staff, name: string, how: string): Promise<void> {
    const report = this.#reportLost(staff, name, how).finally(() => this.#reports.delete(report))
    this.#reports.add(report)
    return report
  }

  async #reportLost(staff: Staff, name: string, how: string): Promise<void> {
    for (let tries = 1; ; tries++) {
      try {
        await this.#order.refresh(this.#store)
        const count = await reportLost(this.#store, { name, queues: this.#order.all, how, maxLost: staff.maxLost })
        if (count > 0) this.#options.logger.warn({ worker: name, jobs: count }, 'The jobs of the dead worker are put back')
        return
      } catch (error) {
        // Their leases will end; then any worker's sweep finds them.
        if (tries >= REPORT_TRIES || this.#signals > 0)
          return this.#options.logger.warn({ err: error, worker: name }, 'The jobs of a dead worker could not be put back now')
        await new Promise((resolve) => setTimeout(resolve, 500))
      }
    }
  }

  #check(): void {
    if (this.#staff.size === 0 && this.#restarts.size === 0 && (this.#signals > 0 || this.#done.size >= this.#scale.wanted))
      this.#end?.(this.#code)
  }

  async #look(): Promise<void> {
    if (this.#options.max === this.#options.min || this.#signals > 0) return
    try {
      await this.#order.refresh(this.#store)
      const summaries = await summarize(this.#store, this.#order.all)
      const load = { queued: 0, oldestMs: 0, running: 0 }
      for (const { queued, oldestMs = 0, started, paused } of summaries) {
        load.running += started
        if (paused) continue
        load.queued += queued
        load.oldestMs = Math.max(load.oldestMs, oldestMs)
      }
      const before = this.#scale.wanted
      const wanted = this.#scale.look(load, clock.monotonic())
      if (wanted === before) return
      this.#options.logger.info({ ...load, processes: wanted }, wanted > before ? 'More worker processes' : 'Fewer worker processes')
      for (const staff of this.#staff) if (staff.slot > wanted && !staff.leaving) this.#dismiss(staff)
      this.#fill()
    } catch {
      // Redis is away, and its workers say so.
    }
  }

  #dismiss(staff: Staff): void {
    staff.leaving = true
    staff.signal('SIGTERM')
  }
}
