import { list, parseField, stepThrough, valueOf } from './cron-field.ts'

const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday']
const MONTHS = ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November', 'December']
const ORDINALS: Readonly<Record<string, string>> = { 1: 'first', 2: 'second', 3: 'third', 4: 'fourth', 5: 'fifth', L: 'last' }
const MOST_LISTED = 6

/** On which days; empty for every day, undefined when words fail. */
export function dayWords(day: string, month: string, weekday: string): string | undefined {
  const months = parseField(month, 1, 12, MONTHS)
  if (months === undefined) return undefined
  const monthText = months.length === 12 ? undefined : names(months, 1, MONTHS)
  // Not a star is not the same as every day: where both are given, either is enough.
  const [anyDay, anyWeekday] = [isStar(day), isStar(weekday)]
  const both = weekday.startsWith('+')
  const week = weekdayWords(both ? weekday.slice(1) : weekday, monthText)
  if (anyDay || anyWeekday) {
    if (anyDay && !anyWeekday) return week && (week.all ? inMonths(monthText) : ` on ${week.text}`)
    const dates = anyDay ? '' : dateWords(day, months, monthText)
    return dates === undefined ? undefined : dates === '' ? inMonths(monthText) : ` on ${dates}`
  }
  const dates = dateWords(day, months, monthText)
  if (dates === undefined || week === undefined) return undefined
  if (both) {
    if (dates === '') return week.all ? inMonths(monthText) : ` on ${week.text}`
    if (week.all) return ` on ${dates}`
    return week.plain === undefined ? undefined : ` on ${dates}, if that is ${week.plain}`
  }
  if (dates === '' || week.all) return inMonths(monthText)
  return ` on ${dates} or on ${week.text}`
}

function isStar(field: string): boolean {
  return field === '*' || field === '?'
}

function inMonths(months: string | undefined): string {
  return months === undefined ? '' : ` in ${months}`
}

/** `day 1 of the month`; empty when every day is among them. */
function dateWords(field: string, months: readonly number[], monthText: string | undefined): string | undefined {
  const of = `of ${monthText ?? 'the month'}`
  if (/^LW$/i.test(field)) return `the last weekday ${of}`
  const parts = field.split(',')
  const plain = parts.filter((part) => !/[LW]/i.test(part))
  const days = plain.length === 0 ? [] : parseField(plain.join(','), 1, 31)
  if (days === undefined) return undefined
  if (days.length === 31) return ''
  if (parts.length === 1 && days.length === 1 && months.length === 1) return `${days[0]} ${monthText}`
  const said = days.length === 0 ? [] : [numberedDays(days)]
  for (const part of parts) {
    const near = /^(\d+)W$/i.exec(part)?.[1]
    if (near !== undefined) said.push(`the weekday nearest to day ${near}`)
    else if (/^L$/i.test(part)) said.push('the last day')
    else if (/[LW]/i.test(part)) return undefined
  }
  return said.includes(undefined) ? undefined : `${list(said as string[])} ${of}`
}

function numberedDays(days: readonly number[]): string | undefined {
  const [first, last, step] = [days[0], days.at(-1), stepThrough(days)]
  if (days.length > 2 && step === 1) return `days ${first} to ${last}`
  if (days.length <= MOST_LISTED) return `day${days.length === 1 ? '' : 's'} ${list(days.map(String))}`
  if (step === 2 && first === 1 && last === 31) return 'every odd day'
  if (step === 2 && first === 2 && last === 30) return 'every even day'
  return step === undefined ? undefined : `every ${step} days from day ${first} to ${last}`
}

interface WeekdayText {
  all: boolean
  text: string
  /** Without months and counts: what a day may be. */
  plain?: string
}

function weekdayWords(field: string, months: string | undefined): WeekdayText | undefined {
  const special = field.split(',').map((part) => /^(\w+?)(?:#([1-5L])|(L))$/i.exec(part))
  if (special.every((match) => match !== null)) {
    const said = special.map((match) => {
      const day = valueOf(match![1]!, 0, DAYS)
      return day === undefined || day > 7 ? undefined : `${ORDINALS[(match![2] ?? 'L').toUpperCase()]} ${DAYS[day % 7]}`
    })
    if (said.includes(undefined)) return undefined
    return { all: false, text: `the ${list(said as string[])} of ${months ?? 'the month'}` }
  }
  // Sunday is 0 and 7, and the end of a range by its name too.
  const numbered = parseField(field.replace(/-sun/gi, '-7'), 0, 7, DAYS)
  if (numbered === undefined) return undefined
  const days = [...new Set(numbered.map((day) => day % 7))]
  const text = weekdayNames(days)
  return { all: days.length === 7, text: `${text}${inMonths(months)}`, plain: text.replace(/ and (?=\w+$)/, ' or ') }
}

/** Weeks begin on Monday, and a range may go over the end of one. */
function weekdayNames(days: readonly number[]): string {
  const has = new Set(days)
  const first = [1, 2, 3, 4, 5, 6, 0].filter((day) => has.has(day) && !has.has((day + 6) % 7))
  if (first.length === 1 && days.length > 2) return `${DAYS[first[0]!]} to ${DAYS[(first[0]! + days.length - 1) % 7]}`
  return list([1, 2, 3, 4, 5, 6, 0].filter((day) => has.has(day)).map((day) => DAYS[day]!))
}

function names(values: readonly number[], least: number, all: readonly string[]): string {
  const name = (value: number): string => all[value - least]!
  if (values.length > 2 && stepThrough(values) === 1) return `${name(values[0]!)} to ${name(values.at(-1)!)}`
  return list(values.map(name))
}
