import { unlessFull } from './errors.ts'
import type { Arg } from './redis.ts'
import type { Store } from './store.ts'
import { putMarker } from './wake.ts'

/** A wish without an end is kept for as long as its worker lives and asks for it. */
const KEPT_MS = 3_600_000
const STOP_MS = 60_000
/** Who has not heard it by then looks by itself: see worker/control.ts. */
const RING_MS = 10_000
/** Stands for all workers. A name cannot be this. */
export const EVERY_WORKER = '*'

/** What people want of a worker, as far as it is not done yet or holds on. */
export interface Wishes {
  paused: boolean
  /** All workers are. */
  suspended: boolean
  concurrency?: number
  stop?: 'drain' | 'force'
}

export async function readWishes(store: Store, name: string): Promise<Wishes> {
  const { keys, client } = store
  const wanted = [
    keys.control(name, 'paused'),
    keys.control(name, 'concurrency'),
    keys.control(name, 'stop'),
    keys.control(EVERY_WORKER, 'paused'),
  ]
  // On a Cluster each has a slot of its own.
  const reply = client.isCluster ? client.callAll(wanted.map((key) => ['GET', key] as const)) : client.call('MGET', ...wanted)
  const [paused, concurrency, stop, all] = (await reply) as (string | null)[]
  const kept = [paused === 'on' && 'paused', concurrency && 'concurrency'].filter(Boolean) as ('paused' | 'concurrency')[]
  if (kept.length > 0) await client.callAll(kept.map((wish) => ['PEXPIRE', keys.control(name, wish), KEPT_MS] as const))
  const wishes: Wishes = { paused: paused !== null, suspended: all !== null }
  if (concurrency) wishes.concurrency = Number(concurrency)
  if (stop === 'drain' || stop === 'force') wishes.stop = stop
  return wishes
}

/** It is being done, or the worker is gone: nobody else of this name is meant. */
export async function forgetWishes(store: Store, name: string, ...wishes: readonly ('paused' | 'concurrency' | 'stop')[]): Promise<void> {
  await store.client.callAll(wishes.map((wish) => ['DEL', store.keys.control(name, wish)] as const))
}

/** `forMs` undefined: until resumed. */
export async function wishPause(store: Store, name: string, forMs?: number): Promise<void> {
  const everlasting = name === EVERY_WORKER && forMs === undefined
  const end: Arg[] = everlasting ? [] : ['PX', forMs ?? KEPT_MS]
  await store.client.call('SET', store.keys.control(name, 'paused'), forMs === undefined ? 'on' : 'for', ...end)
}

export async function wishResume(store: Store, name: string): Promise<void> {
  await forgetWishes(store, name, 'paused')
}

export async function wishConcurrency(store: Store, name: string, concurrency: number): Promise<void> {
  await store.client.call('SET', store.keys.control(name, 'concurrency'), concurrency, 'PX', KEPT_MS)
}

export async function wishStop(store: Store, name: string, how: 'drain' | 'force'): Promise<void> {
  await store.client.call('SET', store.keys.control(name, 'stop'), how, 'PX', STOP_MS)
}

/** Queues of this name are for one worker each: what is sent to all of them waits there. */
export const OWN_QUEUE = 'worker:'

export function ownQueue(worker: string): string {
  return OWN_QUEUE + worker
}

/** An idle worker asks for nothing: it waits for this, and finds it also when it was away. */
export async function ringWorker(store: Store, name: string): Promise<void> {
  // The wish itself has been taken; who wished must not be told otherwise.
  await putMarker(store, ownQueue(name), RING_MS).catch(unlessFull)
}

/** So that the worker looks now, or tells of itself now and not with its next heartbeat. Returns whether anybody heard; on a Cluster that is not known. */
export async function hint(store: Store, name: string, what: 'look' | 'tell' = 'look'): Promise<boolean> {
  if (what === 'look') await ringWorker(store, name)
  const listeners = Number(await store.client.call('PUBLISH', store.keys.worker(name), what))
  // On a Cluster every node passes it on, and counts none but its own.
  return listeners > 0 || store.client.isCluster
}
