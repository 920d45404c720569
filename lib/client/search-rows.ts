import { type JobSnapshot, parseRecord } from '../job/record.ts'
import { queueOf } from '../partition.ts'
import type { Place } from '../store/jobs.ts'
import type { Store } from '../store/store.ts'
import { describeCall } from './describe.ts'

/** A job as lists show it, with what only some views need. */
export interface FoundRow extends JobSnapshot {
  workflow?: string
}

export type Describe = (row: FoundRow) => string

export function describeRow({ task, args, description }: FoundRow): string {
  return description ?? describeCall(task, args)
}

/** All that a list shows; the result, which may be large, it does not. */
export const ROW = [
  'status',
  'task',
  'args',
  'description',
  'tags',
  'attempt',
  'worker',
  'error',
  'reason',
  'retry',
  'workflow',
  'parents',
  'created_at',
  'enqueued_at',
  'started_at',
  'ended_at',
  'run_at',
  'expires_at',
] as const

/** Of a queue with partitions by the queue's name. */
export function asKnown(rows: readonly FoundRow[]): FoundRow[] {
  return rows.map((row) => (row.queue === queueOf(row.queue) ? row : { ...row, queue: queueOf(row.queue) }))
}

/** The jobs of these places as lists show them; null for those that are gone. */
export async function rowsOf(store: Store, places: readonly Place[]): Promise<(FoundRow | null)[]> {
  const now = await store.now()
  return (await Promise.all(places.map(({ queue, id }) => readRows(store, queue, [id], ROW, now)))).flat()
}

export async function readRows(
  store: Store,
  queue: string,
  ids: readonly string[],
  names: readonly string[],
  now: number,
): Promise<(FoundRow | null)[]> {
  const rows = await store.client.callAll(ids.map((id) => ['HMGET', store.keys.job(queue, id), ...names] as const))
  return rows.map((row, i) => {
    const values = row as (string | null)[]
    if (!values[0]) return null
    const fields: Record<string, string> = Object.create(null)
    for (const [k, name] of names.entries()) if (values[k] != null) fields[name] = values[k]
    const found: FoundRow = parseRecord(queue, ids[i]!, fields, now)
    const workflow = workflowOf(fields['workflow'])
    if (workflow !== undefined) found.workflow = workflow
    return found
  })
}

/** The id of the workflow that a job belongs to. */
export function workflowOf(text: string | undefined): string | undefined {
  if (text === undefined) return undefined
  try {
    const { id } = JSON.parse(text) as { id?: unknown }
    return typeof id === 'string' ? id : undefined
  } catch {
    return undefined
  }
}
