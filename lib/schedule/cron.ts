import { Cron } from 'croner'
import { show } from '../duration.ts'
import { RqtsError } from '../errors.ts'

const MAX_LENGTH = 256
const NICKNAME = /^@(yearly|annually|monthly|weekly|daily|midnight|hourly)$/i
/** Longer numbers are a mistake or an attack, and are not handed on. */
const TOO_LONG = /\d{4,}/
const MONTH_NAMES = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC']
const DAYS_IN_MONTH = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

// Making one costs as much as using it many times, and a scheduler asks the same few again and again.
const made = new Map<string, Cron>()
const MAX_MADE = 1_000

/** Five fields, or six with seconds first; names, lists, ranges, steps, `L`, `#`, `W` and @daily. Throws when it could never fire. */
export function checkCron(text: unknown): string {
  if (typeof text !== 'string' || text.length > MAX_LENGTH) throw refused(text, `it must be a text of at most ${MAX_LENGTH} characters`)
  const cron = text.trim().replace(/\s+/g, ' ')
  const fields = fieldsOf(cron)
  if (fields === undefined) {
    if (!NICKNAME.test(cron)) throw refused(text, 'it needs five fields (minute hour day month weekday), or six with seconds first')
  } else if (TOO_LONG.test(cron)) {
    throw refused(text, 'no field reaches that far')
  } else if (neverOnThatDay(fields)) {
    throw refused(text, 'there is no such day in those months, so it would never fire')
  }
  let found: Date | null
  try {
    // Whether it ever fires is the same everywhere, and other zones are slow the first time.
    found = cronOf(cron, 'UTC').nextRun(new Date(0))
  } catch (error) {
    throw refused(text, error instanceof Error ? error.message.replace(/^Cron\w+: /, '') : String(error))
  }
  if (found === null) throw refused(text, 'it would never fire')
  return cron
}

/** The first run strictly after a moment, in epoch ms. */
export function nextCron(cron: string, tz: string, after: number): number | null {
  return cronOf(cron, tz).nextRun(new Date(after))?.getTime() ?? null
}

function cronOf(cron: string, tz: string): Cron {
  const key = `${tz} ${cron}`
  let found = made.get(key)
  if (found === undefined) {
    // A list or range of fixed times behaves like each of them alone: in the hour that comes twice it fires once.
    found = new Cron(cron, { timezone: tz, mode: '5-or-6-parts', fixedTimeRule: 'no-wildcard', paused: true })
    if (made.size >= MAX_MADE) made.clear()
    made.set(key, found)
  }
  return found
}

/** Second first, also where it is not written; undefined when it is not made of fields. */
export function fieldsOf(
  cron: string,
): [second: string, minute: string, hour: string, day: string, month: string, weekday: string] | undefined {
  const fields = cron.split(' ')
  if (fields.length === 5) fields.unshift('0')
  return fields.length === 6 ? (fields as [string, string, string, string, string, string]) : undefined
}

export interface CronWarning {
  what: 'every-minute' | 'every-second'
  text: string
}

/** `* 8 * * 1` says minute by minute from 8:00 to 8:59, and hardly ever means it. */
export function cronWarnings(cron: string): CronWarning[] {
  const fields = fieldsOf(cron)
  if (fields === undefined) return []
  const [second, minute, hour] = fields
  const warnings: CronWarning[] = []
  if (isAny(minute) && !/[*?]/.test(hour)) {
    const text = `'${cron}' fires in every minute of the hour, 60 times: write 0 as the minute for once`
    warnings.push({ what: 'every-minute', text })
  }
  if (isAny(second) && !isAny(minute) && !/^[*?]\//.test(minute)) {
    const text = `'${cron}' fires in every second of the minute, 60 times: write 0 as the second for once`
    warnings.push({ what: 'every-second', text })
  }
  return warnings
}

function isAny(field: string): boolean {
  return field === '*' || field === '?' || field === '*/1'
}

/** 31 February and the like. Croner would find out too, but only after looking at eight thousand years. */
function neverOnThatDay([, , , day, month, weekday]: string[]): boolean {
  if (!isAny(weekday!) && !weekday!.startsWith('+')) return false
  const firstDay = Math.min(...day!.split(',').map(smallestDay))
  const longest = Math.max(
    ...month!
      .split(',')
      .flatMap(monthsOf)
      .map((one) => DAYS_IN_MONTH[one - 1] ?? 31),
  )
  return firstDay > longest
}

function smallestDay(part: string): number {
  const digits = /^\d+/.exec(part)?.[0]
  return digits === undefined ? 1 : Number(digits)
}

function monthsOf(part: string): number[] {
  const [range = '', step] = part.split('/')
  const [from, to] = range.split('-')
  const first = isAny(from!) ? 1 : monthNumber(from!)
  const last = isAny(from!) || (to === undefined && step !== undefined) ? 12 : to === undefined ? first : monthNumber(to)
  const by = Math.max(1, Number(step ?? 1)) || 1
  const months: number[] = []
  for (let month = first; month <= Math.min(last, 12); month += by) months.push(month)
  // What makes no sense is for croner to say.
  return months.length === 0 ? [1] : months
}

function monthNumber(text: string): number {
  const named = MONTH_NAMES.indexOf(text.toUpperCase()) + 1
  return named > 0 ? named : Number(text) || 1
}

function refused(text: unknown, why: string): RqtsError {
  return new RqtsError('RQTS_BAD_OPTION', `The cron expression ${show(text)} is refused: ${why}`)
}
