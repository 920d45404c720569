import { BUCKETS, bucketOf } from '../histogram.ts'
import { newToken } from '../job/id.ts'
import { queueOf } from '../partition.ts'
import type { ClaimedJob, Outcome } from '../store/attempts.ts'
import { addStats, COUNTS, emptyStats, type Increment, type Stats } from '../store/stats.ts'
import type { Store } from '../store/store.ts'

/** What a count is called in the statistics. Released jobs have not been attempts, and those left to others end elsewhere. */
export const COUNT_OF = {
  ok: 'finished',
  wait: 'finished',
  yield: 'finished',
  fail: 'failed',
  retry: 'retried',
  stop: 'stopped',
  lost: 'lost',
} as const

const MAX_TASKS = 50
const OTHERS = '*'
const NAME = /^[A-Za-z0-9_.:/-]{1,128}$/

/** Numbers since the worker's start, and how much of them is in Redis already. */
class Counter {
  readonly now: Stats = emptyStats()
  readonly #sent: Stats = emptyStats()

  /** What has come since the last call, as fields. */
  take(prefix: string): Increment[] {
    const { now } = this
    const found: Increment[] = []
    const add = (field: string, value: number, sent: number): number => {
      if (value > sent) found.push([prefix + field, value - sent])
      return value
    }
    for (const name of COUNTS) this.#sent[name] = add(name, now[name], this.#sent[name])
    this.#sent.waitMs = add('wait', Math.round(now.waitMs), this.#sent.waitMs)
    this.#sent.runMs = add('run', Math.round(now.runMs), this.#sent.runMs)
    for (let i = 0; i < BUCKETS; i++) {
      this.#sent.waits[i] = add(`wait:${i}`, now.waits[i]!, this.#sent.waits[i]!)
      this.#sent.runs[i] = add(`run:${i}`, now.runs[i]!, this.#sent.runs[i]!)
    }
    return found
  }
}

interface QueueTally {
  own: Counter
  tasks: Map<string, Counter>
  dirty: boolean
}

/**
 * Counts attempts in memory and adds them to the statistics in Redis about once a second: no job pays for it with a command, an idle
 * worker writes nothing, and a crash loses the last second.
 */
export class Tally {
  readonly #store: Store
  readonly #queues = new Map<string, QueueTally>()
  #unsent: (() => Promise<void>)[] = []
  #sending: Promise<void> | undefined

  constructor(store: Store) {
    this.#store = store
  }

  started(job: ClaimedJob, waitedMs: number): void {
    const { queue, task } = this.#countersOf(job)
    for (const { now } of [queue, task]) {
      now.started++
      now.waitMs += waitedMs
      now.waits[bucketOf(waitedMs)]!++
    }
  }

  ended(job: ClaimedJob, kind: Exclude<Outcome['kind'], 'release'>, ranMs: number): void {
    const { queue, task } = this.#countersOf(job)
    for (const { now } of [queue, task]) {
      now[COUNT_OF[kind]]++
      now.runMs += ranMs
      now.runs[bucketOf(ranMs)]!++
    }
  }

  /** Since the worker's start: queue → task → counts. */
  *counts(): Generator<[queue: string, task: string, stats: Stats]> {
    for (const [queue, { tasks }] of this.#queues) for (const [task, { now }] of tasks) yield [queue, task, now]
  }

  /** What could not be sent is sent again by the next call, under the name of the first, so that nothing counts twice. */
  flush(): Promise<void> {
    for (const [queue, tally] of this.#queues) {
      if (!tally.dirty) continue
      tally.dirty = false
      const own = tally.own.take('')
      const tasks = [...tally.tasks].flatMap(([task, counter]) => counter.take(`${task} `))
      const call = newToken()
      this.#unsent.push(() => addStats(this.#store, queue, call, own, tasks))
    }
    if (this.#unsent.length > MAX_UNSENT) this.#unsent.splice(0, this.#unsent.length - MAX_UNSENT)
    if (this.#unsent.length > 0) {
      this.#sending ??= this.#send().finally(() => {
        this.#sending = undefined
      })
    }
    return this.#sending ?? Promise.resolve()
  }

  async #send(): Promise<void> {
    const calls = this.#unsent
    this.#unsent = []
    const outcomes = await Promise.allSettled(calls.map((call) => call()))
    // Redis is away or full: statistics are worth waiting for, not worth an error.
    this.#unsent.unshift(...calls.filter((_, i) => outcomes[i]!.status === 'rejected'))
  }

  #countersOf(job: ClaimedJob): { queue: Counter; task: Counter } {
    const queue = queueOf(job.queue)
    let tally = this.#queues.get(queue)
    if (tally === undefined) {
      tally = { own: new Counter(), tasks: new Map(), dirty: true }
      this.#queues.set(queue, tally)
    }
    tally.dirty = true
    let task = tally.tasks.get(job.task)
    if (task === undefined) {
      const name = tally.tasks.size < MAX_TASKS && NAME.test(job.task) ? job.task : OTHERS
      task = tally.tasks.get(name) ?? new Counter()
      tally.tasks.set(name, task)
    }
    return { queue: tally.own, task }
  }
}

/** A minute of outage for a worker of one queue: what is older is not remembered as sent, either. */
const MAX_UNSENT = 60
