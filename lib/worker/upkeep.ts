import { RqtsError } from '../errors.ts'
import { newToken } from '../job/id.ts'
import type { Logger } from '../logger.ts'
import { Leader } from '../service/leader.ts'
import { Ticker } from '../service/ticker.ts'
import type { ConnectionOption } from '../store/connect.ts'
import { registerQueue } from '../store/queues.ts'
import type { Store } from '../store/store.ts'
import { Control, type ControlPort } from './control.ts'
import { Heartbeat, type Presence } from './heartbeat.ts'
import type { NormalWorkerOptions } from './options.ts'
import { Orders } from './orders.ts'
import type { Pool } from './pool/pool.ts'
import type { QueueOrder } from './queue-order.ts'
import type { Reporter } from './reporter.ts'
import { Watchdog } from './watchdog/watchdog.ts'

export interface UpkeepPort extends ControlPort {
  logger: Logger
  reporter: Reporter
  pool: Pool
  presence(): Presence
  stopRun(id: string, token: string): void
}

/** What a worker does besides running jobs: says that it lives, listens to orders, and sees to what time demands. */
export class Upkeep {
  readonly #store: Store
  readonly #options: NormalWorkerOptions
  readonly #order: QueueOrder
  readonly #logger: Logger
  readonly #heartbeat: Heartbeat
  readonly #leader: Leader
  readonly #ticker: Ticker
  readonly #orders: Orders
  readonly #control: Control
  readonly #watchdog: Watchdog | undefined

  constructor(store: Store, options: NormalWorkerOptions, order: QueueOrder, connection: ConnectionOption | undefined, port: UpkeepPort) {
    const { name, maxLost } = options
    const { logger, reporter } = port
    const identity = newToken()
    this.#store = store
    this.#options = options
    this.#order = order
    this.#logger = logger
    this.#watchdog = createWatchdog(store, options, identity, connection, port)
    this.#heartbeat = new Heartbeat(store, name, identity, logger, port.presence, (record, aliveMs) =>
      this.#watchdog?.hear({ queues: order.all, record, aliveMs }),
    )
    this.#leader = new Leader(store, {
      worker: name,
      maxLost,
      queues: () => order.all,
      logger,
      lost: (queue, ids, failed) => reporter.stalled(queue, ids, failed),
    })
    this.#ticker = new Ticker(store, { name, logger })
    this.#control = new Control(store, name, logger, port)
    this.#orders = new Orders(store, name, {
      stop: port.stopRun,
      shutdown: port.stop,
      look: () => this.#control.hurry(),
      tell: () => this.#heartbeat.hurry(),
      due: (queue, vacant) => this.#leader.hurry(queue, vacant),
    })
  }

  get watched(): boolean {
    return this.#watchdog?.active === true
  }

  /** Makes the worker known; waits for a Redis that is not up yet. False when it was to stop meanwhile. */
  async announce(stopping: () => boolean): Promise<boolean> {
    for (let waitMs = 100; !stopping(); waitMs = Math.min(waitMs * 2, 2_000)) {
      try {
        await this.#enlist()
        return true
      } catch (error) {
        // A worker outlives a Redis that is not up yet; anything else is for the caller.
        if (!(error instanceof RqtsError) || error.code !== 'RQTS_REDIS_UNAVAILABLE') throw error
        if (waitMs === 100) this.#logger.error({ err: error }, 'Redis cannot be reached yet; the worker keeps trying')
        await new Promise((resolve) => setTimeout(resolve, waitMs))
      }
    }
    return false
  }

  async #enlist(): Promise<void> {
    if (!(await this.#heartbeat.beat())) {
      const { name } = this.#options
      throw new RqtsError('RQTS_WORKER_EXISTS', `A live worker is already named '${name}'. Give this one another name, or none.`)
    }
    await this.#order.refresh(this.#store)
    for (const queue of this.#order.all) await registerQueue(this.#store, queue)
    await this.#orders.start()
    await this.#control.look()
    await this.follow()
  }

  /** Also after the list of queues has changed. */
  async follow(): Promise<void> {
    if (this.#options.scheduler) await this.#orders.follow(this.#order.all)
  }

  async start(): Promise<void> {
    this.#control.start()
    this.#heartbeat.start()
    this.#watchdog?.start()
    if (!this.#options.scheduler) return
    // What is due already counts as there: a burst must not end before it was promoted.
    if (this.#options.burst) {
      await this.#ticker.settleDown()
      await this.#leader.settleDown()
    } else {
      this.#ticker.start()
    }
    this.#leader.start()
  }

  /** People may want something of this worker. */
  heed(): void {
    this.#control.hurry()
  }

  /** Called every second or so. */
  notice(): void {
    this.#heartbeat.notice()
  }

  /** The state has changed and people may be looking. */
  hurry(): void {
    this.#heartbeat.hurry()
  }

  async stop(): Promise<void> {
    this.#orders.close()
    // Side by side: when Redis is away each waits for its deadline.
    await Promise.all([this.#control.stop(), this.#ticker.stop(), this.#leader.stop(), this.#watchdog?.stop()])
    await this.#heartbeat.stop(this.#order.all).catch(() => undefined)
  }
}

/** Only handlers that share this thread can block it. */
function createWatchdog(
  store: Store,
  { name, pool, onBlocked, leaseMs, graceMs }: NormalWorkerOptions,
  identity: string,
  connection: ConnectionOption | undefined,
  port: UpkeepPort,
): Watchdog | undefined {
  if (pool !== 'async' || onBlocked === 'ignore') return undefined
  return new Watchdog({
    connection,
    prefix: store.keys.prefix,
    worker: name,
    identity,
    leaseMs,
    graceMs,
    exit: onBlocked === 'exit',
    policies: () => port.pool.policies,
    logger: port.logger,
    blocked: ({ ms, culprit }) => port.reporter.blocked({ ms, ...culprit }),
  })
}
