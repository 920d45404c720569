import { fieldsOf } from './cron.ts'
import type { ScheduleSpec } from './spec.ts'

const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday']
const MONTHS = ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November', 'December']
const UNITS = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1_000],
  ['millisecond', 1],
] as const
const SUN: Readonly<Record<string, string>> = {
  noon: 'solar noon',
  midnight: 'solar midnight',
  nadir: 'solar midnight',
  night: 'nightfall',
  nightEnd: 'the end of the night',
}

/** When a schedule fires, for people. Common forms of cron in words, the others as they are. */
export function inWords({ trigger, tz }: ScheduleSpec): string {
  switch (trigger.kind) {
    case 'every':
      return `every ${intervalText(trigger.ms)}`
    case 'cron':
      return `${cronWords(trigger.cron)}${tz === 'UTC' ? '' : ` (${tz})`}`
    case 'sun':
      return `at ${SUN[trigger.event] ?? split(trigger.event)} at ${trigger.lat}, ${trigger.lng}`
    case 'at':
      return `once, at ${new Date(trigger.at).toISOString()}`
    case 'custom':
      return 'as its function says'
  }
}

/** As it was written. */
export function expressionOf({ trigger }: ScheduleSpec): string {
  switch (trigger.kind) {
    case 'every':
      return intervalText(trigger.ms)
    case 'cron':
      return trigger.cron
    case 'sun':
      return `${trigger.event} ${trigger.lat} ${trigger.lng}`
    case 'at':
      return new Date(trigger.at).toISOString()
    case 'custom':
      return 'next()'
  }
}

/** `5 minutes`, `hour`: the largest unit that leaves no rest. */
function intervalText(ms: number): string {
  const [unit, size] = UNITS.find(([, length]) => ms % length === 0) ?? (['millisecond', 1] as const)
  return ms === size ? unit : `${ms / size} ${unit}s`
}

function split(event: string): string {
  return event.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
}

function cronWords(cron: string): string {
  if (cron.startsWith('@')) return cron.slice(1).toLowerCase()
  const fields = fieldsOf(cron)
  if (fields === undefined) return cron
  const [second, minute, hour, day, month, weekday] = fields
  const time = timeWords(second, minute, hour)
  const days = dayWords(day, month, weekday)
  return time === undefined || days === undefined ? cron : `${time}${days}`
}

function timeWords(second: string, minute: string, hour: string): string | undefined {
  if (second !== '0') return second === '*' && minute === '*' && hour === '*' ? 'every second' : stepWords(second, minute, hour)
  if (hour === '*') {
    if (minute === '*') return 'every minute'
    const step = stepOf(minute)
    if (step !== undefined && 60 % step === 0) return `every ${step} minutes`
    return isNumber(minute) ? (minute === '0' ? 'every hour' : `every hour at minute ${minute}`) : undefined
  }
  const hours = stepOf(hour)
  if (hours !== undefined && 24 % hours === 0 && isNumber(minute))
    return `every ${hours} hours${Number(minute) === 0 ? '' : ` at minute ${minute}`}`
  if (!isNumber(minute) || !/^\d+(,\d+)*$/.test(hour)) return undefined
  return `at ${list(hour.split(',').map((one) => `${two(one)}:${two(minute)}`))}`
}

function stepWords(second: string, minute: string, hour: string): string | undefined {
  const step = stepOf(second)
  return step !== undefined && 60 % step === 0 && minute === '*' && hour === '*' ? `every ${step} seconds` : undefined
}

function dayWords(day: string, month: string, weekday: string): string | undefined {
  const anyDay = day === '*' || day === '?'
  const anyWeekday = weekday === '*' || weekday === '?'
  if (month !== '*' && !(isNumber(month) && isNumber(day) && anyWeekday)) return undefined
  if (anyDay && anyWeekday) return ''
  if (anyDay) {
    const names = weekdays(weekday)
    return names === undefined ? undefined : ` on ${names}`
  }
  if (!anyWeekday) return undefined
  if (day === 'L' && month === '*') return ' on the last day of the month'
  if (!isNumber(day)) return undefined
  return month === '*' ? ` on day ${day} of the month` : ` on ${day} ${MONTHS[Number(month) - 1] ?? month}`
}

function weekdays(field: string): string | undefined {
  const range = /^(\w+)-(\w+)$/.exec(field)
  if (range) {
    const [from, to] = [weekday(range[1]!), weekday(range[2]!)]
    return from === undefined || to === undefined ? undefined : `${from} to ${to}`
  }
  const names = field.split(',').map(weekday)
  return names.includes(undefined) ? undefined : list(names as string[])
}

function weekday(text: string): string | undefined {
  if (/^[0-7]$/.test(text)) return DAYS[Number(text) % 7]
  return text.length === 3 ? DAYS.find((day) => day.toUpperCase().startsWith(text.toUpperCase())) : undefined
}

function stepOf(field: string): number | undefined {
  const step = /^\*\/(\d+)$/.exec(field)?.[1]
  return step === undefined || step === '1' ? undefined : Number(step)
}

function isNumber(text: string): boolean {
  return /^\d+$/.test(text)
}

function two(text: string): string {
  return text.padStart(2, '0')
}

function list(items: readonly string[]): string {
  return items.length < 2 ? items.join('') : `${items.slice(0, -1).join(', ')} and ${items.at(-1)}`
}
