import { clock } from '../clock.ts'
import type { Logger } from '../logger.ts'
import { deliverOutbox, linkParents, sweep, tick } from '../store/maintain.ts'
import type { Store } from '../store/store.ts'
import { Service } from './service.ts'

export interface LeaderOptions {
  worker: string
  maxLost: number
  queues(): readonly string[]
  logger: Logger
  lost(queue: string, ids: readonly string[], failed: boolean): void
}

/** Said on the channel of run times by a leader that stops. */
export const VACANT = 'vacant'

/** A leader that dies keeps its lock this long, and for as long nobody recovers what it ran. */
const LEADERSHIP_MS = 2_500
/** Scheduled jobs are promoted when they are due, and earlier ones announced: a tick finds what was lost, and renews the leadership. */
const TICK_MS = 2_000
/** Unless a tick finds that it is needed sooner. */
const SWEEP_MS = 10_000
const JITTER_MS = 250

/**
 * Does for its queues what time demands: promotes due jobs, recovers lost ones, ends those past their ttl, delivers what a
 * crash left in the outbox. One worker per queue leads, by a lock that lasts a few ticks; the scripts would be safe without.
 */
export class Leader {
  readonly #store: Store
  readonly #options: LeaderOptions
  readonly #service: Service
  readonly #nextSweep = new Map<string, number>()
  readonly #leading = new Set<string>()

  constructor(store: Store, options: LeaderOptions) {
    this.#store = store
    this.#options = options
    this.#service = new Service('scheduler', options.logger, () => this.tick())
  }

  start(): void {
    this.#service.start()
  }

  /** A job was scheduled for an earlier time than any before; or, `vacant`, the leader has resigned. */
  hurry(queue: string, vacant = false): void {
    if (vacant || this.#leading.has(queue)) this.#service.hurry()
  }

  async stop(): Promise<void> {
    await this.#service.stop()
    for (const queue of this.#leading) {
      const key = this.#store.keys.queuePart(queue, 'leader')
      const holder = await this.#store.client.call('GET', key).catch(() => null)
      if (holder !== this.#options.worker) continue
      await this.#store.client.call('DEL', key).catch(() => undefined)
      await this.#store.client.call('PUBLISH', this.#store.keys.queuePart(queue, 'due'), VACANT).catch(() => undefined)
    }
    this.#leading.clear()
  }

  /** Everything that is due now, for tests and for a burst that is about to end. */
  async settleDown(): Promise<void> {
    for (const queue of this.#options.queues()) {
      let waitMs = await this.#lead(queue, true)
      while (waitMs === 0) waitMs = await this.#lead(queue, false)
    }
  }

  /** One round; returns the ms until the next. */
  async tick(): Promise<number> {
    const waits = await Promise.all(this.#options.queues().map((queue) => this.#lead(queue, false)))
    return Math.min(LEADERSHIP_MS, ...waits)
  }

  async #lead(queue: string, now: boolean): Promise<number> {
    const { worker } = this.#options
    const reply = await tick(this.#store, queue, worker, LEADERSHIP_MS)
    if (!reply.leader) {
      this.#leading.delete(queue)
      // There when the leadership ends, but not all followers at once.
      return (reply.lastsMs ?? LEADERSHIP_MS) + Math.random() * JITTER_MS
    }
    this.#leading.add(queue)
    if (reply.outbox > 0) await deliverOutbox(this.#store, queue)
    const due = clock.monotonic() >= (this.#nextSweep.get(queue) ?? 0)
    if (due || now || reply.late) await this.#sweep(queue)
    return Math.min(TICK_MS, reply.nextDueMs ?? TICK_MS)
  }

  async #sweep(queue: string): Promise<void> {
    let outbox = 0
    this.#nextSweep.set(queue, clock.monotonic() + SWEEP_MS * (0.8 + Math.random() * 0.2))
    for (let more = true; more; ) {
      const reply = await sweep(this.#store, queue, this.#options.maxLost)
      more = reply.more
      outbox = reply.outbox
      if (reply.requeued.length > 0) this.#options.lost(queue, reply.requeued, false)
      if (reply.failed.length > 0) this.#options.lost(queue, reply.failed, true)
      for (const child of reply.unlinked) await linkParents(this.#store, queue, child, true)
    }
    if (outbox > 0) await deliverOutbox(this.#store, queue)
  }
}
