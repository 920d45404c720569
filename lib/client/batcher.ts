import { RqtsError } from '../errors.ts'
import { argsOf, type EnqueueOutcome, enqueueJobs, type NewJob } from '../store/enqueue.ts'
import type { Store } from '../store/store.ts'

/** What became of one job, at which time on the clock of Redis. */
export interface Placed {
  outcome: EnqueueOutcome
  now: number
}

interface Waiting {
  job: NewJob
  resolve: (placed: Placed) => void
  reject: (error: unknown) => void
}

const MAX_JOBS = 1_000
/** Characters of arguments per call: one call must not hold up Redis, nor a small job wait for megabytes of its neighbours. */
const MAX_CHARS = 1_048_576
/**
 * A tick with many calls sends them in parts, so that Redis works on the first while the next are prepared: with 100 enqueues in
 * flight that makes a third more of them than one call for all. The more is in flight already, the less there is to gain by it.
 */
const MIN_PART = 25
const PARTS_IN_FLIGHT = 8

/**
 * Enqueue calls of one tick on one queue travel together, each for itself: what one of them is refused for is no matter of the others.
 * Calls do not wait for each other: while one is in flight the next may be sent.
 */
export class Batcher {
  readonly #store: Store
  readonly #queue: string
  readonly #flights = new Set<Promise<void>>()
  #flying = 0
  #waiting: Waiting[] = []
  #chars = 0

  constructor(store: Store, queue: string) {
    this.#store = store
    this.#queue = queue
  }

  add(job: NewJob): Promise<Placed> {
    return new Promise((resolve, reject) => {
      if (this.#waiting.length === 0) setImmediate(() => this.#flush())
      this.#chars += argsOf(job).length
      const waiting = this.#waiting.push({ job, resolve, reject })
      const part = Math.max(MIN_PART, this.#flying / PARTS_IN_FLIGHT)
      if (waiting >= part || waiting >= MAX_JOBS || this.#chars >= MAX_CHARS) this.#flush()
    })
  }

  /** Resolves when everything added so far has been answered. */
  async drain(): Promise<void> {
    this.#flush()
    await Promise.all(this.#flights)
  }

  #flush(): void {
    const batch = this.#waiting
    if (batch.length === 0) return
    this.#waiting = []
    this.#chars = 0
    this.#flying += batch.length
    const flight = this.#send(batch).finally(() => {
      this.#flying -= batch.length
      this.#flights.delete(flight)
    })
    this.#flights.add(flight)
  }

  async #send(batch: readonly Waiting[]): Promise<void> {
    const jobs = batch.map(({ job }) => job)
    try {
      const { now, outcomes } = await enqueueJobs(this.#store, this.#queue, jobs, false)
      for (const [i, { resolve }] of batch.entries()) resolve({ outcome: outcomes[i]!, now })
    } catch (error) {
      // Some key that one of the jobs needs may be broken. What was written before the error is recognised when sent again.
      if (batch.length > 1 && (error as RqtsError).code === 'RQTS_REDIS_ERROR') await Promise.all(batch.map((one) => this.#send([one])))
      else for (const { reject } of batch) reject(ownError(error))
    }
  }
}

/** Each caller gets an error of its own: one that many hold would be marked and wrapped by all of them. */
function ownError(error: unknown): unknown {
  return error instanceof RqtsError ? new RqtsError(error.code, error.message, { cause: error.cause }) : error
}
