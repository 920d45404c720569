import { clock } from '../clock.ts'
import type { Logger } from '../logger.ts'
import { Service } from '../service/service.ts'
import { type ClaimedJob, type Renewal, renew } from '../store/attempts.ts'
import type { Store } from '../store/store.ts'
import type { Pool } from './pool/pool.ts'
import type { Pump } from './pump.ts'
import { attemptOf, type Run } from './run.ts'

export interface KeeperOptions {
  leaseMs: number
  logger: Logger
  lost(run: Run): void
}

/** A job of ours, and its run once it has started. */
interface Kept {
  job: ClaimedJob
  run?: Run
}

const MAX_PULSE_MS = 1_000

/**
 * Watches over running jobs once a pulse: renews their leases, hears of orders to stop that no message brought, ends those
 * past their timeout. Jobs shorter than a pulse never cost it anything.
 */
export class Keeper {
  readonly #store: Store
  readonly #pump: Pump
  readonly #pool: Pool
  readonly #options: KeeperOptions
  readonly #service: Service
  readonly #pulseMs: number
  /** Monotonic time of the last answered renewal of each run. */
  readonly #renewedAt = new WeakMap<Run, number>()
  readonly #lost = new WeakSet<Run>()

  constructor(store: Store, pump: Pump, pool: Pool, options: KeeperOptions) {
    this.#store = store
    this.#pump = pump
    this.#pool = pool
    this.#options = options
    this.#pulseMs = Math.min(MAX_PULSE_MS, options.leaseMs / 3)
    this.#service = new Service('lease renewal', options.logger, async () => {
      await this.#pulse()
      return this.#pulseMs
    })
  }

  start(): void {
    this.#service.start()
  }

  async stop(): Promise<void> {
    await this.#service.stop()
  }

  /** A deadline before the next pulse gets a timer of its own. */
  began(run: Run): void {
    if (run.job.timeoutMs > 0 && run.job.timeoutMs < 2 * this.#pulseMs) this.#arm(run)
  }

  #arm(run: Run): void {
    const leftMs = Math.max(0, run.deadline - clock.monotonic())
    setTimeout(() => {
      if (run.ended) return
      // A child may have begun with it later than it was given out.
      if (run.deadline - clock.monotonic() > 1) this.#arm(run)
      else this.#pool.interrupt(run, 'timeout')
    }, leftMs)
  }

  async #pulse(): Promise<void> {
    const now = clock.monotonic()
    const byQueue = new Map<string, Kept[]>()
    const keep = (job: ClaimedJob, run?: Run): void => {
      const list = byQueue.get(job.queue) ?? []
      list.push(run === undefined ? { job } : { job, run })
      byQueue.set(job.queue, list)
    }
    for (const run of this.#pump.running) {
      if (run.job.timeoutMs >= 2 * this.#pulseMs && run.deadline - now < 1.5 * this.#pulseMs) this.#arm(run)
      if (now - run.startedAt >= this.#pulseMs / 2) keep(run.job, run)
    }
    for (const job of this.#pump.held) keep(job)
    // Each queue by itself: what one slot cannot answer must not cost the others their leases.
    const renewals = [...byQueue].map(([queue, entries]) => this.#renew(queue, entries, now))
    const outcomes = await Promise.allSettled(renewals)
    const failed = outcomes.find((outcome) => outcome.status === 'rejected')
    if (failed) throw failed.reason
  }

  async #renew(queue: string, entries: readonly Kept[], now: number): Promise<void> {
    let verdicts: Renewal[]
    try {
      verdicts = await renew(
        this.#store,
        queue,
        entries.map(({ job }) => attemptOf(job)),
        this.#options.leaseMs,
      )
    } catch (error) {
      for (const { run } of entries) if (run && this.#overdue(run)) this.#lose(run)
      throw error
    }
    entries.forEach(({ job, run }, i) => {
      const verdict = verdicts[i]!
      if (run === undefined) {
        if (verdict !== 'renewed') this.#pump.withdraw(job, verdict)
        return
      }
      if (run.ended) return
      if (verdict === 'lost') this.#lose(run)
      else this.#renewedAt.set(run, now)
      if (verdict === 'stop') this.#pool.interrupt(run, 'stop')
    })
  }

  /** By our own clock the lease must have gone: someone else may run the job, so this attempt ends. */
  #overdue(run: Run): boolean {
    return clock.monotonic() - (this.#renewedAt.get(run) ?? run.startedAt) > this.#options.leaseMs
  }

  #lose(run: Run): void {
    if (run.ended || this.#lost.has(run)) return
    this.#lost.add(run)
    this.#options.lost(run)
    this.#pool.interrupt(run, 'lost')
  }
}
