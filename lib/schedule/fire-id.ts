import { createHash } from 'node:crypto'

const MAX_NAME = 100

/**
 * The id of the job that a schedule's run becomes: its name, then its time in epoch ms, `nightly-1767229200000`. The same run has the same id
 * whoever fires it, so it cannot become two jobs. Ids allow fewer characters than names: where that changes or shortens the
 * name, a digest keeps two names apart.
 */
export function fireId(name: string, at: number): string {
  return `${idName(name)}-${at}`
}

/** For a run by hand, which has no time of its own: two in one millisecond are two. */
export function manualId(name: string, at: number, token: string): string {
  return `${fireId(name, at)}-${token.replace(/[^A-Za-z0-9]/g, '').slice(0, 6)}`
}

function idName(name: string): string {
  const plain = name.replace(/[^A-Za-z0-9_-]/g, '_')
  return plain === name && name.length <= MAX_NAME ? name : `${plain.slice(0, 80)}-${digest(name)}`
}

/** Drawn from the run itself, so that whoever fires it comes to the same delay. */
export function jitterOf(name: string, at: number, jitterMs: number): number {
  return createHash('sha256').update(`${name} ${at}`).digest().readUInt32BE(0) % (jitterMs + 1)
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12)
}
