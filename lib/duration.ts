import ms from 'ms'
import { RqtsError } from './errors.ts'

/** Milliseconds, or a string for `ms`: `'10s'`, `'3m'`, `'2d'`. */
export type Duration = number | string

/** Ten years: beyond it a typo is likelier than an intention, and scores stay exact integers. */
const MAX_DURATION_MS = 10 * 365.25 * 86_400_000

export interface DurationRules {
  /** Smallest accepted value in milliseconds. Default 0. */
  min?: number
  /** Accept `Infinity` and `-1` for "without end", returned as -1. */
  unlimited?: boolean
}

/** `what` names the option in the error text. */
export function parseDuration(value: Duration, what: string, rules: DurationRules = {}): number {
  const parsed = typeof value === 'string' ? parseText(value) : value
  if (rules.unlimited && (parsed === Number.POSITIVE_INFINITY || parsed === -1)) return -1
  const min = rules.min ?? 0
  if (typeof parsed === 'number' && parsed >= min && parsed <= MAX_DURATION_MS) return Math.round(parsed)
  const range = rules.unlimited ? `of at least ${min} ms, or Infinity` : `from ${min} ms to 10 years`
  throw new RqtsError(
    'RQTS_BAD_DURATION',
    `${what} must be a duration ${range}: a number of milliseconds or text like '10s', '3m', '2d'; got ${show(value)}`,
  )
}

function parseText(text: string): number {
  if (text.length === 0 || text.length > 100) return Number.NaN
  if (text === 'Infinity') return Number.POSITIVE_INFINITY
  return ms(text as ms.StringValue) ?? Number.NaN
}

/** A `Date` or epoch milliseconds. */
export function parseDate(value: Date | number, what: string): number {
  const time = value instanceof Date ? value.getTime() : value
  if (typeof time === 'number' && Number.isFinite(time) && time >= 0 && time <= 8.64e15) return Math.round(time)
  throw new RqtsError('RQTS_BAD_DATE', `${what} must be a valid Date or epoch milliseconds; got ${show(value)}`)
}

export function show(value: unknown): string {
  if (typeof value === 'string') return `'${value.slice(0, 60)}'`
  if (value === null || typeof value === 'number' || typeof value === 'boolean' || value === undefined) return String(value)
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'an invalid Date' : value.toISOString()
  if (typeof value !== 'object') return `a ${typeof value}`
  return Array.isArray(value) ? 'an array' : value instanceof Promise ? 'a Promise' : 'an object'
}
