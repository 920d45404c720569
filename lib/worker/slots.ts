import { clock } from '../clock.ts'
import type { ClaimedJob } from '../store/attempts.ts'
import type { NormalWorkerOptions } from './options.ts'
import { MAX_AHEAD_MS, type Prefetch } from './prefetch.ts'
import type { Run } from './run.ts'

export interface SlotsPort {
  start(job: ClaimedJob): Run
  /** Claimed but not started, and not to be: back to the front of its queue. */
  giveBack(job: ClaimedJob): void
}

/** The jobs in a worker's hands: those that run, and those claimed ahead that wait for a slot. */
export class Slots {
  readonly running: Set<Run> = new Set()
  readonly #ahead: ClaimedJob[] = []
  readonly #prefetch: Prefetch
  readonly #port: SlotsPort
  readonly #maxLost: number
  readonly #shared: boolean
  #concurrency: number
  #filling = false
  #alone: Run | undefined
  #longTimer: NodeJS.Timeout | undefined
  readonly #idlers: (() => void)[] = []

  constructor(options: NormalWorkerOptions, prefetch: Prefetch, port: SlotsPort) {
    this.#concurrency = options.concurrency
    this.#maxLost = options.maxLost
    this.#shared = options.pool === 'async'
    this.#prefetch = prefetch
    this.#port = port
  }

  /** Claimed ahead. */
  get held(): readonly ClaimedJob[] {
    return this.#ahead
  }

  get inHand(): number {
    return this.running.size + this.#ahead.length
  }

  get hasFree(): boolean {
    return !this.isolating && this.inHand < this.#concurrency
  }

  /** How many may be in hand, jobs claimed ahead included. */
  get room(): number {
    return this.#concurrency + this.#prefetch.ahead(this.#concurrency)
  }

  /** No other job may be taken: one runs alone, or waits for the others to end so that it can. */
  get isolating(): boolean {
    return this.#alone !== undefined || this.#isLastChance(this.#ahead[0])
  }

  /** More slots from now on, or fewer as soon as jobs end. */
  resize(concurrency: number): void {
    this.#concurrency = concurrency
    this.fill()
  }

  add(jobs: readonly ClaimedJob[]): void {
    this.#ahead.push(...jobs)
  }

  ended(run: Run): void {
    this.running.delete(run)
    if (this.#alone === run) this.#alone = undefined
    if (this.running.size === 0) for (const resolve of this.#idlers.splice(0)) resolve()
    this.#prefetch.ran(clock.monotonic() - run.startedAt)
    this.fill()
  }

  fill(): void {
    if (this.#filling) return
    this.#filling = true
    while (this.#ahead.length > 0 && this.running.size < this.#concurrency && this.#mayStart) {
      const job = this.#ahead.shift()!
      const run = this.#port.start(job)
      if (run.ended) continue
      this.running.add(run)
      if (this.#isLastChance(job)) this.#alone = run
    }
    this.#filling = false
    clearTimeout(this.#longTimer)
    // Claimed ahead, but the running jobs turned out long: others may have a free slot.
    if (this.#ahead.length > 0) this.#longTimer = setTimeout(() => this.giveBack(this.#isLastChance(this.#ahead[0]) ? 1 : 0), MAX_AHEAD_MS)
  }

  giveBack(keep = 0): void {
    // From the last to the first: each goes to the front, so the order is kept.
    for (const job of this.#ahead.splice(keep).reverse()) this.#port.giveBack(job)
  }

  /** Resolves when nothing runs. */
  async idle(): Promise<void> {
    if (this.running.size > 0) await new Promise<void>((resolve) => this.#idlers.push(resolve))
  }

  close(): void {
    clearTimeout(this.#longTimer)
  }

  /**
   * One more loss and the job fails. It runs alone: if the process goes down again, this job is to blame; jobs that only
   * happened to run beside the culprit get through.
   */
  #isLastChance(job: ClaimedJob | undefined): boolean {
    return job?.more?.lost !== undefined && job.more.lost >= this.#maxLost - 1 && this.#shared && this.#concurrency > 1
  }

  get #mayStart(): boolean {
    return this.#alone === undefined && (this.running.size === 0 || !this.#isLastChance(this.#ahead[0]))
  }
}
