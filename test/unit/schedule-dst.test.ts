import { describe, expect, it } from 'vitest'
import { upcoming } from '../../lib/schedule/occurrence.ts'
import type { ScheduleSpec } from '../../lib/schedule/spec.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR
const ZONES = ['Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'America/Santiago', 'Africa/Casablanca']

interface Transition {
  /** The first moment of the new offset. */
  at: number
  /** Positive: clocks go forward, wall times are missing. Negative: they go back, wall times come twice. */
  shift: number
}

const formats = new Map<string, Intl.DateTimeFormat>()

/** The wall clock of a zone as if it were UTC. */
function wall(zone: string, at: number): number {
  let format = formats.get(zone)
  if (format === undefined) {
    const numeric = 'numeric'
    format = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      year: numeric,
      month: numeric,
      day: numeric,
      hour: numeric,
      minute: numeric,
      second: numeric,
      hourCycle: 'h23',
    })
    formats.set(zone, format)
  }
  const part = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, Number(value)]))
  return Date.UTC(part.year!, part.month! - 1, part.day, part.hour, part.minute, part.second)
}

function transitions(zone: string): Transition[] {
  const found: Transition[] = []
  const offset = (at: number): number => wall(zone, at) - at
  for (let at = Date.UTC(2024, 0, 1); at < Date.UTC(2031, 0, 1); at += DAY) {
    if (offset(at) === offset(at + DAY)) continue
    let [low, high] = [at, at + DAY]
    while (high - low > 60_000) {
      const middle = low + Math.floor((high - low) / 2 / 60_000) * 60_000
      if (offset(middle) === offset(low)) low = middle
      else high = middle
    }
    found.push({ at: high, shift: offset(high) - offset(low) })
  }
  return found
}

function cron(text: string, tz: string): ScheduleSpec {
  return { trigger: { kind: 'cron', cron: text }, tz, overlap: 'allow', misfire: 'once' }
}

describe.each(ZONES)('%s', (zone) => {
  const all = transitions(zone)

  it('has transitions to test', () => {
    expect(all.length).toBeGreaterThanOrEqual(12)
  })

  it('runs a fixed time once a day: also one that a day leaves out, also one that it has twice', () => {
    for (const { at, shift } of all) {
      // In the middle of the wall times that are missing, or that come twice.
      const middle = new Date(wall(zone, at - 1_000) + 1_000 + shift / 2)
      const [hour, minute] = [middle.getUTCHours(), middle.getUTCMinutes()]
      for (const text of [`${minute} ${hour} * * *`, `${minute} ${hour},${(hour + 12) % 24} * * *`]) {
        const runs = upcoming(cron(text, zone), 0, at - 4 * DAY, 20).filter(
          (run) => !text.includes(',') || Math.abs(wallHour(zone, run) - hour) <= 2,
        )
        const days = runs.map((run) => dateOf(wall(zone, run)))
        for (let day = -2; day <= 2; day++) {
          const date = dateOf(middle.getTime() + day * DAY)
          expect(days.filter((one) => one === date).length, `${zone} ${text} on ${date}, transition at ${new Date(at).toISOString()}`).toBe(
            1,
          )
        }
      }
    }
  })

  it('runs what is missing right after the gap, what comes twice the first time', () => {
    for (const { at, shift } of all) {
      const middle = new Date(wall(zone, at - 1_000) + 1_000 + shift / 2)
      const text = `${middle.getUTCMinutes()} ${middle.getUTCHours()} * * *`
      const [run] = upcoming(cron(text, zone), 0, at - 12 * HOUR, 1)
      if (shift > 0) expect(run).toBe(at)
      else expect(run).toBe(at + shift / 2)
    }
  })

  it('keeps an interval in step with real time', () => {
    for (const { at } of all) {
      const runs = upcoming(cron('*/15 * * * *', zone), 0, at - 3 * HOUR, 24)
      for (const [i, run] of runs.entries()) expect(run).toBe(at - 3 * HOUR + (i + 1) * 900_000)
    }
  })
})

function wallHour(zone: string, at: number): number {
  return new Date(wall(zone, at)).getUTCHours()
}

function dateOf(at: number): string {
  return new Date(at).toISOString().slice(0, 10)
}
