import { cronWords } from './cron-words.ts'
import type { ScheduleSpec } from './spec.ts'

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

/** When a schedule fires, for people. Cron in words where it can be said, else as it is. */
export function inWords({ trigger, tz }: ScheduleSpec): string {
  switch (trigger.kind) {
    case 'every':
      return `every ${intervalText(trigger.ms)}`
    case 'cron':
      return `${cronWords(trigger.cron) ?? trigger.cron}${tz === 'UTC' ? '' : ` (${tz})`}`
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
