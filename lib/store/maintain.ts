import { deliverCallback } from './callbacks.ts'
import { parseRef, refOf } from './keys.ts'
import type { Store } from './store.ts'

const CHILDREN_PER_CALL = 500
/** A call holds up everyone else: a crowd that is due at one moment comes in parts of a few milliseconds. */
const JOBS_PER_TICK = 250
const ENTRIES_PER_SWEEP = 100

export interface TickReply {
  leader: boolean
  promoted: number
  /** Undefined when nothing is scheduled. */
  nextDueMs?: number
  outbox: number
  /** To a follower: when the leadership ends unless it is renewed. */
  lastsMs?: number
  /** To the leader: leases or ttls have ended, a sweep must not wait. */
  late?: true
}

export async function tick(store: Store, queue: string, worker: string, leadershipMs: number): Promise<TickReply> {
  const [leader, promoted, nextDueMs, outbox, fifth] = (await store.run('tick', queue, [worker, leadershipMs, JOBS_PER_TICK])) as number[]
  const reply: TickReply = { leader: leader === 1, promoted: promoted!, outbox: outbox! }
  if (nextDueMs! >= 0) reply.nextDueMs = nextDueMs!
  if (!reply.leader) reply.lastsMs = Math.max(0, fifth!)
  else if (fifth === 1) reply.late = true
  return reply
}

export interface SweepReply {
  /** Ids whose worker lost them: put back, or failed for having been lost too often. */
  requeued: string[]
  failed: string[]
  more: boolean
  /** Children whose parents elsewhere may not know them yet. */
  unlinked: string[]
  outbox: number
}

export async function sweep(store: Store, queue: string, maxLost: number): Promise<SweepReply> {
  const reply = await store.run('sweep', queue, [ENTRIES_PER_SWEEP, maxLost])
  const [requeued, failed, more, unlinked, outbox] = reply as [string[], string[], number, string[], number]
  return { requeued, failed, more: more === 1, unlinked, outbox }
}

/** Works off the outbox of a queue: every child of an ended job hears of it, here or in another slot. */
export async function deliverOutbox(store: Store, queue: string): Promise<void> {
  const touched = new Set([queue])
  for (const current of touched) {
    // Deleted and added again, it is visited again: a child elsewhere may have a child here.
    touched.delete(current)
    let done: [string, string, number] = ['', '', 0]
    for (let left = 1; left > 0; ) {
      const reply = await store.run('resolve', current, [CHILDREN_PER_CALL, ...done])
      const [messages, head, children] = reply as [number, string, string[]]
      left = messages
      done = ['', '', 0]
      if (head === '') continue
      if (children.length === 0) {
        await deliverCallback(store, current, head)
        done = [head, '', 0]
        continue
      }
      const space = head.indexOf(' ')
      const [parent, outcome] = [head.slice(0, space), head.slice(space + 1)]
      for (const child of await deliverElsewhere(store, current, parent, outcome, children)) touched.add(child)
      done = [head, children[0]!, children.length]
    }
  }
}

/** `outcome` is followed by the parent's result, if its children take it. Returns the queues whose own outbox now has something to say. */
async function deliverElsewhere(
  store: Store,
  queue: string,
  parent: string,
  outcome: string,
  children: readonly string[],
): Promise<string[]> {
  const byQueue = new Map<string, string[]>()
  for (const child of children) {
    const place = parseRef(child, queue)
    if (place.queue === queue) continue
    const ids = byQueue.get(place.queue)
    if (ids) ids.push(place.id)
    else byQueue.set(place.queue, [place.id])
  }
  const busy: string[] = []
  for (const [target, ids] of byQueue) {
    const outbox = (await store.run('deliver', target, [refOf(queue, parent, target), outcome, ...ids])) as number
    if (outbox > 0) busy.push(target)
  }
  return busy
}

/**
 * Second step of a dependency across queues: tells each parent elsewhere of the child, and the child of parents that have
 * ended. Until it is done the child stays in `unlinked`, and the sweep of its queue repeats it.
 * With `patient`, parents that a workflow has not written yet are waited for.
 */
export async function linkParents(store: Store, queue: string, id: string, patient = false): Promise<void> {
  const waits = (await store.client.call('SMEMBERS', store.keys.jobPart(queue, id, 'waits'))) as string[]
  for (const ref of waits) {
    const parent = parseRef(ref, queue)
    if (parent.queue === queue) continue
    const ended = (await store.run('link', parent.queue, [parent.id, refOf(queue, id, parent.queue)])) as string
    if (ended === 'deleted' && patient && (await isArriving(store, queue, id))) return
    if (ended !== '' && ((await store.run('deliver', queue, [ref, ended, id])) as number) > 0) await deliverOutbox(store, queue)
  }
  await store.client.call('SREM', store.keys.queuePart(queue, 'unlinked'), id)
}

/** The queues of a workflow are written one after the other, those that may begin last: until then some parents are not there. */
const ARRIVAL_MS = 60_000

async function isArriving(store: Store, queue: string, id: string): Promise<boolean> {
  const reads = [['HGET', store.keys.job(queue, id), 'flags'] as const, ['ZSCORE', store.keys.container(queue, 'deferred'), id] as const]
  const [flags, since] = (await store.client.callAll(reads)) as (string | null)[]
  return flags?.includes('g') === true && since !== null && (await store.now()) - Number(since) < ARRIVAL_MS
}

/** Until its worker says that it lives, or the sweep takes the job back. */
const MENDED_LEASE_MS = 30_000

/** Puts jobs back where their records say that they are. `unique:KEY` stands for the holder of a unique key. */
export async function mendJobs(store: Store, queue: string, names: readonly string[]): Promise<void> {
  await store.run('repair', queue, [MENDED_LEASE_MS, ...names])
}
