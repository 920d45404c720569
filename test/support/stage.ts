import { afterEach, expect } from 'vitest'
import { type JobOptions, Queue, Worker, type WorkerOptions } from '../../lib/index.ts'
import { silentLogger } from '../../lib/logger.ts'
import { Store } from '../../lib/store/store.ts'
import { checkInvariants } from '../../lib/testing/invariants.ts'
import { wipe } from './keyspace.ts'
import { testPrefix, testRedisUrl } from './redis.ts'

export { until } from './until.ts'

/** Queues and workers of one test under a prefix of their own. All is stopped and checked after the test. */
export interface Stage {
  readonly url: string
  readonly prefix: string
  readonly store: Store
  queue(name?: string, defaults?: JobOptions): Queue
  worker(queues: string | string[], options?: WorkerOptions): Worker
  /** Something else to close when the test has ended. */
  closing(close: () => Promise<unknown>): void
}

const open: (() => Promise<void>)[] = []

export async function stage(): Promise<Stage> {
  const url = await testRedisUrl()
  const prefix = testPrefix()
  const store = new Store({ connection: url, prefix })
  const closers: (() => Promise<unknown>)[] = []
  open.push(async () => {
    for (const close of closers.reverse()) await close()
    try {
      expect(await checkInvariants(store)).toEqual([])
      await wipe(store)
    } finally {
      await store.close()
    }
  })
  return {
    url,
    prefix,
    store,
    closing: (close) => void closers.push(close),
    queue(name = 'default', defaults) {
      const queue = new Queue(name, { connection: url, prefix, ...(defaults !== undefined && { defaults }) })
      closers.push(() => queue.close())
      return queue
    },
    worker(queues, options = {}) {
      const worker = new Worker(queues, { connection: url, prefix, logger: silentLogger, ...options })
      closers.push(() => worker.stop({ force: true }))
      return worker
    },
  }
}

afterEach(async () => {
  for (const close of open.splice(0)) await close()
})

/** A promise and its handles: for handlers that a test holds and lets go. */
export function gate<T = void>(): { promise: Promise<T>; open: (value: T) => void } {
  let open!: (value: T) => void
  const promise = new Promise<T>((resolve) => {
    open = resolve
  })
  return { promise, open }
}

/** All keys that name the job: its hash, its lists, its unique key's holder aside. */
export async function leftoverKeysOf({ store }: Stage, id: string): Promise<string[]> {
  return await store.client.scan(`${store.keys.prefix}:*${id}*`)
}
