import { isJobId } from '../names.ts'
import { unlessFull } from './errors.ts'
import type { Container, RegistryName } from './keys.ts'
import { parseTime, type Store } from './store.ts'
import { putMarker } from './wake.ts'

export interface QueueCounts {
  queued: number
  started: number
  deferred: number
  scheduled: number
  finished: number
  failed: number
  canceled: number
}

export interface QueueSummary extends QueueCounts {
  paused: boolean
  limited: boolean
  /** How long the head of the list has waited; undefined when nothing waits. */
  oldestMs?: number
}

/** In place of the time at which a pause ends. */
const FOR_EVER = 1

export async function queueNames(store: Store): Promise<string[]> {
  return ((await store.client.call('SMEMBERS', store.keys.queues)) as string[]).sort()
}

export async function summarize(store: Store, queues: readonly string[]): Promise<QueueSummary[]> {
  const replies = await Promise.all(queues.map((queue) => store.run('counts', queue, [])))
  return replies.map((reply) => toSummary(reply as number[]))
}

/** From the reply of `counts`. */
export function toSummary(reply: readonly number[]): QueueSummary {
  const [queued, started, deferred, scheduled, finished, failed, canceled, paused, oldestMs, , limited] = reply
  const ended = { finished, failed, canceled }
  const summary = { queued, started, deferred, scheduled, ...ended, paused: paused === 1, limited: limited === 1 } as QueueSummary
  if (oldestMs !== undefined && oldestMs >= 0) summary.oldestMs = oldestMs
  return summary
}

/** Ids in each place, at most. A job past its ttl counts where it stands until a sweep has moved it: there lists show it, and searches find it. */
export async function lengths(store: Store, queue: string): Promise<Record<Container, number>> {
  const reply = (await store.run('counts', queue, [])) as number[]
  const { queued, started, scheduled, deferred, finished, failed, canceled } = toSummary(reply)
  const waiting = ['queued', 'scheduled', 'deferred'] as const
  const ended = await store.client.callAll(
    waiting.map((status) => ['ZCOUNT', store.keys.expiry(queue, status), '-inf', reply[9]!] as const),
  )
  const [late, lateScheduled, lateDeferred] = ended.map(Number) as [number, number, number]
  return {
    queue: queued + late,
    started,
    scheduled: scheduled + lateScheduled,
    deferred: deferred + lateDeferred,
    finished,
    failed,
    canceled: Math.max(0, canceled - late - lateScheduled - lateDeferred),
  }
}

/** Of partitions. */
export function sumCounts(all: readonly QueueCounts[]): QueueCounts {
  const sum: QueueCounts = { queued: 0, started: 0, deferred: 0, scheduled: 0, finished: 0, failed: 0, canceled: 0 }
  for (const one of all) for (const name of Object.keys(sum) as (keyof QueueCounts)[]) sum[name] += one[name]
  return sum
}

const ENDED: ReadonlySet<Container> = new Set(['finished', 'failed', 'canceled'])

export interface Range {
  offset?: number
  /** -1 for all. */
  count?: number
  desc?: boolean
}

/** Ids of one container; entries past their retention are gone, whether or not they were swept. */
export async function listIds(store: Store, queue: string, container: Container, range: Range = {}): Promise<string[]> {
  const { offset = 0, count = -1, desc = false } = range
  if (count === 0) return []
  const key = store.keys.container(queue, container)
  if (container === 'queue') {
    const reads = [...linesOf(store, queue), ['LRANGE', key, offset, count === -1 ? -1 : offset + count - 1] as const]
    const [levels, parked, ids] = await store.client.callAll(reads)
    return (levels === null && parked === 0 ? ids : await store.run('line', queue, [offset, count, ''])) as string[]
  }
  const kept = container === 'finished' || container === 'failed' || container === 'canceled'
  const low = kept ? `(${await store.now()}` : '-inf'
  const [command, from, to] = desc ? (['ZREVRANGEBYSCORE', '+inf', low] as const) : (['ZRANGEBYSCORE', low, '+inf'] as const)
  return (await store.client.call(command, key, from, to, 'LIMIT', offset, count)) as string[]
}

/** Ids by their place in the container, at the same cost however deep: ended jobs newest first, those past their retention at the end. */
export async function idsByRank(store: Store, queue: string, container: Container, offset: number, count: number): Promise<string[]> {
  if (container === 'queue') return await listIds(store, queue, container, { offset, count })
  const key = store.keys.container(queue, container)
  const command = ENDED.has(container) ? 'ZREVRANGE' : 'ZRANGE'
  return (await store.client.call(command, key, offset, offset + count - 1)) as string[]
}

export async function isIn(store: Store, queue: string, registry: RegistryName, id: string): Promise<boolean> {
  const [time, score] = await store.client.callAll([['TIME'], ['ZSCORE', store.keys.container(queue, registry), id]])
  if (score === null) return false
  const kept = registry === 'finished' || registry === 'failed' || registry === 'canceled'
  // Redis says 'inf' for what is kept for ever.
  return !kept || score === 'inf' || Number(score) > parseTime(time)
}

export async function position(store: Store, queue: string, id: string): Promise<number | null> {
  const reads = [...linesOf(store, queue), ['LPOS', store.keys.container(queue, 'queue'), id] as const]
  const [levels, parked, at] = await store.client.callAll(reads)
  return (levels === null && parked === 0 ? at : await store.run('line', queue, [0, -1, id])) as number | null
}

/** Nearly all queues have one list. Of those with more, one script reads all at one moment. */
function linesOf(store: Store, queue: string): (readonly [string, ...string[]])[] {
  return [
    ['HGET', store.keys.queuePart(queue, 'meta'), 'levels'],
    ['EXISTS', store.keys.queuePart(queue, 'parked')],
  ]
}

/** `forMs` undefined: until resumed. A pause that is over is deleted by the next tick, and counts for nothing before. */
export async function pauseQueue(store: Store, queue: string, forMs?: number): Promise<void> {
  const until = forMs === undefined ? FOR_EVER : (await store.now()) + forMs
  await store.client.callAll([
    ['HSET', store.keys.queuePart(queue, 'meta'), 'version', 1, 'paused', until],
    ['SADD', store.keys.queues, queue],
  ])
}

export async function resumeQueue(store: Store, queue: string): Promise<void> {
  await Promise.all([store.client.call('HDEL', store.keys.queuePart(queue, 'meta'), 'paused'), putMarker(store, queue)])
}

export async function isPaused(store: Store, queue: string): Promise<boolean> {
  const [time, until] = await store.client.callAll([['TIME'], ['HGET', store.keys.queuePart(queue, 'meta'), 'paused']])
  return until !== null && (Number(until) === FOR_EVER || Number(until) > parseTime(time))
}

export async function isRegistered(store: Store, queue: string): Promise<boolean> {
  return (await store.client.call('SISMEMBER', store.keys.queues, queue)) === 1
}

export async function registerQueue(store: Store, queue: string): Promise<void> {
  await store.client.call('SADD', store.keys.queues, queue).catch(unlessFull)
}

/** Forgets a queue that holds no jobs: its name and what is left of its bookkeeping. False, and nothing is done, when jobs are left. */
export async function forgetQueue(store: Store, queue: string): Promise<boolean> {
  // The name goes first: a job that arrives in between does not know that its queue is new, so only here can the name come back.
  await store.client.call('SREM', store.keys.queues, queue)
  if ((await store.run('forget', queue, [])) === 1) return true
  await registerQueue(store, queue)
  return false
}

/** All keys of a queue, without the `prefix:{queue}:` they begin with, found by scanning: for repair and checks, never on a hot path. */
export async function scanQueue(store: Store, queue: string): Promise<string[]> {
  const start = store.keys.base(queue)
  const pattern = `${start.replace(/[\\*?[\]]/g, '\\$&')}*`
  return (await store.client.scan(pattern)).map((key) => key.slice(start.length))
}

/** Ids of all job hashes of a queue. */
export async function scanJobIds(store: Store, queue: string): Promise<string[]> {
  const names = await scanQueue(store, queue)
  return names.flatMap((name) => (name.startsWith('job:') && isJobId(name.slice(4)) ? [name.slice(4)] : []))
}
