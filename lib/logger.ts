import { clock } from './clock.ts'
import { isSecretName, redactUrl } from './redact.ts'

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

/** What the library logs to. A pino logger fits as it is. */
export interface Logger {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

export interface LoggerOptions {
  /** Default `'pretty'`. */
  format?: 'pretty' | 'json'
  /** The least important level that is written. Default `'info'`. */
  level?: LogLevel | 'silent'
  /** Default stderr: stdout belongs to the program's output. */
  stream?: { write(text: string): unknown; isTTY?: boolean }
  /** Default: when the stream is a terminal and NO_COLOR is not set. */
  color?: boolean
}

const LEVELS: readonly LogLevel[] = ['debug', 'info', 'warn', 'error']
const COLORS: Record<LogLevel, number> = { debug: 90, info: 36, warn: 33, error: 31 }

export const silentLogger: Logger = { debug: ignore, info: ignore, warn: ignore, error: ignore }

export function createLogger(options: LoggerOptions = {}): Logger {
  const { format = 'pretty', level = 'info', stream = process.stderr } = options
  const color = options.color ?? (stream.isTTY === true && !process.env['NO_COLOR'])
  const least = level === 'silent' ? LEVELS.length : LEVELS.indexOf(level)
  const writer = (of: LogLevel) => (fields: object, message: string) => {
    stream.write(`${format === 'json' ? jsonLine(of, fields, message) : prettyLine(of, fields, message, color)}\n`)
  }
  const logger: Logger = { ...silentLogger }
  for (const of of LEVELS.slice(least)) logger[of] = writer(of)
  return logger
}

function ignore(): void {}

function jsonLine(level: LogLevel, fields: object, message: string): string {
  const line: Record<string, unknown> = { time: new Date(clock.now()).toISOString(), level, msg: safeText(message) }
  for (const [name, value] of Object.entries(fields)) {
    if (value !== undefined && !(name in line)) line[name] = safeValue(name, value, 0)
  }
  return JSON.stringify(line)
}

function prettyLine(level: LogLevel, fields: object, message: string, color: boolean): string {
  const paint = (code: number, text: string): string => (color ? `\u001b[${code}m${text}\u001b[0m` : text)
  const time = new Date(clock.now()).toTimeString().slice(0, 8)
  const parts = [paint(90, time)]
  if (level !== 'info') parts.push(paint(COLORS[level], level.toUpperCase()))
  parts.push(level === 'info' ? oneLine(message) : paint(COLORS[level], oneLine(message)))
  let stack = ''
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined) continue
    const safe = safeValue(name, value, 0)
    // Read from what safeValue read: an error's properties may throw, and a log line must not.
    const error = value instanceof Error && isRecord(safe) ? safe : undefined
    // What a network does is not to be found in the code.
    if (error !== undefined && error['code'] !== 'RQTS_REDIS_UNAVAILABLE') stack += stackLines(error['stack'])
    parts.push(`${paint(90, `${oneLine(name)}=`)}${error === undefined ? shown(safe) : quoted(`${error['name']}: ${error['message']}`)}`)
  }
  return parts.join(' ') + stack
}

function oneLine(text: string): string {
  return safeText(text).replace(/\s+/g, ' ')
}

function shown(value: unknown): string {
  return typeof value === 'string' ? quoted(value) : JSON.stringify(value)
}

function quoted(text: string): string {
  return /^[^\s"=]+$/.test(text) ? text : JSON.stringify(text)
}

function stackLines(stack: unknown): string {
  const lines = String(stack)
    .split('\n')
    .filter((line) => line.startsWith('    at '))
  return lines.map((line) => `\n  ${line.trimStart()}`).join('')
}

function isRecord(value: unknown): value is Record<string, string> {
  return typeof value === 'object' && value !== null
}

const MAX_TEXT = 8_192
const MAX_NESTING = 4

// Whole ANSI sequences, then every other control character and the marks that reverse the direction of text: what
// comes from data must not move the cursor, forge a line or hide what stands in it.
// oxlint-disable-next-line no-control-regex
const ANSI = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)|[@-Z\\-_])/g
// oxlint-disable-next-line no-control-regex
const INVISIBLE = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g

/** Text from data, safe for a terminal and without passwords in URLs. Line breaks stay: JSON and quotes escape them. */
export function safeText(text: string): string {
  if (text.length > MAX_TEXT) {
    // Cut after the passwords are out: half a URL is not recognised as one.
    return `${safeText(redactUrl(text.slice(0, MAX_TEXT + 1_024)).slice(0, MAX_TEXT))}…`
  }
  return redactUrl(text).replace(ANSI, '').replace(INVISIBLE, '')
}

function safeValue(name: string, value: unknown, depth: number): unknown {
  if (isSecretName(name)) return '***'
  if (typeof value === 'string') return safeText(value)
  if (typeof value === 'bigint' || typeof value === 'symbol' || typeof value === 'function') return safeText(String(value).slice(0, 200))
  if (typeof value !== 'object' || value === null) return value
  if (depth >= MAX_NESTING) return '…'
  try {
    return safeObject(value, depth + 1)
  } catch {
    return 'unreadable'
  }
}

function safeObject(value: object, depth: number): unknown {
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'an invalid Date' : value.toISOString()
  if (Array.isArray(value)) return value.slice(0, 100).map((entry) => safeValue('', entry, depth))
  const shownFields =
    value instanceof Error ? { ...value, name: value.name, message: value.message, stack: value.stack, cause: value.cause } : value
  const entries = Object.entries(shownFields).slice(0, 100)
  return Object.fromEntries(
    entries.filter(([, entry]) => entry !== undefined).map(([name, entry]) => [safeText(name), safeValue(name, entry, depth)]),
  )
}
