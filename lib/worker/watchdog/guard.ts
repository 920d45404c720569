import { clock } from '../../clock.ts'
import { RqtsError } from '../../errors.ts'
import { newToken } from '../../job/id.ts'
import { type Outcome, renew, settle } from '../../store/attempts.ts'
import { type HeldJob, heldJobs } from '../../store/held.ts'
import type { Store } from '../../store/store.ts'
import { delistWorker, enlistWorker } from '../../store/workers.ts'
import { failure } from '../ending.ts'
import { attemptOf } from '../run.ts'
import { findCulprit, isDebugged } from './culprit.ts'
import type { Beat, Blocked, Culprit, WatchdogInit } from './messages.ts'
import { Turns } from './turns.ts'

export interface GuardPort {
  /** The main thread answers again. */
  over(blocked: Blocked): void
  /** It has not for so long that people should know now. */
  warn(blocked: Blocked): void
  /** The verdict is written: end the process. */
  kill(why: string): void
}

const TICK_MS = 100
const BLOCKED_MS = 1_000
const WARN_MS = 5_000
const RENEW_MS = 1_000

/**
 * Runs in the watchdog's thread. While the main thread counts, it does nothing. When that stops, it keeps the leases of the
 * worker's jobs and its heartbeat alive, finds out which job blocks, and gives the verdict when that one's time is over.
 */
export class Guard {
  readonly #init: WatchdogInit
  readonly #store: Store
  readonly #port: GuardPort
  readonly #pulse: Int32Array
  readonly #turns: Turns
  #beat: Beat | undefined
  #count = 0
  #countedAt = clock.monotonic()
  #tickedAt = clock.monotonic()
  #renewedAt = 0
  #blocked = false
  #looked = false
  #warned = false
  #acting = false
  #culprit: Culprit | undefined
  readonly #timer: NodeJS.Timeout

  constructor(init: WatchdogInit, store: Store, port: GuardPort) {
    this.#init = init
    this.#store = store
    this.#port = port
    this.#pulse = new Int32Array(init.pulse)
    this.#turns = new Turns(init.turns)
    this.#timer = setInterval(() => void this.#tick(), TICK_MS)
  }

  hear(beat: Beat): void {
    this.#beat = beat
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  async #tick(): Promise<void> {
    const now = clock.monotonic()
    const count = Atomics.load(this.#pulse, 0)
    // Held up itself (an overloaded machine, a stopped process), it cannot tell whether the main thread was.
    const late = now - this.#tickedAt > BLOCKED_MS / 2
    this.#tickedAt = now
    if (count !== this.#count || late) {
      if (this.#blocked && count !== this.#count) this.#port.over({ ms: Math.round(now - this.#countedAt), culprit: this.#culprit })
      this.#blocked &&= count === this.#count
      this.#count = count
      this.#countedAt = now
      return
    }
    const ms = now - this.#countedAt
    if (ms < BLOCKED_MS || this.#acting || this.#beat === undefined) return
    this.#acting = true
    try {
      await this.#act(Math.round(ms), this.#beat)
    } catch {
      // Redis is away; the next tick tries again.
    } finally {
      this.#acting = false
    }
  }

  async #act(ms: number, beat: Beat): Promise<void> {
    const debugged = isDebugged()
    if (!this.#blocked) {
      this.#blocked = true
      this.#warned = false
      this.#culprit = undefined
      this.#looked = false
    }
    if (!this.#looked && !debugged) await this.#look()
    if (ms > WARN_MS && !this.#warned) {
      this.#warned = true
      this.#port.warn({ ms, culprit: this.#culprit })
    }
    if (clock.monotonic() - this.#renewedAt < Math.min(RENEW_MS, this.#init.leaseMs / 3)) return
    this.#renewedAt = clock.monotonic()
    // One that blocked may have given way to the next in the same turn of the loop.
    if (!debugged) await this.#look()
    const held = (await Promise.all(beat.queues.map((queue) => heldJobs(this.#store, queue, this.#init.worker)))).flat()
    const guilty = this.#guilty(held)
    if (guilty.length > 0 && this.#init.exit && !debugged) return await this.#judge(ms, beat, held, guilty)
    await this.#keep(
      beat,
      held.filter((job) => debugged || !this.#overdue(job)),
    )
  }

  /** Not every look succeeds: native code cannot be halted. */
  async #look(): Promise<void> {
    if (!this.#turns.take()) return
    this.#culprit = (await findCulprit()) ?? this.#culprit
    this.#turns.done()
    this.#looked = true
  }

  #overdue({ timeoutMs, startedAt, now }: HeldJob): boolean {
    return timeoutMs > 0 && now - startedAt > timeoutMs + this.#init.graceMs
  }

  /** The one that blocks, once its time is over. When nobody can tell which that is: all whose time is over. */
  #guilty(held: readonly HeldJob[]): HeldJob[] {
    const culprit = this.#culprit
    if (culprit !== undefined && culprit.id === undefined) return []
    const known = held.some((job) => job.id === culprit?.id)
    return held.filter((job) => this.#overdue(job) && (!known || culprit?.id === job.id))
  }

  /** A job past its time is kept no longer: if nothing ends it here, another worker will have it. */
  async #keep({ record, aliveMs }: Beat, held: readonly HeldJob[]): Promise<void> {
    for (const queue of new Set(held.map((job) => job.queue))) {
      await renew(this.#store, queue, held.filter((job) => job.queue === queue).map(attemptOf), this.#init.leaseMs)
    }
    await enlistWorker(this.#store, this.#init.worker, this.#init.identity, aliveMs, { ...record, state: 'busy' })
  }

  async #judge(ms: number, { queues }: Beat, held: readonly HeldJob[], guilty: readonly HeldJob[]): Promise<void> {
    const at = this.#culprit === undefined ? '' : ` (in ${this.#culprit.at})`
    const outcomes = held.map((job): Outcome => {
      if (!guilty.includes(job)) return { ...attemptOf(job), kind: 'release' }
      const error = new RqtsError(
        'RQTS_TIMEOUT',
        `Task ${job.task} ran longer than its timeout of ${job.timeoutMs} ms and blocked the event loop, so that its signal could not abort; after a grace of ${this.#init.graceMs} ms its process was ended${at}`,
        { jobId: job.id },
      )
      error.stack = ''
      return failure(job, error, 'timeout', { policy: this.#init.policies[job.task] }).outcome!
    })
    for (const queue of new Set(held.map((job) => job.queue))) {
      const mine = outcomes.filter((outcome) => outcome.queue === queue)
      // From the last to the first: each goes to the front, so their order is kept.
      await settle(
        this.#store,
        { token: newToken(), worker: this.#init.worker, want: 0, leaseMs: this.#init.leaseMs, queues: [queue] },
        mine.reverse(),
      )
    }
    await delistWorker(this.#store, this.#init.worker, queues).catch(() => undefined)
    const names = guilty.map((job) => `${job.task} (${job.id})`).join(', ')
    this.#port.kill(
      `The event loop has been blocked for ${ms} ms by ${names}${at}, beyond timeout and grace. The process ends; ${held.length - guilty.length} other jobs go back to their queues`,
    )
  }
}
