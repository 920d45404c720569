import { show } from './duration.ts'
import { RqtsError } from './errors.ts'

// Braces would move a key to another Cluster slot; the rest keeps names readable in logs, URLs and shells.
const NAME = /^[A-Za-z0-9_.:/-]{1,128}$/
const ID = /^[A-Za-z0-9_-]{1,128}$/

export type NameKind = 'queue' | 'task' | 'worker' | 'schedule' | 'prefix' | 'tag'

export function checkName(kind: NameKind, value: unknown): string {
  if (typeof value === 'string' && NAME.test(value)) return value
  throw new RqtsError('RQTS_BAD_NAME', `A ${kind} name must be 1 to 128 characters of A-Z a-z 0-9 _ . : / -; got ${show(value)}`)
}

export function checkJobId(value: unknown): string {
  if (typeof value === 'string' && ID.test(value)) return value
  throw new RqtsError('RQTS_BAD_ID', `A job id must be 1 to 128 characters of A-Z a-z 0-9 _ -; got ${show(value)}`)
}

export function isJobId(value: unknown): value is string {
  return typeof value === 'string' && ID.test(value)
}
