import { hostname } from 'node:os'
import { newToken } from '../job/id.ts'
import { createLogger, type Logger } from '../logger.ts'
import { checkName } from '../names.ts'
import type { ConnectionOption } from '../store/connect.ts'
import { queueNames } from '../store/queues.ts'
import { Store } from '../store/store.ts'
import { Leader, VACANT } from './leader.ts'
import { Service } from './service.ts'
import { Ticker } from './ticker.ts'

export interface SchedulerOptions {
  connection?: ConnectionOption
  prefix?: string
  /** Default: host.pid.random. */
  name?: string
  /** Losses after which a job fails. Default 3, as for workers. */
  maxLost?: number
  logger?: Logger
}

const REFRESH_MS = 1_000

/**
 * What a worker does besides running jobs, without running any: fires schedules and, for all queues, promotes due jobs and recovers lost
 * ones. Any number may run, beside workers too: one of all leads at a time.
 */
export class Scheduler {
  readonly name: string
  readonly #store: Store
  readonly #leader: Leader
  readonly #ticker: Ticker
  readonly #refresh: Service
  readonly #ends = new Map<string, () => void>()
  #queues: string[] = []

  constructor(options: SchedulerOptions = {}) {
    const logger = options.logger ?? createLogger({ level: 'warn' })
    this.name = checkName(
      'worker',
      options.name ??
        `scheduler.${safeHost()}.${process.pid}.${newToken()
          .replace(/[^A-Za-z0-9]/g, '')
          .slice(0, 6)}`,
    )
    this.#store = new Store(options)
    this.#ticker = new Ticker(this.#store, { name: this.name, logger })
    this.#leader = new Leader(this.#store, {
      worker: this.name,
      maxLost: options.maxLost ?? 3,
      queues: () => this.#queues,
      logger,
      lost: (queue, ids, failed) =>
        logger.warn(
          { queue, jobs: ids },
          failed ? 'jobs failed: their workers were lost too often' : 'jobs put back: their workers were lost',
        ),
    })
    this.#refresh = new Service('queue discovery', logger, () => this.#discover())
  }

  start(): void {
    // The socket alone keeps no process alive; these timers do.
    this.#refresh.start()
    this.#ticker.start()
    this.#leader.start()
  }

  async stop(): Promise<void> {
    await this.#refresh.stop()
    for (const end of this.#ends.values()) end()
    this.#ends.clear()
    await Promise.all([this.#ticker.stop(), this.#leader.stop()])
    await this.#store.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  /** New queues are led within a second, and their earliest run times heard of at once. */
  async #discover(): Promise<number> {
    this.#queues = await queueNames(this.#store)
    for (const queue of this.#queues) {
      if (this.#ends.has(queue)) continue
      const due = (text = ''): void => this.#leader.hurry(queue, text === VACANT)
      this.#ends.set(
        queue,
        await this.#store.connections.subscriber.listen(this.#store.keys.queuePart(queue, 'due'), { message: due, gap: due }),
      )
    }
    return REFRESH_MS
  }
}

/** Host names may hold characters that names may not. */
function safeHost(): string {
  return (
    hostname()
      .replace(/[^A-Za-z0-9_.-]/g, '-')
      .slice(0, 64) || 'host'
  )
}
