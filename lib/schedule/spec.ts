/** What a schedule is once its options were read: plain data, as stored. Times are epoch ms, durations ms. Next stop: occurrence.ts. */
export interface ScheduleSpec {
  trigger: Trigger
  /** IANA name. Decides when a cron fires, and how times are shown. */
  tz: string
  startAt?: number
  endAt?: number
  /** How often it fires in its life. */
  limit?: number
  jitterMs?: number
  overlap: 'allow' | 'skip'
  misfire: Misfire
  /** A run later than this is not made up for. */
  graceMs?: number
}

export type Misfire = 'once' | 'skip' | 'all'

export type Trigger =
  | { kind: 'every'; ms: number }
  | { kind: 'cron'; cron: string }
  | { kind: 'sun'; event: SunEvent; lat: number; lng: number }
  | { kind: 'at'; at: number }
  /** A function of the program: it cannot be stored, so only processes that have it can go on with the schedule. */
  | { kind: 'custom' }

export const SUN_EVENTS = [
  'sunrise',
  'sunriseEnd',
  'goldenHourEnd',
  'noon',
  'solarNoon',
  'goldenHour',
  'sunsetStart',
  'sunset',
  'dusk',
  'nauticalDusk',
  'night',
  'midnight',
  'nadir',
  'nightEnd',
  'nauticalDawn',
  'dawn',
] as const
export type SunEvent = (typeof SUN_EVENTS)[number]

/** A schedule's own run times: the first one after a moment, null when there is none any more. */
export type CustomNext = (after: Date) => Date | number | null | undefined

/** Reads what Redis holds; undefined when it makes no sense. */
export function parseSpec(text: string | undefined): ScheduleSpec | undefined {
  try {
    const spec = JSON.parse(text ?? '') as ScheduleSpec
    return typeof spec.trigger.kind === 'string' && typeof spec.tz === 'string' ? spec : undefined
  } catch {
    return undefined
  }
}
