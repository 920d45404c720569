import { RqtsError } from '../errors.ts'

/** A place inside a value, as a list from the inside out: it costs nothing until an error needs it. */
export interface Step {
  up: Step | undefined
  /** An index, a property name (as `{ name }`), or ready text for what has no syntax of its own. */
  key: number | string | { name: string }
}

const MAX_STEPS = 20
const IDENTIFIER = /^[A-Za-z_$][\w$]{0,59}$/

/** `args[1].user.callback`; the middle of a very long path is left out. */
export function pathText(what: string, step: Step | undefined): string {
  const parts: string[] = []
  for (let at = step; at !== undefined; at = at.up) parts.unshift(stepText(at.key))
  if (parts.length > MAX_STEPS) parts.splice(MAX_STEPS / 2, parts.length - MAX_STEPS, '[…]')
  return what + parts.join('')
}

function stepText(key: Step['key']): string {
  if (typeof key === 'number') return `[${key}]`
  if (typeof key === 'string') return key
  return IDENTIFIER.test(key.name) ? `.${key.name}` : `[${JSON.stringify(key.name.slice(0, 60))}]`
}

export function tooLarge(what: string, bytes: number, limitBytes: number, qualifier = ''): RqtsError {
  return new RqtsError(
    'RQTS_PAYLOAD_TOO_LARGE',
    `The ${what} would take ${qualifier}${bytes} bytes as JSON and the limit is ${limitBytes}, because Redis keeps every job in memory: ` +
      'store the data elsewhere (a file, object storage, a database) and pass a reference to it',
  )
}

/** The text itself stays out of the message: it may be anybody's data. */
export function corrupt(text: string, reason: string): RqtsError {
  return new RqtsError('RQTS_CORRUPT', `A stored value of ${text.length} characters cannot be read: ${reason}`)
}
