import { inspect } from 'node:util'

/** An error as Redis keeps it: what people need to see, never a class to be rebuilt. */
export interface StoredError {
  name: string
  message: string
  stack?: string
  code?: string | number
  cause?: StoredError
}

export const DEFAULT_ERROR_LIMIT = 8_192

interface Cut {
  message: number
  stack: number
  causes: number
}

// From generous to bare; the first whose text fits is stored. Escapes can make a text six times longer.
const CUTS: readonly Cut[] = [
  { message: 4_096, stack: 3_000, causes: 3 },
  { message: 4_096, stack: 1_500, causes: 1 },
  { message: 1_500, stack: 800, causes: 1 },
  { message: 600, stack: 300, causes: 0 },
  { message: 80, stack: 0, causes: 0 },
]
const NAME_LENGTH = 128
const HEADER_LENGTH = 300

/** JSON text of anything that can be thrown, within `limitBytes`. Never throws itself. */
export function encodeError(error: unknown, limitBytes: number = DEFAULT_ERROR_LIMIT): string {
  for (const cut of CUTS) {
    const text = JSON.stringify(describe(error, cut, cut.causes))
    if (text.length <= limitBytes && Buffer.byteLength(text) <= limitBytes) return text
  }
  return JSON.stringify({ name: 'Error', message: shorten(read(error, 'message', ''), Math.max(0, Math.floor(limitBytes / 8) - 10)) })
}

/** An error with the stored fields: of the language's own classes as such, of any other as an `Error` of that name. Its stack is the one of where it was thrown. */
export function decodeError(text: string): Error {
  return rebuild(parseStoredError(text))
}

/** Takes any text: a queue must not stand still because of what somebody wrote into an error field. */
export function parseStoredError(text: string): StoredError {
  try {
    return tolerate(JSON.parse(text), 3)
  } catch {
    return { name: 'Error', message: shorten(text, CUTS[0]!.message) }
  }
}

function describe(error: unknown, cut: Cut, causes: number): StoredError {
  if (!isErrorLike(error)) return { name: 'Error', message: shorten(describeThrown(error), cut.message) }
  const message = read(error, 'message', '')
  const name = shorten(read(error, 'name', 'Error'), NAME_LENGTH)
  const stored: StoredError = { name, message: shorten(message === '' ? ofMany(error) : message, cut.message) }
  const stack = cut.stack === 0 ? '' : shortenStack(read(error, 'stack', ''), stored, cut.stack)
  if (stack !== '') stored.stack = stack
  const code = property(error, 'code')
  if (typeof code === 'string') stored.code = shorten(code, NAME_LENGTH)
  else if (typeof code === 'number' && Number.isFinite(code)) stored.code = code
  const cause = causes > 0 ? property(error, 'cause') : undefined
  if (cause !== undefined && cause !== null) stored.cause = describe(cause, cut, causes - 1)
  return stored
}

function isErrorLike(error: unknown): error is object {
  if (typeof error !== 'object' || error === null) return false
  return typeof property(error, 'message') === 'string'
}

function describeThrown(thrown: unknown): string {
  if (typeof thrown === 'string') return thrown
  if (thrown === null || thrown === undefined) return `${thrown} was thrown instead of an error`
  try {
    return `thrown instead of an error: ${inspect(thrown, { depth: 1, customInspect: false, maxStringLength: 500, maxArrayLength: 20 })}`
  } catch {
    return `a ${typeof thrown} was thrown instead of an error`
  }
}

/** Node's own AggregateErrors (a refused connection to two addresses) have no message of their own. */
function ofMany(error: object): string {
  const errors = property(error, 'errors')
  if (!Array.isArray(errors)) return ''
  return errors
    .slice(0, 5)
    .map((one) => read(one, 'message', ''))
    .join('; ')
}

function shortenStack(stack: string, stored: StoredError, limit: number): string {
  const frames = stack.indexOf('\n    at ')
  // A long message stands at the head of the stack once more; the frames are what the stack is for.
  const text = frames > HEADER_LENGTH ? `${stored.name}: ${shorten(stored.message, HEADER_LENGTH)}${stack.slice(frames)}` : stack
  if (text.length <= limit) return text
  const end = text.lastIndexOf('\n', limit)
  return `${text.slice(0, end > 0 ? end : limit)}\n    …`
}

function read(owner: unknown, key: string, fallback: string): string {
  const value = property(owner, key)
  return typeof value === 'string' ? value : fallback
}

function property(owner: unknown, key: string): unknown {
  try {
    return (owner as Record<string, unknown>)[key]
  } catch {
    return undefined
  }
}

function shorten(text: string, limit: number): string {
  return text.length <= limit ? text : `${text.slice(0, limit)}…`
}

function tolerate(value: unknown, causes: number): StoredError {
  if (typeof value !== 'object' || value === null) return { name: 'Error', message: shorten(String(value), CUTS[0]!.message) }
  const { stack, code, cause } = value as Record<string, unknown>
  const stored: StoredError = { name: read(value, 'name', 'Error'), message: read(value, 'message', 'The stored error has no message') }
  if (typeof stack === 'string') stored.stack = stack
  if (typeof code === 'string' || typeof code === 'number') stored.code = code
  if (typeof cause === 'object' && cause !== null && causes > 0) stored.cause = tolerate(cause, causes - 1)
  return stored
}

const NATIVE: ReadonlyMap<string, ErrorConstructor> = new Map(
  [TypeError, RangeError, SyntaxError, ReferenceError, URIError, EvalError].map((native) => [native.name, native]),
)

function rebuild(stored: StoredError): Error {
  const ErrorClass = NATIVE.get(stored.name) ?? Error
  const error =
    stored.cause === undefined ? new ErrorClass(stored.message) : new ErrorClass(stored.message, { cause: rebuild(stored.cause) })
  if (ErrorClass === Error) error.name = stored.name
  error.stack = stored.stack ?? `${stored.name}: ${stored.message}`
  return stored.code === undefined ? error : Object.assign(error, { code: stored.code })
}
