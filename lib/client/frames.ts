import { createHash } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import type { StoredError } from '../payload/stored-error.ts'

export interface Frame {
  text: string
  /** Code of the user rather than of a package, Node or this library. */
  own: boolean
  /** `tasks.ts:12`; null when the line names none. */
  place: string | null
}

const MAX_FRAMES = 50
/** Of this copy of the library; a worker elsewhere has its own below node_modules. */
const OWN = new URL('../', import.meta.url)
const OWN_PATH = fileURLToPath(OWN)

/** The lines of a stack. No pattern here can take long, whatever a job has thrown. */
export function framesOf(stack: string | undefined): Frame[] {
  const lines = (stack ?? '').split('\n').filter((line) => /^\s{1,20}at /.test(line))
  return lines.slice(0, MAX_FRAMES).map((line) => {
    const text = line.trim().slice(0, 500)
    const foreign = ['node:', '/node_modules/', OWN.href, OWN_PATH].some((part) => text.includes(part))
    const [, file, at] = /([^/\\()\s]{1,200}):(\d{1,9}):\d{1,9}\)?$/.exec(text) ?? []
    return { text, own: !foreign && file !== undefined, place: file === undefined ? null : `${file.replace(/\?.*$/, '')}:${at}` }
  })
}

/** Where the user's code threw. */
export function topFrame(error: StoredError): string | null {
  return framesOf(error.stack).find(({ own }) => own)?.place ?? null
}

/** Equal for errors that are the same mistake: task, class, and the place; without a place, the message with its numbers left out. */
export function fingerprintOf(task: string, error: StoredError): string {
  const where = topFrame(error) ?? error.message.slice(0, 200).replace(/\d+/g, '#')
  return createHash('sha256').update(`${task}\n${error.name}\n${where}`).digest('base64url').slice(0, 16)
}
