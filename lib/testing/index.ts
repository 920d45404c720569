/**
 * `rqts/testing`: help for the tests of programs that use rqts. Importing it changes nothing.
 *
 * - `inlineQueue()` runs each job at once in the test's own process, without Redis.
 * - `startPrivateRedis()` gives a test a real server of its own.
 * - `drain()` runs what is queued until nothing is left.
 * - `expectEnqueued()` says what was enqueued instead.
 * - `checkInvariants()` tells what is wrong with the queues in a Redis; empty when all is well.
 * - `repair()` mends it.
 */

import type { ConnectOptions } from '../client/shared-store.ts'
import { Store } from '../store/store.ts'
import { checkInvariants as checkStore, type InvariantOptions, type Violation } from './invariants.ts'
import { type Repair, repair as repairStore } from './repair.ts'

export { type PrivateRedisOptions, type RedisServer, startPrivateRedis } from '../embedded/index.ts'
export { enqueued, expectEnqueued } from './assert.ts'
export { drain, inlineQueue } from './drain.ts'
export type { InvariantOptions, Violation } from './invariants.ts'
export type { Repair } from './repair.ts'

export async function checkInvariants(options: ConnectOptions & InvariantOptions = {}): Promise<Violation[]> {
  const store = new Store(options)
  try {
    return await checkStore(store, options)
  } finally {
    await store.close()
  }
}

/** What `rqts doctor --repair` does: jobs go back where their records say that they are. */
export async function repair(options: ConnectOptions & InvariantOptions = {}): Promise<Repair> {
  const store = new Store(options)
  try {
    return await repairStore(store, options)
  } finally {
    await store.close()
  }
}
