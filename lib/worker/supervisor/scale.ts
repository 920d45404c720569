export interface Load {
  queued: number
  /** How long the next job has waited. */
  oldestMs: number
  /** Jobs that run, in all processes. */
  running: number
}

export interface ScaleRules {
  min: number
  max: number
  /** Slots of one process. */
  concurrency: number
}

const WAIT_MS = 1_000
const QUIET_MS = 30_000

/** How many processes there should be. One more a second while jobs wait, one fewer after each half minute in which one was to spare. */
export class Scale {
  readonly #rules: ScaleRules
  #quietSince: number | undefined
  wanted: number

  constructor(rules: ScaleRules) {
    this.#rules = rules
    this.wanted = rules.min
  }

  /** Called about once a second; `now` in monotonic ms. */
  look({ queued, oldestMs, running }: Load, now: number): number {
    const { min, max, concurrency } = this.#rules
    const behind = queued > this.wanted * concurrency || (queued > 0 && oldestMs > WAIT_MS)
    if (behind) {
      this.#quietSince = undefined
      this.wanted = Math.min(max, this.wanted + 1)
      return this.wanted
    }
    const spare = queued === 0 && running <= (this.wanted - 1) * concurrency
    if (!spare || this.wanted === min) {
      this.#quietSince = undefined
      return this.wanted
    }
    this.#quietSince ??= now
    if (now - this.#quietSince >= QUIET_MS) {
      this.#quietSince = now
      this.wanted = Math.max(min, this.wanted - 1)
    }
    return this.wanted
  }
}
