import { threadId } from 'node:worker_threads'

/** What the watchdogs of a process share: the thread that looked last, and until when (ns) no other may. */
export const TURNS_BYTES = 16

/** Of the main thread's time all looks together take one part in so many. */
const SHARE = 10n
const PAUSE_NS = 50_000_000n
/** As long as no look takes: one that was never ended holds up nobody for longer. */
const LOOK_NS = 1_000_000_000n

/**
 * Whose turn it is to look at the main thread. A look halts it, and lists all code that it has loaded. With many workers in one process
 * each has a watchdog, and a main thread that all of them halt again and again has no time left to show that it is back.
 */
export class Turns {
  readonly #shared: BigInt64Array
  readonly #me: bigint
  #beganNs = 0n

  constructor(shared: SharedArrayBuffer, me: number = threadId) {
    this.#shared = new BigInt64Array(shared)
    this.#me = BigInt(me)
  }

  /** True: look, and then say `done()`. Who looked last may look again. */
  take(): boolean {
    const untilNs = Atomics.load(this.#shared, 1)
    // The clock that all threads share.
    this.#beganNs = process.hrtime.bigint()
    if (this.#beganNs < untilNs && Atomics.load(this.#shared, 0) !== this.#me) return false
    if (Atomics.compareExchange(this.#shared, 1, untilNs, this.#beganNs + LOOK_NS) !== untilNs) return false
    Atomics.store(this.#shared, 0, this.#me)
    return true
  }

  done(): void {
    const nowNs = process.hrtime.bigint()
    const restNs = (nowNs - this.#beganNs) * SHARE
    Atomics.store(this.#shared, 1, nowNs + (restNs > PAUSE_NS ? restNs : PAUSE_NS))
  }
}
