import type { JobOptions } from '../job/options.ts'
import type { Target } from '../task/call.ts'
import { resolveTask } from '../task/resolve.ts'
import type { Job } from './job.ts'
import { type Route, Router } from './routes.ts'

type Entry = readonly [task: Target, args?: readonly unknown[], options?: JobOptions]

/** What a queue needs to be to have others that it sends jobs on to. */
interface Sender {
  readonly name: string
  enqueueMany(entries: never): Promise<unknown>
  close(): Promise<void>
}

/** The queues to which one with `routes` sends jobs on, opened when first needed, on its connections. */
export class RoutedQueues<Q extends Sender> {
  readonly #home: Q
  readonly #router: Router
  readonly #open: (name: string) => Q
  readonly #queues = new Map<string, Q>()

  constructor(home: Q, routes: readonly Route[], open: (name: string) => Q) {
    this.#home = home
    this.#router = new Router(routes)
    this.#open = open
  }

  queueOf(target: Target): Q {
    const name = this.#router.queueOf(resolveTask(target)) ?? this.#home.name
    const known = this.#queues.get(name)
    if (known !== undefined) return known
    // Its own jobs, too, go through a queue without routes.
    const queue = this.#open(name)
    this.#queues.set(name, queue)
    return queue
  }

  /** Each queue's share at once; the handles in the given order. */
  async many(entries: readonly Entry[]): Promise<Job[]> {
    const shares = new Map<Q, number[]>()
    for (const [i, [target]] of entries.entries()) {
      const queue = this.queueOf(target)
      const share = shares.get(queue)
      if (share) share.push(i)
      else shares.set(queue, [i])
    }
    const jobs: Job[] = []
    for (const [queue, places] of shares) {
      const written = (await queue.enqueueMany(places.map((i) => entries[i]!) as never)) as Job[]
      for (const [n, i] of places.entries()) jobs[i] = written[n]!
    }
    return jobs
  }

  async close(): Promise<void> {
    await Promise.all([...this.#queues.values()].map((queue) => queue.close()))
  }
}
