import { setImmediate as nextTurn } from 'node:timers/promises'
import { clock } from '../clock.ts'
import type { Logger } from '../logger.ts'
import type { ClaimedJob, Outcome, Verdict } from '../store/attempts.ts'
import type { Store } from '../store/store.ts'
import { Exchange } from './exchange.ts'
import { News } from './news.ts'
import type { NormalWorkerOptions } from './options.ts'
import { Outage } from './outage.ts'
import { Prefetch } from './prefetch.ts'
import type { QueueOrder } from './queue-order.ts'
import { attemptOf, type Run } from './run.ts'
import { Slots, type SlotsPort } from './slots.ts'

export interface PumpPort extends Omit<SlotsPort, 'giveBack'> {
  /** Redis did not take this outcome: the lease had gone to another. */
  refused(outcome: Outcome): void
  /** Nothing to claim: ask to be told when there is. */
  idle(): void
}

/** Half of what is in hand at most: while Redis works on one half, the handlers of the other run. */
const MAX_OUTCOMES_PER_CALL = 300
const MAX_JOBS_PER_CALL = 200
const SECOND_LANE_MIN = 32
const MAX_SLEEP_MS = 60_000

/**
 * The heart of a worker: takes claimed jobs to the slots and outcomes to Redis, in as few calls as possible. What ends while
 * a call is under way, or in the same turn of the loop, travels with the next one; nothing is ever held back on purpose.
 */
export class Pump {
  readonly #outcomes: Outcome[] = []
  readonly #order: QueueOrder
  readonly #port: PumpPort
  readonly #slots: Slots
  readonly #exchange: Exchange
  readonly #prefetch: Prefetch
  readonly #outage: Outage
  readonly #maxJobs: number
  #hungry = true
  #wakes = 0
  /** The last claim was answered with more jobs than a round trip is worth. */
  #flooded = false
  #claiming = true
  #ending = false
  #asked = 0
  #taken = 0
  #inFlight = 0
  /** Outcomes on their way to Redis. */
  #sent = 0
  #limitTimer: NodeJS.Timeout | undefined
  readonly #news = new News()

  constructor(store: Store, order: QueueOrder, options: NormalWorkerOptions, port: PumpPort, logger: Logger) {
    this.#order = order
    this.#port = port
    this.#maxJobs = options.maxJobs
    this.#prefetch = new Prefetch(options.strategy === 'priority' ? options.prefetch : 0)
    this.#outage = new Outage(logger)
    this.#exchange = new Exchange(store, order, options, this.#outage)
    this.#slots = new Slots(options, this.#prefetch, {
      start: (job) => port.start(job),
      startBatch: (jobs) => port.startBatch(jobs),
      batchRule: (job) => port.batchRule(job),
      giveBack: (job) => this.#release(job),
    })
  }

  /** For the services beside the pump: an outage is said once. */
  get logger(): Logger {
    return this.#outage.logger
  }

  get running(): ReadonlySet<Run> {
    return this.#slots.running
  }

  /** Claimed, but not started. */
  get held(): readonly ClaimedJob[] {
    return this.#slots.held
  }

  get taken(): number {
    return this.#taken
  }

  /** Nothing runs, nothing waits here, everything is written, and the last claim came back empty, with nothing held back by a rate. */
  get drained(): boolean {
    return !this.#hungry && this.#limitTimer === undefined && this.quiet
  }

  get quiet(): boolean {
    return this.#slots.empty && this.#outcomes.length === 0 && this.#inFlight === 0
  }

  get hasFreeSlot(): boolean {
    return this.#claiming && this.#slots.hasFree
  }

  resize(concurrency: number): void {
    this.#slots.resize(concurrency)
    this.wake()
  }

  /** There may be work: look. */
  wake(): void {
    this.#wakes++
    this.#hungry = true
    this.#news.tell()
  }

  /** Stops taking jobs; those claimed but not started go back to the head of their queues. */
  pause(): void {
    this.#claiming = false
    this.#slots.giveBack()
    this.#news.tell()
  }

  resume(): void {
    this.#claiming = true
    this.wake()
  }

  /** `outcome` undefined: the lease is lost, nothing is to be written. */
  ended(run: Run, outcome: Outcome | undefined): void {
    if (outcome !== undefined) this.#outcomes.push(outcome)
    this.#slots.ended(run)
    this.#news.tell()
  }

  /** A job that has not started must not any more: it was canceled, or another worker has it. */
  withdraw(job: ClaimedJob, why: 'stop' | 'lost'): void {
    if (!this.#slots.withdraw(job)) return
    if (why === 'stop') this.#outcomes.push({ ...attemptOf(job), kind: 'stop', reason: 'canceled', error: '' })
    this.#news.tell()
  }

  /** Runs until `finish()`; one of two lanes, so that Redis works while handlers do. */
  async run(): Promise<void> {
    await Promise.all([this.#lane(true), this.#lane(false)])
    // What the last replies of either lane left behind.
    while (this.#outcomes.length > 0) await this.#trade(this.#outcomes.splice(0, MAX_OUTCOMES_PER_CALL), 0, 0)
    const { unwritten: jobs } = this.#exchange
    if (jobs.length > 0) this.logger.error({ jobs }, 'Redis did not take these outcomes before the worker had to end; the jobs run again')
  }

  /** Redis did not answer the latest call. */
  get cutOff(): boolean {
    return this.#outage.lasts
  }

  /** Redis has not been heard to answer a call beside the pump's. */
  cut(error: unknown): void {
    this.#outage.began(error)
  }

  /** Whether Redis has not taken all outcomes yet. */
  get owes(): boolean {
    return this.#outcomes.length + this.#sent > 0
  }

  /** What ends from now on must be written within this time, or it is given up. */
  limit(patienceMs: number): void {
    this.#exchange.limit(patienceMs)
  }

  /** Resolves when nothing runs. */
  async idle(): Promise<void> {
    await this.#slots.idle()
  }

  finish(): void {
    this.#ending = true
    this.#exchange.finish()
    clearTimeout(this.#limitTimer)
    this.#slots.close()
    this.#news.tell()
  }

  #release(job: ClaimedJob): void {
    this.#taken--
    this.#outcomes.push({ ...attemptOf(job), kind: 'release' })
    this.#news.tell()
  }

  async #lane(first: boolean): Promise<void> {
    while (!this.#ending) {
      const want = this.#want(first)
      if (want === 0 && !this.#mayWrite(first)) {
        await this.#news.next()
        continue
      }
      // Handlers that end in this turn of the loop share the call.
      await nextTurn()
      const outcomes = this.#mayWrite(first) ? this.#outcomes.splice(0, MAX_OUTCOMES_PER_CALL) : []
      const wanted = this.#want(first, outcomes.length)
      if (outcomes.length > 0 || wanted > 0) await this.#trade(outcomes, wanted, first ? 0 : 1)
    }
  }

  /** The second lane only carries full loads: two half-empty calls cost more than one. */
  #mayWrite(first: boolean): boolean {
    return this.#outcomes.length > 0 && (first || this.#outcomes.length >= SECOND_LANE_MIN)
  }

  #want(first: boolean, settling = 0): number {
    if (!this.#claiming || this.#ending || this.#slots.isolating || this.#order.all.length === 0) return 0
    if (!this.#hungry && settling === 0) return 0
    const want = Math.min(this.#slots.room - this.#asked, this.#maxJobs - this.#taken - this.#asked)
    return first || (this.#flooded && want >= SECOND_LANE_MIN) ? Math.max(0, Math.min(want, MAX_JOBS_PER_CALL)) : 0
  }

  async #trade(outcomes: readonly Outcome[], want: number, lane: number): Promise<void> {
    this.#asked += want
    this.#sent += outcomes.length
    this.#inFlight++
    try {
      const began = clock.monotonic()
      const wakes = this.#wakes
      const { jobs, verdicts, outbox, againMs } = await this.#exchange.call(outcomes, want, lane)
      this.#prefetch.called(clock.monotonic() - began)
      verdicts.forEach((verdict: Verdict, i) => verdict === 'refused' && this.#port.refused(outcomes[i]!))
      this.#taken += jobs.length
      this.#slots.add(jobs)
      this.#order.served(new Set(jobs.map((job) => job.queue)))
      // A marker that arrived while the call was under way may speak of a job that came after it.
      this.#hungry = jobs.length === want ? this.#hungry || want > 0 : wakes !== this.#wakes
      if (want > 0) this.#wakeAfter(againMs)
      if (want > 0) this.#flooded = jobs.length >= SECOND_LANE_MIN
      if (outbox && (await this.#exchange.deliver(outcomes))) this.#hungry = true
    } finally {
      this.#asked -= want
      this.#sent -= outcomes.length
      this.#inFlight--
    }
    if (!this.#claiming) this.#slots.giveBack()
    this.#slots.fill()
    if (!this.#hungry) this.#port.idle()
  }

  /** A rate lets more jobs start then; until then nobody needs to ask. */
  #wakeAfter(ms: number | undefined): void {
    clearTimeout(this.#limitTimer)
    this.#limitTimer = undefined
    if (ms === undefined) return
    this.#limitTimer = setTimeout(
      () => {
        this.#limitTimer = undefined
        this.wake()
      },
      Math.min(ms, MAX_SLEEP_MS),
    )
  }
}
