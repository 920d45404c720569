import { RqtsError } from '../errors.ts'
import { nextCron } from './cron.ts'
import type { CustomNext, ScheduleSpec } from './spec.ts'
import { nextSun } from './sun.ts'

/**
 * The first run of a schedule strictly after a moment, within its startAt and endAt; null when there is none. `anchor` is the moment
 * that `every` counts from. All arithmetic is on given times: no clock is read. Next stop: plan.ts.
 */
export function nextRun(spec: ScheduleSpec, anchor: number, after: number, custom?: CustomNext): number | null {
  const from = spec.startAt === undefined ? after : Math.max(after, spec.startAt - 1)
  const at = nextOf(spec, anchor, from, custom)
  return at === null || (spec.endAt !== undefined && at > spec.endAt) ? null : at
}

function nextOf({ trigger, tz, startAt }: ScheduleSpec, anchor: number, after: number, custom?: CustomNext): number | null {
  switch (trigger.kind) {
    case 'every': {
      // A schedule that names its start begins with it; the others after their first interval.
      const steps = Math.floor((after - anchor) / trigger.ms) + 1
      return anchor + Math.max(steps, startAt === undefined ? 1 : 0) * trigger.ms
    }
    case 'cron':
      return nextCron(trigger.cron, tz, after)
    case 'sun':
      return nextSun(trigger.event, trigger.lat, trigger.lng, after)
    case 'at':
      return trigger.at > after ? trigger.at : null
    case 'custom':
      return askCustom(custom, after)
  }
}

function askCustom(custom: CustomNext | undefined, after: number): number | null {
  if (custom === undefined) {
    throw new RqtsError('RQTS_BAD_STATE', 'The next run of this schedule is computed by a function that this process does not have')
  }
  const next = custom(new Date(after))
  if (next === null || next === undefined) return null
  const at = typeof next === 'number' ? Math.ceil(next) : next.getTime()
  if (at > after && at <= 8.64e15) return at
  throw new RqtsError(
    'RQTS_BAD_OPTION',
    `The schedule's next(after) must return a later time, or null to end; asked after ${after} it returned ${at}`,
  )
}

/** The last run at or before `until`, when `first` is one: found by halving, so a long outage costs no more than a short one. */
export function lastRun(spec: ScheduleSpec, anchor: number, first: number, until: number): number {
  let [low, high, found] = [first, until, first]
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2)
    const run = nextRun(spec, anchor, middle)
    if (run !== null && run <= until) [low, found] = [run, run]
    else high = middle
  }
  return found
}

/** The next `count` runs after a moment. */
export function upcoming(spec: ScheduleSpec, anchor: number, after: number, count: number, custom?: CustomNext): number[] {
  const runs: number[] = []
  for (let at = nextRun(spec, anchor, after, custom); at !== null && runs.length < count; at = nextRun(spec, anchor, at, custom))
    runs.push(at)
  return runs
}
