import { unlessFull } from './errors.ts'
import { toFields } from './hash.ts'
import { parseTime, type Store } from './store.ts'

/** A record outlives its worker by this much, so that `info` can say which one was lost. */
const KEPT_MS = 3_600_000

export interface WorkerRecord {
  name: string
  alive: boolean
  heartbeatAgeMs: number
  fields: Readonly<Record<string, string>>
}

/** False when a live worker of another identity has the name. `tidy`: forgets workers that are long gone. */
export async function enlistWorker(
  store: Store,
  name: string,
  identity: string,
  aliveMs: number,
  fields: Readonly<Record<string, string | number>>,
  tidy = true,
): Promise<boolean> {
  const flat = Object.entries(fields).flatMap(([field, value]) => (value === '' ? [] : [field, value]))
  const now = (await store.client.run('enlist', [store.keys.worker(name)], [identity, aliveMs, KEPT_MS, ...flat])) as number
  if (now === 0) return false
  const listed = store.client.callAll([
    ['ZADD', store.keys.workers, now + aliveMs, name],
    ...(tidy ? [['ZREMRANGEBYSCORE', store.keys.workers, '-inf', now - KEPT_MS] as const] : []),
  ])
  // A full Redis refuses the score, which only says when the name may be forgotten.
  await listed.catch(unlessFull)
  return true
}

export async function delistWorker(store: Store, name: string, queues: readonly string[]): Promise<void> {
  await store.client.callAll([
    ['DEL', store.keys.worker(name)],
    ['DEL', store.keys.taskSchemas(name)],
    ['ZREM', store.keys.workers, name],
    ...queues.map((queue) => ['DEL', store.keys.claim(queue, name)] as const),
  ])
}

/** Those of the `fields` named, or all of them: a worker's tasks alone may be thousands. */
export async function readWorkers(store: Store, fields?: readonly string[]): Promise<WorkerRecord[]> {
  const [time, names] = (await store.client.callAll([['TIME'], ['ZRANGE', store.keys.workers, 0, -1]])) as [unknown, string[]]
  return await readRecords(store, names, parseTime(time), fields)
}

/** Null when nothing is written of it. */
export async function readWorker(store: Store, name: string): Promise<WorkerRecord | null> {
  const [record = null] = await readRecords(store, [name], await store.now())
  return record
}

async function readRecords(store: Store, names: readonly string[], now: number, fields?: readonly string[]): Promise<WorkerRecord[]> {
  const asked = fields === undefined ? [] : [...fields, 'heartbeat', 'deadline']
  const replies = await store.client.runOnMany('roster', names.map(store.keys.worker), asked)
  return (replies as string[][]).flat().flatMap((text, i) => {
    const found = toFields(JSON.parse(text))
    if (found === null) return []
    const heartbeatAgeMs = Math.max(0, now - Number(found['heartbeat'] ?? 0))
    return [{ name: names[i]!, alive: Number(found['deadline'] ?? 0) > now, heartbeatAgeMs, fields: found }]
  })
}
