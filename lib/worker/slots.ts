import { clock } from '../clock.ts'
import type { ClaimedJob } from '../store/attempts.ts'
import type { BatchRule } from '../task/batch.ts'
import { Batches } from './batches.ts'
import type { NormalWorkerOptions } from './options.ts'
import { MAX_AHEAD_MS, type Prefetch } from './prefetch.ts'
import type { Run } from './run.ts'

export interface SlotsPort {
  start(job: ClaimedJob): Run
  startBatch(jobs: readonly ClaimedJob[]): readonly Run[]
  /** Of a task that takes several jobs at once. */
  batchRule(job: ClaimedJob): BatchRule | undefined
  /** Claimed but not started, and not to be: back to the front of its queue. */
  giveBack(job: ClaimedJob): void
}

/** A busy machine lets children wait for their turn: that is not yet a long job. */
const CHILD_PATIENCE_MS = 25

/** The jobs in a worker's hands: those that run, those that wait for others to form a batch, and those claimed ahead of a slot. */
export class Slots {
  readonly running: Set<Run> = new Set()
  readonly #ahead: ClaimedJob[] = []
  readonly #batches = new Batches(() => this.fill())
  /** Of each run in a batch: how many of that batch still run. It takes one slot until all have ended. */
  readonly #shares = new Map<Run, { left: number }>()
  readonly #prefetch: Prefetch
  readonly #port: SlotsPort
  readonly #maxLost: number
  readonly #shared: boolean
  #used = 0
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

  /** Claimed, but not started. */
  get held(): readonly ClaimedJob[] {
    return this.#batches.empty ? this.#ahead : [...this.#batches.jobs, ...this.#ahead]
  }

  get empty(): boolean {
    return this.running.size + this.#ahead.length === 0 && this.#batches.empty
  }

  get hasFree(): boolean {
    return !this.isolating && this.#used + this.#ahead.length < this.#concurrency + this.#batches.wanted
  }

  /** How many more may be claimed, also ahead of a slot. */
  get room(): number {
    const most = this.#concurrency + this.#prefetch.ahead(this.#concurrency) + this.#batches.wanted
    return most - this.#used - this.#ahead.length
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
    if (this.running.delete(run)) this.#free(run)
    if (this.#alone === run) this.#alone = undefined
    if (this.running.size === 0) for (const resolve of this.#idlers.splice(0)) resolve()
    this.#prefetch.ran(run.tookMs ?? clock.monotonic() - run.startedAt)
    this.fill()
  }

  fill(): void {
    if (this.#filling) return
    this.#filling = true
    while (this.#ahead.length > 0 && this.#place(this.#ahead[0]!));
    if (!this.#batches.empty) while (this.#startBatch());
    this.#filling = false
    this.#wait()
  }

  /** Claimed ahead, but the running jobs turned out long: others may have a free slot. */
  #wait(): void {
    if (this.#ahead.length === 0) {
      clearTimeout(this.#longTimer)
      this.#longTimer = undefined
    } else if (this.#longTimer === undefined) {
      this.#longTimer = setTimeout(() => this.#giveUp(), this.#shared ? MAX_AHEAD_MS : CHILD_PATIENCE_MS)
    } else {
      this.#longTimer.refresh()
    }
  }

  /** All that has not started goes back. */
  giveBack(): void {
    this.#giveBack(this.#ahead.splice(0))
    this.#giveBack(this.#batches.clear())
  }

  /** Takes a job out that has not started; false when it has, or is not here. */
  withdraw(job: ClaimedJob): boolean {
    const at = this.#ahead.indexOf(job)
    if (at !== -1) this.#ahead.splice(at, 1)
    return at !== -1 || this.#batches.remove(job)
  }

  /** Resolves when nothing runs. */
  async idle(): Promise<void> {
    if (this.running.size > 0) await new Promise<void>((resolve) => this.#idlers.push(resolve))
  }

  close(): void {
    clearTimeout(this.#longTimer)
    this.#longTimer = undefined
  }

  /** The next in line: into a slot or into a batch. False when there is no room for it. */
  #place(job: ClaimedJob): boolean {
    const last = this.#isLastChance(job)
    const rule = last ? undefined : this.#port.batchRule(job)
    if (rule !== undefined) {
      if (!this.#batches.add(job, rule)) return this.#startBatch()
      this.#ahead.shift()
      return true
    }
    if (this.#used >= this.#concurrency || !this.#mayStart(last)) return false
    this.#ahead.shift()
    const run = this.#port.start(job)
    if (run.ended) return true
    this.running.add(run)
    this.#used++
    if (last) this.#alone = run
    return true
  }

  #startBatch(): boolean {
    if (this.#used >= this.#concurrency || this.isolating) return false
    const jobs = this.#batches.next()
    if (jobs === undefined) return false
    const runs = this.#port.startBatch(jobs).filter((run) => !run.ended)
    const share = { left: runs.length }
    for (const run of runs) {
      this.running.add(run)
      this.#shares.set(run, share)
    }
    if (runs.length > 0) this.#used++
    return true
  }

  #free(run: Run): void {
    const share = this.#shares.size === 0 ? undefined : this.#shares.get(run)
    if (share === undefined) {
      this.#used--
      return
    }
    this.#shares.delete(run)
    share.left--
    if (share.left === 0) this.#used--
  }

  #giveUp(): void {
    this.#longTimer = undefined
    // Asked for again at once, they would come at once, and be kept from all other workers.
    this.#prefetch.wasInVain()
    this.#batches.makeDo()
    this.#giveBack(this.#ahead.splice(this.#isLastChance(this.#ahead[0]) ? 1 : 0))
  }

  #giveBack(jobs: readonly ClaimedJob[]): void {
    // From the last to the first: each goes to the front, so the order is kept.
    for (const job of [...jobs].reverse()) this.#port.giveBack(job)
  }

  /**
   * One more loss and the job fails. It runs alone: if the process goes down again, this job is to blame; jobs that only
   * happened to run beside the culprit get through.
   */
  #isLastChance(job: ClaimedJob | undefined): boolean {
    return job?.more?.lost !== undefined && job.more.lost >= this.#maxLost - 1 && this.#shared && this.#concurrency > 1
  }

  #mayStart(last: boolean): boolean {
    return this.#alone === undefined && (!last || this.running.size === 0)
  }
}
