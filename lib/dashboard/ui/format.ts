import { t } from './i18n/index.ts'
import { language } from './settings.ts'

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** A formatter takes a good part of a millisecond to make, and a page of numbers needs a hundred of them: a third of the time to the first data. */
function kept<Format>(make: (language: string) => Format): () => Format {
  const made = new Map<string, Format>()
  return () => {
    const wanted = language.get()
    const format = made.get(wanted) ?? make(wanted)
    made.set(wanted, format)
    return format
  }
}

const numbers = kept((spoken) => new Intl.NumberFormat(spoken))
const shortNumbers = kept(() => new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 }))
const moments = kept((spoken) => new Intl.DateTimeFormat(spoken, { dateStyle: 'medium', timeStyle: 'medium' }))
const CLOCK = { hour: '2-digit', minute: '2-digit', hour12: false } as const
const clocks = kept((spoken) => new Intl.DateTimeFormat(spoken, CLOCK))
const datedClocks = kept((spoken) => new Intl.DateTimeFormat(spoken, { ...CLOCK, month: 'short', day: 'numeric' }))

export function count(n: number): string {
  return numbers().format(n)
}

/** At most five signs, for tiles and axes: 1.2M. */
export function shortCount(n: number): string {
  if (n < 10_000) return count(n < 100 ? Math.round(n * 10) / 10 : Math.round(n))
  return shortNumbers().format(n)
}

export function duration(ms: number | null | undefined): string {
  if (ms === null || ms === undefined) return '–'
  if (ms < 0) return t.time.endless
  if (ms < 1) return '<1 ms'
  if (ms < SECOND) return `${Math.round(ms)} ms`
  if (ms < 10 * SECOND) return `${trim(ms / SECOND, 1)} s`
  if (ms < MINUTE) return `${Math.floor(ms / SECOND)} s`
  const [big, small, bigUnit, smallUnit] =
    ms < HOUR ? [MINUTE, SECOND, 'm', 's'] : ms < DAY ? [HOUR, MINUTE, 'h', 'm'] : [DAY, HOUR, 'd', 'h']
  const rest = Math.floor((ms % big) / small)
  return `${Math.floor(ms / big)}${bigUnit}${rest === 0 ? '' : ` ${rest}${smallUnit}`}`
}

function trim(value: number, digits: number): string {
  return value.toFixed(digits).replace(/\.?0+$/, '')
}

/** "3 m ago", "in 2 h". */
export function ago(iso: string | null, now: number = Date.now()): string {
  if (iso === null) return '–'
  const distance = now - Date.parse(iso)
  if (Math.abs(distance) < SECOND) return t.time.now
  return distance > 0 ? t.time.ago(coarse(distance)) : t.time.in(coarse(-distance))
}

/** One unit is enough for a glance; the title has the moment. */
function coarse(ms: number): string {
  const { units } = t.time
  if (ms < MINUTE) return `${Math.floor(ms / SECOND)} ${units.second}`
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)} ${units.minute}`
  if (ms < 2 * DAY) return `${Math.floor(ms / HOUR)} ${units.hour}`
  return `${Math.floor(ms / DAY)} ${units.day}`
}

export function moment(iso: string | null): string {
  if (iso === null) return '–'
  return moments().format(new Date(iso))
}

export function clockTime(iso: string, withDate = false): string {
  return (withDate ? datedClocks() : clocks()).format(new Date(iso))
}

const BYTE_UNITS = ['B', 'kB', 'MB', 'GB', 'TB']

export function bytes(n: number | null): string {
  if (n === null) return '–'
  const step = n < 1 ? 0 : Math.min(BYTE_UNITS.length - 1, Math.floor(Math.log2(n) / 10))
  const value = n / 1024 ** step
  return `${value < 10 && step > 0 ? trim(value, 1) : Math.round(value)} ${BYTE_UNITS[step]}`
}

/** The ends tell ids apart, the middle does not. */
export function shortId(id: string): string {
  return id.length <= 16 ? id : `${id.slice(0, 8)}…${id.slice(-5)}`
}
