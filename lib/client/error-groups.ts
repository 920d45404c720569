import { parseStoredError, type StoredError } from '../payload/stored-error.ts'
import type { Place } from '../store/jobs.ts'
import type { Store } from '../store/store.ts'
import { fingerprintOf, topFrame } from './frames.ts'
import { failedRows } from './search-jobs.ts'
import type { FoundRow } from './search-rows.ts'

export interface ErrorGroupFound {
  fingerprint: string
  task: string
  /** Of the newest. */
  error: StoredError
  frame: string | null
  count: number
  queues: Set<string>
  /** Epoch ms of ends. */
  firstAt: number
  lastAt: number
  newest: Place
}

export interface ErrorGroupsFound {
  groups: ErrorGroupFound[]
  searched: number
  total: number
  complete: boolean
}

const MAX_GROUPS = 500

/** Failed jobs by task, class and place of the error, the group with the newest failure first; at most 10,000 jobs are looked at. */
export async function errorGroups(store: Store, options: { queue?: string; sinceMs?: number } = {}): Promise<ErrorGroupsFound> {
  const { rows, searched, total } = await failedRows(store, options.queue)
  const now = await store.now()
  const from = options.sinceMs === undefined ? 0 : now - options.sinceMs
  const groups = new Map<string, ErrorGroupFound>()
  for (const row of rows) if ((row.endedAt ?? 0) >= from) add(groups, row)
  const sorted = [...groups.values()].sort((a, b) => b.lastAt - a.lastAt)
  return { groups: sorted.slice(0, MAX_GROUPS), searched, total, complete: searched >= total }
}

function add(groups: Map<string, ErrorGroupFound>, { id, queue, task, error: text, reason, endedAt = 0 }: FoundRow): void {
  const error = text === undefined ? { name: reason ?? 'Error', message: '' } : parseStoredError(text)
  const fingerprint = fingerprintOf(task, error)
  const group = groups.get(fingerprint)
  if (group === undefined) {
    const queues = new Set([queue])
    const frame = topFrame(error)
    groups.set(fingerprint, { fingerprint, task, error, frame, count: 1, queues, firstAt: endedAt, lastAt: endedAt, newest: { queue, id } })
    return
  }
  group.count++
  group.queues.add(queue)
  group.firstAt = Math.min(group.firstAt, endedAt)
  if (endedAt <= group.lastAt) return
  Object.assign(group, { lastAt: endedAt, error, newest: { queue, id } })
}
