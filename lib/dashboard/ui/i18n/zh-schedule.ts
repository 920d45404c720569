import type { ScheduleView } from '../../contract.ts'

const UNITS: Readonly<Record<string, string>> = { day: '天', hour: '小时', minute: '分钟', second: '秒', millisecond: '毫秒' }
const NICKNAMES: Readonly<Record<string, string>> = {
  '@hourly': '每小时',
  '@daily': '每天 00:00',
  '@midnight': '每天 00:00',
  '@weekly': '每周日 00:00',
  '@monthly': '每月 1 日 00:00',
  '@yearly': '每年 1 月 1 日 00:00',
  '@annually': '每年 1 月 1 日 00:00',
}
const SUN: Readonly<Record<string, string>> = {
  sunrise: '日出',
  sunriseEnd: '日出结束',
  goldenHourEnd: '早晨黄金时刻结束',
  noon: '正午',
  solarNoon: '正午',
  goldenHour: '傍晚黄金时刻',
  sunsetStart: '日落开始',
  sunset: '日落',
  dusk: '黄昏',
  nauticalDusk: '航海黄昏',
  night: '入夜',
  midnight: '子夜',
  nadir: '子夜',
  nightEnd: '夜晚结束',
  nauticalDawn: '航海黎明',
  dawn: '黎明',
}
const DAYS = ['日', '一', '二', '三', '四', '五', '六', '日']
const DAY_NAMES = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT']
const MOST_TIMES = 6

/** When a schedule fires; what would take more than a line stays as it was written. */
export function zhScheduleWords({ trigger, expression, tz }: ScheduleView): string {
  if (trigger === 'every') {
    const [, n, unit] = /^(?:(\d+) )?([a-z]+?)s?$/.exec(expression) ?? []
    return unit === undefined || UNITS[unit] === undefined ? expression : `每${n === undefined ? '' : ` ${n} `}${UNITS[unit]}`
  }
  if (trigger === 'cron') return `${cronWords(expression) ?? expression}${tz === 'UTC' ? '' : `（${tz}）`}`
  const [event = '', lat, lng] = expression.split(' ')
  if (trigger === 'sun') return `${SUN[event] ?? event}（${lat}, ${lng}）`
  return expression === 'next()' ? '由程序中的函数决定' : `一次：${expression}`
}

function cronWords(cron: string): string | undefined {
  if (cron.startsWith('@')) return NICKNAMES[cron.toLowerCase()]
  const fields = cron.split(' ')
  if (fields.length === 5) fields.unshift('0')
  const [second, minute, hour, day, month, weekday] = fields as [string, string, string, string, string, string]
  const time = second === '0' ? timeWords(minute, hour) : minute === '*' && hour === '*' ? often(second, '秒') : undefined
  const days = dayWords(day, month, weekday)
  if (time === undefined || days === undefined) return undefined
  const clock = /^\d\d:/.test(time)
  return days === '' ? (clock ? `每天 ${time}` : time) : `${days} ${time}`
}

function timeWords(minute: string, hour: string): string | undefined {
  const hours = numbers(hour, 23)
  const minutes = numbers(minute, 59)
  if (hours !== undefined && minutes !== undefined && hours.length * minutes.length <= MOST_TIMES)
    return hours.flatMap((h) => minutes.map((m) => clock(h, m))).join('、')
  const span = /^(\d+)-(\d+)$/.exec(hour)
  if (minutes?.length === 1) {
    const at = minutes[0] === 0 ? '' : `第 ${minutes[0]} 分`
    if (span !== null) return `${clock(Number(span[1]), minutes[0]!)} 到 ${clock(Number(span[2]), minutes[0]!)} 每小时`
    const step = often(hour, '小时')
    return step === undefined ? undefined : `${step}${at}`
  }
  const step = often(minute, '分钟')
  if (step === undefined || hour === '*') return step
  return span === null ? undefined : `${clock(Number(span[1]), 0)} 到 ${clock(Number(span[2]), 59)} ${step}`
}

/** `*` and `*` with a step. */
function often(field: string, unit: string): string | undefined {
  const step = field === '*' ? 1 : Number(/^\*\/(\d+)$/.exec(field)?.[1] ?? 0)
  return step === 0 ? undefined : step === 1 ? `每${unit}` : `每 ${step} ${unit}`
}

function dayWords(day: string, month: string, weekday: string): string | undefined {
  const any = (field: string): boolean => field === '*' || field === '?'
  const days =
    day === 'L'
      ? '最后一天'
      : numbers(day, 31)
          ?.map((one) => `${one} 日`)
          .join('、')
  if (any(day) && any(month)) return any(weekday) ? '' : weekdayWords(weekday)
  // Both a day and a weekday mean either of them, which is more than a few words.
  if (!any(weekday)) return undefined
  const months = numbers(month, 12)
    ?.map((one) => `${one} 月`)
    .join('、')
  if (any(month)) return days === undefined ? undefined : `每月 ${days}`
  if (months === undefined) return undefined
  return any(day) ? `${months}的每天` : days === undefined ? undefined : `每年 ${months} ${days}`
}

function weekdayWords(field: string): string | undefined {
  const named = DAY_NAMES.reduce((text, name, i) => text.replaceAll(name, String(i)), field.toUpperCase())
  const parts = named.split(',').map((part) => {
    const [, from, to] = /^([0-7])(?:-([0-7]))?$/.exec(part) ?? []
    if (from === undefined) return undefined
    return to === undefined ? `周${DAYS[Number(from)]}` : `周${DAYS[Number(from)]}至周${DAYS[Number(to)]}`
  })
  return parts.includes(undefined) ? undefined : parts.join('、')
}

/** Single numbers, one or several. */
function numbers(field: string, most: number): number[] | undefined {
  return /^\d+(,\d+)*$/.test(field) && field.split(',').every((one) => Number(one) <= most) ? field.split(',').map(Number) : undefined
}

function clock(hour: number, minute: number): string {
  return `${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}`
}
