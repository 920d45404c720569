import { split } from '../split.ts'
import { removeJobs } from './jobs.ts'
import type { Container, RegistryName } from './keys.ts'
import { listIds, position, type Range } from './queues.ts'
import { parseTime, type Store } from './store.ts'

type Waiting = 'queued' | 'scheduled' | 'deferred'

const ALL_WAITING: readonly Waiting[] = ['queued', 'scheduled', 'deferred']
const IDS_PER_CALL = 1_000
const IDS_PER_STEP = 500

/** Ids of a container as time has it now: what its ttl has ended counts as canceled, whether or not a sweep has moved it. */
export async function idsNow(store: Store, queue: string, container: Container, range: Range = {}): Promise<string[]> {
  const late = await overdue(store, queue, waitingIn(container))
  if (late.length === 0) return listIds(store, queue, container, range)
  const { offset = 0, count = -1, desc = false } = range
  const listed = await listIds(store, queue, container, { desc })
  const hidden = new Set(late)
  const ids = container !== 'canceled' ? listed.filter((id) => !hidden.has(id)) : desc ? [...late, ...listed] : [...listed, ...late]
  return ids.slice(offset, count === -1 ? undefined : offset + count)
}

/** Jobs ahead of this one in the list, null when it does not wait there. */
export async function positionNow(store: Store, queue: string, id: string): Promise<number | null> {
  const late = await overdue(store, queue, ['queued'])
  if (late.length === 0) return position(store, queue, id)
  const at = (await idsNow(store, queue, 'queue')).indexOf(id)
  return at === -1 ? null : at
}

/** Deletes every job of a container in bounded steps, also those that arrive meanwhile; returns how many. */
export async function removeAll(store: Store, queue: string, container: Container): Promise<number> {
  let removed = 0
  // An id whose job is in another state stays, and is stepped over.
  for (let kept = 0; ; ) {
    const listed = await listIds(store, queue, container, { offset: kept, count: IDS_PER_STEP })
    const ids = listed.length > 0 || container !== 'canceled' ? listed : await overdue(store, queue, ALL_WAITING, IDS_PER_STEP)
    if (ids.length === 0) return removed
    const verdicts = await removeJobs(store, queue, ids, container === 'queue' ? 'queued' : container)
    removed += verdicts.filter((verdict) => verdict === 'deleted').length
    kept += verdicts.filter((verdict) => verdict === 'kept').length
    // Only in a registry that contradicts its jobs.
    if (listed.length === 0 && !verdicts.includes('deleted')) return removed
  }
}

function waitingIn(container: Container): readonly Waiting[] {
  if (container === 'canceled') return ALL_WAITING
  if (container === 'queue') return ['queued']
  return container === 'scheduled' || container === 'deferred' ? [container] : []
}

/** Waiting jobs that are past their ttl. Nearly always there are none, and that costs one round trip. */
async function overdue(store: Store, queue: string, statuses: readonly Waiting[], most = -1): Promise<string[]> {
  if (statuses.length === 0) return []
  const heads = statuses.map((status) => ['ZRANGE', store.keys.expiry(queue, status), 0, 0, 'WITHSCORES'] as const)
  const [time, ...first] = await store.client.callAll([['TIME'], ...heads])
  const now = parseTime(time)
  // RESP3 has pairs where RESP2 has a flat list.
  const late = statuses.filter((_, i) => Number((first[i] as string[][]).flat()[1] ?? Number.NaN) <= now)
  const ids = await store.client.callAll(
    late.map((status) => ['ZRANGEBYSCORE', store.keys.expiry(queue, status), '-inf', now, 'LIMIT', 0, most] as const),
  )
  return (ids as string[][]).flat()
}

/** Ids of a registry in the order in which the jobs ended, which is not the order in which they will be forgotten. */
export async function idsByEnd(store: Store, queue: string, registry: RegistryName): Promise<string[]> {
  const ended: { id: string; at: number }[] = []
  const ids = await idsNow(store, queue, registry)
  for (const part of split(ids, IDS_PER_CALL)) {
    const times = await store.client.callAll(part.map((id) => ['HMGET', store.keys.job(queue, id), 'ended_at', 'expires_at'] as const))
    for (const [i, fields] of times.entries()) {
      const [endedAt, expiresAt] = fields as (string | null)[]
      ended.push({ id: part[i]!, at: Number(endedAt ?? expiresAt ?? 0) })
    }
  }
  return ended.sort((a, b) => a.at - b.at).map(({ id }) => id)
}
