import { parseRecord } from '../job/record.ts'
import { queueOf } from '../partition.ts'
import { decode } from '../payload/payload.ts'
import { readHash } from '../store/hash.ts'
import { type Place, readList } from '../store/jobs.ts'
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
  /** Lines written since ever; the last of them are kept. */
  logCount: number
}

export async function fullJob(store: Store, place: Place): Promise<FullJob | null> {
  const [stored] = (await findPlaces(store, [place])) as [Place]
  const { queue, id } = stored
  const [now, fields, history, dependents, logsKept] = await Promise.all([
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
    logCount: Number(fields['logs_cut'] ?? 0) + Number(logsKept),
  }
}

/** As people know it, of a reference seen from a stored queue. */
function known(ref: string, seenFrom: string): Place {
  const { queue, id } = parseRef(ref, seenFrom)
  return { queue: queueOf(queue), id }
}

export interface LogPart {
  lines: string[]
  /** Number of the first of them. */
  from: number
  total: number
}

const READ_TRIES = 5

/** Lines from one on, the first that was ever written being 0; what is kept no longer is passed over. */
export async function logLines(store: Store, place: Place, asked: number, count: number): Promise<LogPart> {
  const [{ queue, id }] = (await findPlaces(store, [place])) as [Place]
  const key = store.keys.jobPart(queue, id, 'logs')
  const readCut = ['HGET', store.keys.job(queue, id), 'logs_cut'] as const
  let cut = Number((await store.client.call(...readCut)) ?? 0)
  for (let tries = 1; ; tries++) {
    const from = Math.max(asked, cut)
    const [lines, kept, cutNow] = await store.client.callAll([['LRANGE', key, from - cut, from - cut + count - 1], ['LLEN', key], readCut])
    // Lines that went while these were read would give the others wrong numbers.
    const same = Number(cutNow ?? 0) === cut
    if (same || tries === READ_TRIES) return { lines: lines as string[], from, total: cut + Number(kept) }
    cut = Number(cutNow ?? 0)
  }
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
