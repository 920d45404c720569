import { fieldsOf } from './cron.ts'
import { dayWords } from './cron-day-words.ts'
import { list, parseField, stepThrough } from './cron-field.ts'

/** What takes more than this to list is told as it was written. */
const MOST_LISTED = 6

/** When it fires, for people; undefined where words would be longer than the expression, or not the whole truth. */
export function cronWords(cron: string): string | undefined {
  if (cron.startsWith('@')) return cron.slice(1).toLowerCase()
  const fields = fieldsOf(cron)
  if (fields === undefined) return undefined
  const [second, minute, hour, day, month, weekday] = fields
  const [seconds, minutes, hours] = [parseField(second, 0, 59), parseField(minute, 0, 59), parseField(hour, 0, 23)]
  if (seconds === undefined || minutes === undefined || hours === undefined) return undefined
  const time = timeWords(seconds, minutes, hours)
  const days = dayWords(day, month, weekday)
  return time === undefined || days === undefined ? undefined : `${time}${days}`
}

type Values = readonly number[]

function timeWords(seconds: Values, minutes: Values, hours: Values): string | undefined {
  const [second] = seconds
  if (seconds.length > 1) return secondWords(seconds, minutes, hours)
  if (minutes.length * hours.length <= 4 && cycle(hours, 24) === undefined) {
    const times = hours.flatMap((h) => minutes.map((m) => clock(h, m, second === 0 ? undefined : second)))
    return `at ${list(times)}`
  }
  const words = minutes.length === 1 ? hourWords(minutes[0]!, hours) : minuteWords(minutes, hours)
  return words === undefined || second === 0 ? words : `${words}, at second ${second}`
}

/** Once in each of those hours. */
function hourWords(minute: number, hours: Values): string | undefined {
  const at = minute === 0 ? '' : ` at minute ${minute}`
  const step = cycle(hours, 24)
  if (step !== undefined) return `every ${step === 1 ? 'hour' : `${step} hours`}${at}`
  const even = stepThrough(hours)
  if (even !== undefined && hours.length > 4)
    return `every ${even === 1 ? 'hour' : `${even} hours`} from ${clock(hours[0]!, minute)} to ${clock(hours.at(-1)!, minute)}`
  if (hours.length <= MOST_LISTED) return `at ${list(hours.map((hour) => clock(hour, minute)))}`
  const spans = spansOf(hours)
  return spans && `every hour ${list(spans.map(([from, to]) => during(clock(from, minute), clock(to, minute))))}`
}

/** Several times in each of those hours. */
function minuteWords(minutes: Values, hours: Values): string | undefined {
  const step = cycle(minutes, 60)
  if (step === undefined) {
    const which = someOf('minute', minutes)
    if (which === undefined) return undefined
    if (hours.length === 24) return `every hour ${which}`
    const of = hoursIn(hours)
    return of && `${which} of ${of}`
  }
  const often = step === 1 ? 'every minute' : `every ${step} minutes`
  if (hours.length === 24) return often
  const last = minutes.at(-1)!
  const spans = spansOf(hours)
  if (spans !== undefined) return `${often} ${list(spans.map(([from, to]) => `from ${clock(from, 0)} to ${clock(to, last)}`))}`
  const of = hoursIn(hours)
  return of && `${often} of ${of}`
}

function hoursIn(hours: Values): string | undefined {
  const step = cycle(hours, 24)
  if (step !== undefined) return `every ${nth(step)} hour`
  if (hours.length === 1) return `hour ${hours[0]}`
  if (stepThrough(hours) === 1) return `hours ${hours[0]} to ${hours.at(-1)}`
  return hours.length <= MOST_LISTED ? `hours ${list(hours.map(String))}` : undefined
}

/** Several times in each of those minutes. */
function secondWords(seconds: Values, minutes: Values, hours: Values): string | undefined {
  const step = cycle(seconds, 60)
  if (step === undefined) {
    const which = someOf('second', seconds)
    return which !== undefined && minutes.length === 60 && hours.length === 24 ? `every minute ${which}` : undefined
  }
  const often = step === 1 ? 'every second' : `every ${step} seconds`
  const last = seconds.at(-1)
  if (minutes.length === 60) {
    if (hours.length === 24) return often
    const spans = spansOf(hours)
    return spans && `${often} ${list(spans.map(([from, to]) => `from ${clock(from, 0, 0)} to ${clock(to, 59, last)}`))}`
  }
  if (hours.length === 1 && stepThrough(minutes) === 1)
    return `${often} from ${clock(hours[0]!, minutes[0]!, 0)} to ${clock(hours[0]!, minutes.at(-1)!, last)}`
  return hours.length === 24 && minutes.length === 1 ? `${often} of minute ${minutes[0]} of every hour` : undefined
}

function someOf(unit: string, values: Values): string | undefined {
  const [first, last] = [values[0]!, values.at(-1)!]
  const step = stepThrough(values)
  if (values.length > 2 && step === 1) return `at ${unit}s ${first} to ${last}`
  if (values.length <= MOST_LISTED) return `at ${unit}${values.length === 1 ? '' : 's'} ${list(values.map(String))}`
  return step === undefined ? undefined : `at every ${nth(step)} ${unit} from ${first} to ${last}`
}

/** The step, when they go round evenly and begin at 0. */
function cycle(values: Values, size: number): number | undefined {
  const step = size / values.length
  return values[0] === 0 && values.length > 1 && Number.isInteger(step) && values.every((value, i) => value === i * step) ? step : undefined
}

/** From and to of each run of neighbours; undefined when there are many. */
function spansOf(values: Values): [number, number][] | undefined {
  const spans: [number, number][] = []
  for (const value of values) {
    const last = spans.at(-1)
    if (last?.[1] === value - 1) last[1] = value
    else spans.push([value, value])
  }
  return spans.length <= 3 ? spans : undefined
}

function during(from: string, to: string): string {
  return from === to ? `at ${from}` : `from ${from} to ${to}`
}

function clock(hour: number, minute: number, second?: number): string {
  return [hour, minute, ...(second === undefined ? [] : [second])].map((part) => String(part).padStart(2, '0')).join(':')
}

function nth(n: number): string {
  const end = n % 100 > 10 && n % 100 < 14 ? 'th' : (['th', 'st', 'nd', 'rd'][n % 10] ?? 'th')
  return `${n}${end}`
}
