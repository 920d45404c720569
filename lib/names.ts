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

/** Whether a name fits a pattern in which `*` stands for any run of characters, none included. */
export function matcher(pattern: string): (name: string) => boolean {
  if (!pattern.includes('*')) return (name) => name === pattern
  const parts = pattern.split('*')
  const [head, last] = [parts[0]!, parts.at(-1)!]
  // No regular expression: a pattern with many stars must not take for ever on a name that nearly fits.
  return (name) => {
    if (name.length < head.length + last.length || !name.startsWith(head) || !name.endsWith(last)) return false
    let at = head.length
    for (const part of parts.slice(1, -1)) {
      const found = name.indexOf(part, at)
      if (found === -1) return false
      at = found + part.length
    }
    return at <= name.length - last.length
  }
}
