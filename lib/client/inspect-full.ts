import { parseRecord } from '../job/record.ts'
import { queueOf } from '../partition.ts'
import { decode } from '../payload/payload.ts'
import { type Place, readHash, readList } from '../store/jobs.ts'
import { parseRef } from '../store/keys.ts'
import { findPlaces } from '../store/partitions.ts'
import type { Store } from '../store/store.ts'
import { type AttemptRecord, attemptsOf } from './attempts.ts'
import { optionsOf } from './describe.ts'
import { Queue } from './queue.ts'
import { type FoundRow, workflowOf } from './search-rows.ts'

/** Everything that is kept of one job. */
export interface FullJob {
  row: FoundRow
  attempts: AttemptRecord[]
  parents: Place[]
  children: Place[]
  logCount: number
}

export async function fullJob(store: Store, place: Place): Promise<FullJob | null> {
  const [stored] = (await findPlaces(store, [place])) as [Place]
  const { queue, id } = stored
  const [now, fields, history, dependents, logCount] = await Promise.all([
    store.now(),
    readHash(store, store.keys.job(queue, id)),
    readList(store, stored, 'attempts'),
    readList(store, stored, 'dependents'),
    store.client.call('LLEN', store.keys.jobPart(queue, id, 'logs')),
  ])
  if (fields === null || fields['status'] === undefined) return null
  const row: FoundRow = parseRecord(queueOf(queue), id, fields, now)
  const workflow = workflowOf(fields['workflow'])
  if (workflow !== undefined) row.workflow = workflow
  return {
    row,
    attempts: attemptsOf(row, history),
    parents: row.parents.map((ref) => known(ref, queue)),
    children: dependents.map((ref) => known(ref, queue)),
    logCount: Number(logCount),
  }
}

/** As people know it, of a reference seen from a stored queue. */
function known(ref: string, seenFrom: string): Place {
  const { queue, id } = parseRef(ref, seenFrom)
  return { queue: queueOf(queue), id }
}

/** Lines from one on, the oldest that is kept being 0. */
export async function logLines(store: Store, place: Place, from: number, count: number): Promise<{ lines: string[]; total: number }> {
  const [{ queue, id }] = (await findPlaces(store, [place])) as [Place]
  const key = store.keys.jobPart(queue, id, 'logs')
  const [lines, total] = await store.client.callAll([
    ['LRANGE', key, from, from + count - 1],
    ['LLEN', key],
  ])
  return { lines: lines as string[], total: Number(total) }
}

/** A new job like this one, that waits for nobody and holds no unique key; with `args` in place of its own. */
export async function enqueueCopy(
  store: Store,
  { row }: FullJob,
  { args, queue = row.queue, delayMs }: { args?: unknown[] | undefined; queue?: string | undefined; delayMs?: number | undefined },
): Promise<Place> {
  const meta = row.meta === undefined ? {} : (decode(row.meta) as Record<string, unknown>)
  const { dependsOn: _1, runAt: _2, unique: _3, ...options } = optionsOf(row, meta)
  const given = args ?? (decode(row.args) as unknown[])
  // A description made for other arguments would lie.
  if (args !== undefined) delete options.description
  const job = await new Queue(queue, {}, store).enqueue(row.task, given, { ...options, ...(delayMs !== undefined && { delay: delayMs }) })
  return { queue: job.queue, id: job.id }
}
