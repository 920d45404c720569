import { matcher } from '../names.ts'
import { parseStoredError } from '../payload/stored-error.ts'
import { fingerprintOf } from './frames.ts'
import type { JobQuery } from './search-query.ts'
import type { Describe, FoundRow } from './search-rows.ts'

/** Whether jobs must be looked at one by one. */
export function isPicky({ state, task, id, worker, tag, workflow, fingerprint, error, sinceMs, untilMs, words }: JobQuery): boolean {
  const asked = [task, id, worker, tag, workflow, fingerprint, error, sinceMs, untilMs].some((value) => value !== undefined)
  return asked || words.length > 0 || state === 'stopped' || state === 'expired'
}

export function briefFields(query: JobQuery): string[] {
  const fields = ['status', 'task', 'expires_at']
  if (query.error !== undefined || query.fingerprint !== undefined) fields.push('error', 'reason')
  if (query.words.length > 0) fields.push('args', 'description')
  if (query.tag !== undefined) fields.push('tags')
  if (query.worker !== undefined) fields.push('worker')
  if (query.workflow !== undefined) fields.push('workflow')
  if (query.sinceMs !== undefined || query.untilMs !== undefined) fields.push('enqueued_at', 'created_at', 'ended_at', 'run_at')
  return fields
}

export function matcherOf(query: JobQuery, now: number, describe: Describe): (row: FoundRow) => boolean {
  const tests: ((row: FoundRow) => boolean)[] = []
  const { state, sinceMs, untilMs, error, fingerprint } = query
  if (state === 'stopped' || state === 'expired') tests.push((row) => row.status === state)
  for (const name of ['task', 'id', 'worker'] as const) {
    const fits = query[name] === undefined ? undefined : matcher(query[name])
    if (fits) tests.push((row) => fits(row[name] ?? ''))
  }
  if (query.tag !== undefined) tests.push((row) => row.tags.includes(query.tag!))
  if (query.workflow !== undefined) tests.push((row) => row.workflow === query.workflow)
  const timeOf = (row: FoundRow): number => row.endedAt ?? row.enqueuedAt ?? row.createdAt ?? row.runAt ?? 0
  if (sinceMs !== undefined) tests.push((row) => timeOf(row) >= now - sinceMs)
  if (untilMs !== undefined) tests.push((row) => timeOf(row) <= now - untilMs)
  if (error !== undefined) {
    const part = error.toLowerCase()
    tests.push((row) => {
      if (row.error === undefined) return row.reason?.toLowerCase().includes(part) === true
      const { name, message } = parseStoredError(row.error)
      return `${name}: ${message}`.toLowerCase().includes(part)
    })
  }
  if (fingerprint !== undefined)
    tests.push((row) => row.error !== undefined && fingerprintOf(row.task, parseStoredError(row.error)) === fingerprint)
  for (const word of query.words) {
    tests.push((row) => `${row.id} ${row.task} ${describe(row)}`.toLowerCase().includes(word))
  }
  return (row) => tests.every((test) => test(row))
}
