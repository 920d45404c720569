import { getTimes } from 'suncalc'
import type { SunEvent } from './spec.ts'

const DAY_MS = 86_400_000
/** Longer than any polar day or night. */
const MAX_DAYS = 400

/** The first such moment after another; days without one are passed over. Null where it never happens. */
export function nextSun(event: SunEvent, lat: number, lng: number, after: number): number | null {
  // A day of suncalc is the solar day around a moment: two days back is before `after` anywhere on earth.
  for (let day = -2; day < MAX_DAYS; day++) {
    const times = getTimes(new Date(after + day * DAY_MS), lat, lng)
    const moment = times[event === 'noon' ? 'solarNoon' : event === 'midnight' ? 'nadir' : event]
    if (moment instanceof Date && moment.getTime() > after) return Math.round(moment.getTime())
  }
  return null
}
