/**
 * How many jobs to claim beyond the free slots. While jobs are much shorter than a round trip, waiting for one job at a
 * time is all that a worker would do; when they are not, a job claimed ahead waits behind a long one for nothing.
 */
export class Prefetch {
  readonly #limit: number
  #runMs = Number.POSITIVE_INFINITY
  #callMs = 1
  #vain = false

  constructor(limit: number) {
    this.#limit = limit
  }

  /** A handler took this long. One long job counts at once, short ones win trust back slowly. */
  ran(ms: number): void {
    this.#vain = false
    this.#runMs = ms > this.#runMs || this.#runMs === Number.POSITIVE_INFINITY ? ms : this.#runMs + (ms - this.#runMs) * 0.1
  }

  /** What was claimed ahead had to go back: none before another handler has ended. */
  wasInVain(): void {
    this.#vain = true
  }

  /** A claim was answered after this long. */
  called(ms: number): void {
    this.#callMs += (ms - this.#callMs) * 0.1
  }

  /** At most so many jobs that together they are `MAX_AHEAD_MS` of expected work. */
  ahead(concurrency: number): number {
    if (this.#limit === 0 || this.#vain || this.#runMs > this.#callMs) return 0
    const each = Math.max(this.#runMs, MIN_JOB_MS)
    return Math.min(this.#limit, Math.floor((MAX_AHEAD_MS / each) * concurrency))
  }
}

export const MAX_AHEAD_MS = 5
/** Claiming, starting and acknowledging a job that does nothing. */
const MIN_JOB_MS = 0.02
