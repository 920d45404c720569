import { clock } from '../clock.ts'
import type { ClaimedJob, Outcome } from '../store/attempts.ts'

export type RunListener = (run: Run, outcome: Outcome | undefined, error: unknown) => void

/** One attempt in a pool. It ends once: by its handler, its timeout, or an order; what comes later is ignored. */
export class Run {
  readonly job: ClaimedJob
  startedAt: number = clock.monotonic()
  /** How long its handler took, where that is known better than by waiting for the end. */
  tookMs: number | undefined
  readonly #listener: RunListener
  #ended = false

  constructor(job: ClaimedJob, listener: RunListener) {
    this.job = job
    this.#listener = listener
  }

  get ended(): boolean {
    return this.#ended
  }

  /** Monotonic ms at which the attempt times out; Infinity for never. */
  get deadline(): number {
    return this.job.timeoutMs > 0 ? this.startedAt + this.job.timeoutMs : Number.POSITIVE_INFINITY
  }

  /** Without an outcome the lease is someone else's, and nothing is to be written. */
  end(outcome: Outcome | undefined, error?: unknown): void {
    if (this.#ended) return
    this.#ended = true
    this.#listener(this, outcome, error)
  }
}

export function attemptOf({ queue, id, token }: ClaimedJob): { queue: string; id: string; token: string } {
  return { queue, id, token }
}
