import { type Duration, parseDate, parseDuration, show } from '../duration.ts'
import { RqtsError } from '../errors.ts'
import type { JobOptions } from '../job/options.ts'
import { checkName } from '../names.ts'
import { checkCron } from './cron.ts'
import { type CustomNext, type Misfire, type ScheduleSpec, SUN_EVENTS, type SunEvent, type Trigger } from './spec.ts'
import { nextSun } from './sun.ts'

export interface SunOption {
  event: SunEvent
  /** Degrees, north positive. */
  lat: number
  /** Degrees, east positive. */
  lng: number
}

interface Triggers {
  /** Every so often, without drift: counted from `startAt`, else from when the schedule was made. */
  every: Duration
  /** Five fields, or six with seconds first, in the time zone `tz`: `'30 8 * * MON-FRI'`. */
  cron: string
  /** A moment of the day at a place. Days without it, as in polar night, are passed over. */
  sun: SunOption
  /** Once, at this time. */
  at: Date | number
  /** Your own run times: the first one after a moment, null for no more. Runs only where this program has registered it. */
  next: CustomNext
}

type One<K extends keyof Triggers> = Pick<Triggers, K> & { [Other in Exclude<keyof Triggers, K>]?: never }
/** Exactly one of them. */
export type When = { [K in keyof Triggers]: One<K> }[keyof Triggers]

/** What each run's job gets. Its id and its time are the schedule's to say. */
export type ScheduledJobOptions = Omit<JobOptions, 'jobId' | 'delay' | 'runAt' | 'dependsOn' | 'ifExists'>

export type ScheduleOptions = When & {
  /** IANA name, for `cron`. Default `'UTC'`. */
  tz?: string
  /** Default: the task's own queue, else `'default'`. */
  queue?: string
  options?: ScheduledJobOptions
  /** No run before. Also what `every` counts from. */
  startAt?: Date | number
  /** No run after. */
  endAt?: Date | number
  /** Ends after this many runs. */
  limit?: number
  /** Each run starts up to this much later, by chance. */
  jitter?: Duration
  /** `'skip'`: no run while an earlier one has not ended. Default `'allow'`. */
  overlap?: 'allow' | 'skip'
  /** Runs missed because nobody ticked: make up for them with one (default), with none, or with all. */
  misfire?: Misfire
  /** A run later than this is not made up for. Default: none with `'once'` and `'all'`, 10 s with `'skip'`. */
  graceTime?: Duration
  /** Begin paused. Says nothing once the schedule is there, until it is changed. */
  paused?: boolean
}

export interface NormalSchedule {
  spec: ScheduleSpec
  queue?: string
  options?: ScheduledJobOptions
  paused?: boolean
  custom?: CustomNext
}

/** Fewer than this and Redis would do nothing else. */
const MIN_EVERY_MS = 10
const TRIGGERS = ['every', 'cron', 'sun', 'at', 'next'] as const
const RULES = ['tz', 'queue', 'options', 'startAt', 'endAt', 'limit', 'jitter', 'overlap', 'misfire', 'graceTime', 'paused'] as const
const KNOWN: ReadonlySet<string> = new Set([...TRIGGERS, ...RULES])
const NOT_OURS = ['jobId', 'delay', 'runAt', 'dependsOn', 'ifExists'] as const

/** Everything that can be wrong with a schedule is found here, before Redis is touched. */
export function normalizeSchedule(options: ScheduleOptions): NormalSchedule {
  if (typeof options !== 'object' || options === null) throw bad('options', 'an object with every, cron, sun, at or next', options)
  const unknown = Object.keys(options).find((name) => !KNOWN.has(name))
  if (unknown !== undefined) {
    throw new RqtsError('RQTS_BAD_OPTION', `Unknown schedule option '${unknown.slice(0, 60)}'; known are ${[...KNOWN].join(', ')}`)
  }
  const spec: ScheduleSpec = {
    trigger: trigger(options),
    tz: timeZone(options.tz ?? 'UTC'),
    overlap: choice('overlap', options.overlap ?? 'allow', ['allow', 'skip']),
    misfire: choice('misfire', options.misfire ?? 'once', ['once', 'skip', 'all']),
  }
  if (options.startAt !== undefined) spec.startAt = parseDate(options.startAt, 'startAt')
  if (options.endAt !== undefined) spec.endAt = parseDate(options.endAt, 'endAt')
  if (options.limit !== undefined) spec.limit = limit(options.limit)
  if (options.jitter !== undefined) spec.jitterMs = parseDuration(options.jitter, 'jitter')
  if (options.graceTime !== undefined) spec.graceMs = parseDuration(options.graceTime, 'graceTime')
  if (spec.startAt !== undefined && spec.endAt !== undefined && spec.endAt < spec.startAt)
    throw bad('endAt', 'after startAt', options.endAt)
  return { spec, ...rest(options) }
}

function rest({ queue, options, paused, next }: ScheduleOptions): Omit<NormalSchedule, 'spec'> {
  if (options !== undefined && (typeof options !== 'object' || options === null)) throw bad('options.options', 'job options', options)
  const foreign = NOT_OURS.find((name) => (options as JobOptions | undefined)?.[name] !== undefined)
  if (foreign !== undefined) {
    throw new RqtsError(
      'RQTS_BAD_OPTION',
      `The job option ${foreign} has no place in a schedule: the schedule says when its jobs run and how they are called`,
    )
  }
  if (paused !== undefined && typeof paused !== 'boolean') throw bad('paused', 'true or false', paused)
  return {
    ...(queue !== undefined && { queue: checkName('queue', queue) }),
    ...(options !== undefined && { options }),
    ...(paused !== undefined && { paused }),
    ...(next !== undefined && { custom: next }),
  }
}

function trigger(options: ScheduleOptions): Trigger {
  const given = TRIGGERS.filter((name) => options[name] !== undefined)
  if (given.length !== 1)
    throw bad('A schedule', 'given exactly one of every, cron, sun, at and next', given.length === 0 ? 'none' : given.join(' and '))
  if (options.every !== undefined) return { kind: 'every', ms: parseDuration(options.every, 'every', { min: MIN_EVERY_MS }) }
  if (options.cron !== undefined) return { kind: 'cron', cron: checkCron(options.cron) }
  if (options.at !== undefined) return { kind: 'at', at: parseDate(options.at, 'at') }
  if (options.sun !== undefined) return sun(options.sun)
  const { next } = options as { next?: unknown }
  if (typeof next !== 'function') throw bad('next', 'a function from a Date to the next one or null', next)
  return { kind: 'custom' }
}

function sun(option: SunOption): Trigger {
  if (typeof option !== 'object' || option === null) throw bad('sun', '{ event, lat, lng }', option)
  const { event, lat, lng } = option
  if (!SUN_EVENTS.includes(event)) throw bad('sun.event', `one of ${SUN_EVENTS.join(', ')}`, event)
  if (typeof lat !== 'number' || !(Math.abs(lat) <= 90)) throw bad('sun.lat', 'degrees from -90 to 90', lat)
  if (typeof lng !== 'number' || !(Math.abs(lng) <= 180)) throw bad('sun.lng', 'degrees from -180 to 180', lng)
  if (nextSun(event, lat, lng, 0) === null)
    throw bad('sun', `a place that has the event (${event} never happens at ${lat}, ${lng})`, option)
  return { kind: 'sun', event, lat, lng }
}

function timeZone(value: unknown): string {
  // Asking is slow the first time, and nearly everybody means this one.
  if (value === 'UTC') return value
  try {
    if (typeof value === 'string' && value.length <= 64) {
      new Intl.DateTimeFormat('en', { timeZone: value })
      return value
    }
  } catch {
    // Said below.
  }
  throw bad('tz', "an IANA time zone such as 'Europe/Berlin'", value)
}

function limit(value: unknown): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1) return value
  throw bad('limit', 'a whole number from 1', value)
}

function choice<T extends string>(name: string, value: unknown, choices: readonly T[]): T {
  if ((choices as readonly unknown[]).includes(value)) return value as T
  throw bad(name, choices.map((one) => `'${one}'`).join(' or '), value)
}

function bad(name: string, expected: string, got: unknown): RqtsError {
  return new RqtsError('RQTS_BAD_OPTION', `${name} must be ${expected}; got ${show(got)}`)
}
