import { describe, expect, it } from 'vitest'
import { lastRun, nextRun } from '../../lib/schedule/occurrence.ts'
import { normalizeSchedule, type ScheduleOptions } from '../../lib/schedule/options.ts'
import { type DueSchedule, type Plan, planRuns } from '../../lib/schedule/plan.ts'
import fc from '../support/property.ts'

const START = Date.UTC(2026, 0, 1)
const MINUTE = 60_000
const HOUR = 60 * MINUTE

/** The runs in minutes after START, `-` where nothing fires; then the next one. */
function plan(options: ScheduleOptions, nowMs: number, more: Partial<DueSchedule> = {}, most = 100): string {
  const { spec, custom } = normalizeSchedule(options)
  const anchor = spec.startAt ?? START
  const due: DueSchedule = { spec, anchor, next: nextRun(spec, anchor, START, custom)!, fired: 0, busy: false, ...more }
  return show(planRuns(due, START + nowMs, most, custom))
}

function show({ runs, next }: Plan): string {
  const minutes = (at: number): string => String((at - START) / MINUTE)
  const list = runs.map(({ at, verdict }) => (verdict === 'fire' ? minutes(at) : `${verdict} ${minutes(at)}`))
  return `${list.join(', ')} → ${next === null ? 'end' : minutes(next)}`
}

const FIVE: ScheduleOptions = { cron: '*/5 * * * *' }

describe('what is due', () => {
  it.each<[string, string, ScheduleOptions, number, Partial<DueSchedule>?]>([
    ['fires on time', '5 → 10', FIVE, 5 * MINUTE],
    ['fires a little late, its next one not moved', '5 → 10', FIVE, 5 * MINUTE + 9_000],
    ['all that are a little late fire', '0.05, 0.1, 0.15 → 0.2', { every: 3_000 }, 9_500],
    ['an hour late, once: the last one', 'missed 5, 60 → 65', FIVE, HOUR + 30_000],
    ['an hour late, skip: none', 'missed 5, missed 60 → 65', { ...FIVE, misfire: 'skip' }, HOUR + 30_000],
    ['an hour late, skip, but the last one is on time', 'missed 5, 60 → 65', { ...FIVE, misfire: 'skip' }, HOUR + 5_000],
    ['an hour late, all', '5, 10, 15, 20, 25, 30, 35, 40, 45, 50, 55, 60 → 65', { ...FIVE, misfire: 'all' }, HOUR + 30_000],
    ['all, within a grace', 'missed 5, 50, 55, 60 → 65', { ...FIVE, misfire: 'all', graceTime: '10m' }, HOUR],
    ['once, within a grace', 'missed 5, missed 60 → 65', { ...FIVE, graceTime: '10s' }, HOUR + MINUTE],
    ['skip, with a longer grace', '5 → 10', { ...FIVE, misfire: 'skip', graceTime: '2m' }, 7 * MINUTE - 1],
    ['a limit ends it', '5 → end', { ...FIVE, limit: 3 }, 5 * MINUTE, { fired: 2 }],
    ['a limit holds within one plan', '5, 10 → end', { ...FIVE, misfire: 'all', limit: 2 }, HOUR],
    ['an earlier run goes on: skip', 'overlap 5 → 10', { ...FIVE, overlap: 'skip' }, 5 * MINUTE, { busy: true }],
    ['an earlier run goes on: allow', '5 → 10', FIVE, 5 * MINUTE],
    [
      'of several only the first, with overlap skip',
      '5, overlap 10, overlap 15 → 20',
      { ...FIVE, overlap: 'skip', misfire: 'all' },
      16 * MINUTE,
    ],
    ['an overlap does not count', 'overlap 5 → 10', { ...FIVE, overlap: 'skip', limit: 1 }, 5 * MINUTE, { busy: true }],
    ['the end', '5 → end', { ...FIVE, endAt: START + 9 * MINUTE }, 5 * MINUTE],
    ['one date, late', '7 → end', { at: START + 7 * MINUTE }, 10 * HOUR],
    ['one date, too late', 'missed 7 → end', { at: START + 7 * MINUTE, misfire: 'skip' }, 10 * HOUR],
    ['a function, late', 'missed 5, 60 → 65', { next: (after) => after.getTime() + 5 * MINUTE }, HOUR + 30_000],
  ])('%s', (_, expected, options, now, more) => {
    expect(plan(options, now, more)).toBe(expected)
  })

  it('is bounded: the rest comes with the next plan', () => {
    expect(plan({ ...FIVE, misfire: 'all' }, HOUR, {}, 3)).toBe('5, 10, 15 → 20')
    expect(plan({ ...FIVE, misfire: 'all' }, HOUR, { next: START + 20 * MINUTE }, 3)).toBe('20, 25, 30 → 35')
  })

  it('costs the same after a day as after a minute', () => {
    const before = process.cpuUsage()
    for (const options of [{ every: 10 }, { cron: '* * * * * *' }, { sun: { event: 'noon', lat: 1, lng: 1 } }] as ScheduleOptions[]) {
      expect(plan(options, 30 * 24 * HOUR)).toContain('missed')
    }
    // Of the processor, as a busy machine takes any time; one by one, these are millions of runs.
    expect(process.cpuUsage(before).user / 1_000).toBeLessThan(5_000)
  })
})

describe('an interval', () => {
  it('does not drift: 100 ticks at 100 ms, each noticed late, end at 10 s', () => {
    const { spec } = normalizeSchedule({ every: 100 })
    let next = nextRun(spec, START, START)!
    let [fired, last] = [0, 0]
    while (fired < 100) {
      const { runs, next: after } = planRuns({ spec, anchor: START, next, fired, busy: false }, next + (fired % 90), 100)
      for (const run of runs) last = run.at
      fired += runs.length
      next = after!
    }
    expect(last).toBe(START + 10_000)
  })
})

describe('the last run before a moment', () => {
  it('is found without walking: the same as walking finds', () => {
    const specs = (
      [
        { every: 61_000 },
        { cron: '*/7 8-10 * * *', tz: 'Europe/Berlin' },
        { cron: '30 2 * * *', tz: 'Europe/Berlin' },
        { sun: { event: 'dusk', lat: 50, lng: 8 } },
      ] as ScheduleOptions[]
    ).map((options) => normalizeSchedule(options).spec)
    fc.assert(
      fc.property(
        fc.constantFrom(...specs),
        fc.integer({ min: 0, max: 365 * 24 }),
        fc.integer({ min: 0, max: 4 * 24 * HOUR }),
        (spec, hours, lateMs) => {
          const from = START + hours * HOUR
          const first = nextRun(spec, START, from)!
          const until = first + lateMs
          let walked = first
          for (let next = first; next <= until; next = nextRun(spec, START, next)!) walked = next
          expect(lastRun(spec, START, first, until)).toBe(walked)
        },
      ),
      { numRuns: 60 },
    )
  })
})
