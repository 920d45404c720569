import { lastRun, nextRun } from './occurrence.ts'
import type { CustomNext, ScheduleSpec } from './spec.ts'

/** Up to this late a run counts as on time: as long as it takes another worker to notice that the one who ticked is gone. */
export const ON_TIME_MS = 10_000
/** A function of the program may depend on being asked for one run after the other, but not for ever. */
const MAX_CUSTOM_STEPS = 1_000

export interface DueSchedule {
  spec: ScheduleSpec
  anchor: number
  /** The run that is due. */
  next: number
  /** How often it has fired. */
  fired: number
  /** With `overlap: 'skip'`: an earlier run has not ended. */
  busy: boolean
}

export interface Run {
  at: number
  /** What becomes of it: a job, or nothing because an earlier one runs (`overlap`) or its time is over (`missed`). */
  verdict: 'fire' | 'overlap' | 'missed'
}

export interface Plan {
  runs: Run[]
  /** Null when the schedule has ended. */
  next: number | null
}

/**
 * What is to be done with the runs that are due: each fires while they are on time. After an outage `misfire` decides: `once` makes
 * up for all of them with the last one, `all` with every single one, `skip` with none. At most `most` runs per plan; the rest is due at once.
 */
export function planRuns(due: DueSchedule, now: number, most: number, custom?: CustomNext): Plan {
  const { spec, anchor } = due
  const graceMs = spec.graceMs ?? (spec.misfire === 'skip' ? ON_TIME_MS : Number.POSITIVE_INFINITY)
  const late = now - due.next > (spec.misfire === 'skip' ? graceMs : ON_TIME_MS)
  const times = late && spec.misfire !== 'all' ? [latest(due, now, custom)] : each(due, now, graceMs, most, custom)
  const runs: Run[] = []
  if (times[0] !== due.next) runs.push({ at: due.next, verdict: 'missed' })
  let left = (spec.limit ?? Number.POSITIVE_INFINITY) - due.fired
  let busy = due.busy
  for (const at of times) {
    if (left <= 0) break
    const verdict = now - at > graceMs ? 'missed' : busy ? 'overlap' : 'fire'
    runs.push({ at, verdict })
    if (verdict !== 'fire') continue
    left--
    busy = spec.overlap === 'skip'
  }
  const last = times.at(-1) ?? now
  return { runs, next: left <= 0 ? null : nextRun(spec, anchor, last, custom) }
}

function latest(due: DueSchedule, now: number, custom?: CustomNext): number {
  if (due.spec.trigger.kind !== 'custom') return lastRun(due.spec, due.anchor, due.next, now)
  let last = due.next
  for (let step = 0; step < MAX_CUSTOM_STEPS; step++) {
    const next = nextRun(due.spec, due.anchor, last, custom)
    if (next === null || next > now) return last
    last = next
  }
  return now
}

function each(due: DueSchedule, now: number, graceMs: number, most: number, custom?: CustomNext): number[] {
  const { spec, anchor } = due
  const times: number[] = []
  // Those past their grace are not looked at one by one.
  const first = due.next >= now - graceMs ? due.next : nextRun(spec, anchor, now - graceMs - 1, custom)
  for (let at = first; at !== null && at <= now && times.length < most; at = nextRun(spec, anchor, at, custom)) times.push(at)
  return times
}
