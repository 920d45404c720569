import { setImmediate as nextTurn } from 'node:timers/promises'
import { clock } from '../clock.ts'
import { newToken } from '../job/id.ts'
import type { Logger } from '../logger.ts'
import { type ClaimedJob, type ClaimRequest, type Outcome, type SettleReply, settle, type Verdict } from '../store/attempts.ts'
import { deliverOutbox } from '../store/maintain.ts'
import type { Store } from '../store/store.ts'
import type { NormalWorkerOptions } from './options.ts'
import { Outage } from './outage.ts'
import { MAX_AHEAD_MS, Prefetch } from './prefetch.ts'
import type { QueueOrder } from './queue-order.ts'
import { attemptOf, type Run } from './run.ts'

export interface PumpPort {
  start(job: ClaimedJob): Run
  /** Redis did not take this outcome: the lease had gone to another. */
  refused(outcome: Outcome): void
  /** Nothing to claim: ask to be told when there is. */
  idle(): void
}

/** Half of what is in hand at most: while Redis works on one half, the handlers of the other run. */
const MAX_OUTCOMES_PER_CALL = 300
const MAX_JOBS_PER_CALL = 200
const RETRY_MIN_MS = 50
const RETRY_MAX_MS = 1_000

/**
 * The heart of a worker: takes claimed jobs to the slots and outcomes to Redis, in as few calls as possible. What ends while
 * a call is under way, or in the same turn of the loop, travels with the next one; nothing is ever held back on purpose.
 * A refused call is repeated with the same token until it is answered, which every script allows.
 */
export class Pump {
  readonly running: Set<Run> = new Set()
  readonly #buffer: ClaimedJob[] = []
  readonly #outcomes: Outcome[] = []
  readonly #store: Store
  readonly #order: QueueOrder
  readonly #options: NormalWorkerOptions
  readonly #port: PumpPort
  readonly #prefetch: Prefetch
  readonly #outage: Outage
  #concurrency: number
  #hungry = true
  #wakes = 0
  /** The last claim was answered with more jobs than a round trip is worth. */
  #flooded = false
  #claiming = true
  #ending = false
  #asked = 0
  #taken = 0
  #inFlight = 0
  #filling = false
  #notify: (() => void) | undefined
  #waiting: Promise<void> | undefined
  readonly #idlers: (() => void)[] = []
  #longTimer: NodeJS.Timeout | undefined
  #alone: Run | undefined

  constructor(store: Store, order: QueueOrder, options: NormalWorkerOptions, port: PumpPort, logger: Logger) {
    this.#store = store
    this.#order = order
    this.#options = options
    this.#port = port
    this.#concurrency = options.concurrency
    this.#prefetch = new Prefetch(options.strategy === 'priority' ? options.prefetch : 0)
    this.#outage = new Outage(logger)
  }

  /** For the services beside the pump: an outage is said once. */
  get logger(): Logger {
    return this.#outage.logger
  }

  get held(): readonly ClaimedJob[] {
    return this.#buffer
  }

  get taken(): number {
    return this.#taken
  }

  /** Nothing runs, nothing waits here, everything is written, and the last claim came back empty. */
  get drained(): boolean {
    return !this.#hungry && this.quiet
  }

  get quiet(): boolean {
    return this.running.size === 0 && this.#buffer.length === 0 && this.#outcomes.length === 0 && this.#inFlight === 0
  }

  get hasFreeSlot(): boolean {
    return this.#claiming && !this.#isolating && this.running.size + this.#buffer.length < this.#concurrency
  }

  /** More slots from now on, or fewer as soon as jobs end. */
  resize(concurrency: number): void {
    this.#concurrency = concurrency
    this.#fill()
    this.wake()
  }

  /** There may be work: look. */
  wake(): void {
    this.#wakes++
    this.#hungry = true
    this.#signal()
  }

  /** Stops taking jobs; those claimed but not started go back to the head of their queues. */
  pause(): void {
    this.#claiming = false
    this.giveBack()
    this.#signal()
  }

  resume(): void {
    this.#claiming = true
    this.wake()
  }

  giveBack(keep = 0): void {
    // From the last to the first: each goes to the front, so the order is kept.
    for (const job of this.#buffer.splice(keep).reverse()) {
      this.#taken--
      this.#outcomes.push({ ...attemptOf(job), kind: 'release' })
    }
    this.#signal()
  }

  /** `outcome` undefined: the lease is lost, nothing is to be written. */
  ended(run: Run, outcome: Outcome | undefined): void {
    if (outcome !== undefined) this.#outcomes.push(outcome)
    this.running.delete(run)
    if (this.#alone === run) this.#alone = undefined
    if (this.running.size === 0) for (const resolve of this.#idlers.splice(0)) resolve()
    this.#prefetch.ran(clock.monotonic() - run.startedAt)
    this.#fill()
    this.#signal()
  }

  /** Runs until `finish()`; one of two lanes, so that Redis works while handlers do. */
  async run(): Promise<void> {
    await Promise.all([this.#lane(true), this.#lane(false)])
    // What the last replies of either lane left behind.
    while (this.#outcomes.length > 0) await this.#exchange(this.#outcomes.splice(0, MAX_OUTCOMES_PER_CALL), 0, 0)
  }

  /** Resolves when nothing runs. */
  async idle(): Promise<void> {
    if (this.running.size > 0) await new Promise<void>((resolve) => this.#idlers.push(resolve))
  }

  finish(): void {
    this.#ending = true
    clearTimeout(this.#longTimer)
    this.#signal()
  }

  async #lane(first: boolean): Promise<void> {
    while (!this.#ending) {
      const want = this.#want(first)
      if (want === 0 && !this.#mayWrite(first)) {
        await this.#news()
        continue
      }
      // Handlers that end in this turn of the loop share the call.
      await nextTurn()
      const outcomes = this.#mayWrite(first) ? this.#outcomes.splice(0, MAX_OUTCOMES_PER_CALL) : []
      const wanted = this.#want(first, outcomes.length)
      if (outcomes.length > 0 || wanted > 0) await this.#exchange(outcomes, wanted, first ? 0 : 1)
    }
  }

  /** The second lane only carries full loads: two half-empty calls cost more than one. */
  #mayWrite(first: boolean): boolean {
    return this.#outcomes.length > 0 && (first || this.#outcomes.length >= SECOND_LANE_MIN)
  }

  #want(first: boolean, settling = 0): number {
    if (!this.#claiming || this.#ending || this.#isolating || this.#order.all.length === 0) return 0
    if (!this.#hungry && settling === 0) return 0
    const inHand = this.running.size + this.#buffer.length + this.#asked
    const want = Math.min(
      this.#concurrency + this.#prefetch.ahead(this.#concurrency) - inHand,
      this.#options.maxJobs - this.#taken - this.#asked,
    )
    return first || (this.#flooded && want >= SECOND_LANE_MIN) ? Math.max(0, Math.min(want, MAX_JOBS_PER_CALL)) : 0
  }

  async #exchange(outcomes: Outcome[], want: number, lane: number): Promise<void> {
    this.#asked += want
    this.#inFlight++
    try {
      const began = clock.monotonic()
      const wakes = this.#wakes
      const { jobs, verdicts, outbox } = await this.#call(outcomes, want, lane)
      this.#prefetch.called(clock.monotonic() - began)
      verdicts.forEach((verdict: Verdict, i) => verdict === 'refused' && this.#port.refused(outcomes[i]!))
      this.#taken += jobs.length
      this.#buffer.push(...jobs)
      this.#order.served(new Set(jobs.map((job) => job.queue)))
      // A marker that arrived while the call was under way may speak of a job that came after it.
      this.#hungry = jobs.length === want ? this.#hungry || want > 0 : wakes !== this.#wakes
      if (want > 0) this.#flooded = jobs.length >= SECOND_LANE_MIN
      if (outbox) await this.#deliver(outcomes)
    } finally {
      this.#asked -= want
      this.#inFlight--
    }
    if (!this.#claiming) this.giveBack()
    this.#fill()
    if (!this.#hungry) this.#port.idle()
  }

  /** Until it is answered. The token makes the repetition harmless; what waited too long, Redis refuses. */
  async #call(outcomes: Outcome[], want: number, lane: number): Promise<SettleReply> {
    const token = newToken()
    for (let waitMs = RETRY_MIN_MS; ; waitMs = Math.min(waitMs * 2, RETRY_MAX_MS)) {
      try {
        const reply = await this.#send({ token, lane, want: this.#ending ? 0 : want }, outcomes)
        this.#outage.over()
        return reply
      } catch (error) {
        this.#outage.began(error)
        if (this.#ending) return { verdicts: [], outbox: false, jobs: [] }
        await new Promise((resolve) => setTimeout(resolve, waitMs))
      }
    }
  }

  async #send(call: { token: string; lane: number; want: number }, outcomes: readonly Outcome[]): Promise<SettleReply> {
    const request: ClaimRequest = { ...call, worker: this.#options.name, leaseMs: this.#options.leaseMs, queues: this.#order.next() }
    if (!this.#store.client.isCluster) return await settle(this.#store, request, outcomes)
    return await settlePerQueue(this.#store, request, outcomes)
  }

  async #deliver(outcomes: readonly Outcome[]): Promise<void> {
    try {
      for (const queue of new Set(outcomes.map((outcome) => outcome.queue))) await deliverOutbox(this.#store, queue)
      this.#hungry = true
    } catch (error) {
      // The message stays in the outbox; the queue's leader delivers it.
      this.#outage.began(error)
    }
  }

  #fill(): void {
    if (this.#filling) return
    this.#filling = true
    while (this.#buffer.length > 0 && this.running.size < this.#concurrency && this.#mayStart) {
      const job = this.#buffer.shift()!
      const run = this.#port.start(job)
      if (run.ended) continue
      this.running.add(run)
      if (this.#isLastChance(job)) this.#alone = run
    }
    this.#filling = false
    clearTimeout(this.#longTimer)
    // Claimed ahead, but the running jobs turned out long: others may have a free slot.
    if (this.#buffer.length > 0)
      this.#longTimer = setTimeout(() => this.giveBack(this.#isLastChance(this.#buffer[0]) ? 1 : 0), MAX_AHEAD_MS)
  }

  /**
   * One more loss and the job fails. It runs alone: if the process goes down again, this job is to blame; jobs that only
   * happened to run beside the culprit get through.
   */
  #isLastChance(job: ClaimedJob | undefined): boolean {
    return (
      job?.more?.lost !== undefined && job.more.lost >= this.#options.maxLost - 1 && this.#options.pool === 'async' && this.#concurrency > 1
    )
  }

  get #mayStart(): boolean {
    return this.#alone === undefined && (this.running.size === 0 || !this.#isLastChance(this.#buffer[0]))
  }

  get #isolating(): boolean {
    return this.#alone !== undefined || this.#isLastChance(this.#buffer[0])
  }

  #signal(): void {
    this.#notify?.()
  }

  #news(): Promise<void> {
    this.#waiting ??= new Promise((resolve) => {
      this.#notify = () => {
        this.#waiting = undefined
        this.#notify = undefined
        resolve()
      }
    })
    return this.#waiting
  }
}

const SECOND_LANE_MIN = 32

/** On a Cluster each queue is a slot of its own: one call each, in order, until enough is found. */
async function settlePerQueue(store: Store, request: ClaimRequest, outcomes: readonly Outcome[]): Promise<SettleReply> {
  const verdicts: Verdict[] = new Array<Verdict>(outcomes.length).fill('refused')
  const jobs: ClaimedJob[] = []
  let outbox = false
  for (const queue of new Set([...outcomes.map((outcome) => outcome.queue), ...request.queues])) {
    const mine = outcomes.flatMap((outcome, i) => (outcome.queue === queue ? [i] : []))
    const want = request.queues.includes(queue) ? request.want - jobs.length : 0
    if (mine.length === 0 && want === 0) continue
    const part = { ...request, want, queues: [queue] }
    const reply = await settle(
      store,
      part,
      mine.map((i) => outcomes[i]!),
    )
    mine.forEach((at, i) => {
      verdicts[at] = reply.verdicts[i]!
    })
    jobs.push(...reply.jobs)
    outbox ||= reply.outbox
  }
  return { verdicts, outbox, jobs }
}
