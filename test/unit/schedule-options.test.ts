import { describe, expect, it, vi } from 'vitest'
import { cronWarnings } from '../../lib/schedule/cron.ts'
import { fireId, jitterOf, manualId } from '../../lib/schedule/fire-id.ts'
import { upcoming } from '../../lib/schedule/occurrence.ts'
import { normalizeSchedule, type ScheduleOptions } from '../../lib/schedule/options.ts'
import { expressionOf, inWords } from '../../lib/schedule/words.ts'

const START = Date.UTC(2026, 0, 1)

function runs(options: ScheduleOptions, count: number, after = START, anchor = START): string[] {
  const { spec, custom } = normalizeSchedule(options)
  return upcoming(spec, spec.startAt ?? anchor, after, count, custom).map((at) => new Date(at).toISOString().replace('.000Z', 'Z'))
}

describe('an expression that could never fire, or would cost too much to find out', () => {
  it.each([
    '0 0 31 2 *',
    '0 0 30 FEB *',
    '0 0 31 4,6,9,11 *',
    '0 0 31 2/12 ?',
    '0 0 31W 2 *',
    '*/0 * * * *',
    '0-1000000000 * * * *',
    '0 0 1 1 * 99999999999',
    '61 * * * *',
    '5-1 * * * *',
    '* * * *',
    '* * * * * * *',
    'every day',
    '@reboot',
    '2030-01-01T00:00:00',
    '',
    ' ',
    '0 0 * * 8',
    '0 0 0 * *',
    '0 0 * FOO *',
    'L * * * *',
    '0 0 * * MON\n0 0 * * TUE',
  ])('%j is refused, without a search through the centuries', (cron) => {
    const before = process.cpuUsage()
    expect(() => normalizeSchedule({ cron })).toThrow(expect.objectContaining({ code: 'RQTS_BAD_OPTION' }))
    // A millisecond of the processor, and what else this process has to do.
    expect(process.cpuUsage(before).user / 1_000).toBeLessThan(1_000)
  })
})

it('a list of any length is not even read', () => {
  expect(() => normalizeSchedule({ cron: `${'1,'.repeat(50_000)}1 * * * *` })).toThrow(/at most 256 characters/)
})

describe('the runs of', () => {
  it.each<[string, ScheduleOptions, string[]]>([
    ['five fields', { cron: '30 8 * * MON-FRI' }, ['2026-01-01T08:30:00Z', '2026-01-02T08:30:00Z', '2026-01-05T08:30:00Z']],
    ['six fields, seconds first', { cron: '*/20 * * * * *' }, ['2026-01-01T00:00:20Z', '2026-01-01T00:00:40Z', '2026-01-01T00:01:00Z']],
    ['the last day of the month', { cron: '0 0 L * *' }, ['2026-01-31T00:00:00Z', '2026-02-28T00:00:00Z', '2026-03-31T00:00:00Z']],
    ['the second Tuesday', { cron: '0 9 * * TUE#2' }, ['2026-01-13T09:00:00Z', '2026-02-10T09:00:00Z']],
    ['the last Friday', { cron: '0 9 * * FRI#L' }, ['2026-01-30T09:00:00Z', '2026-02-27T09:00:00Z']],
    ['a leap day', { cron: '0 0 29 2 *' }, ['2028-02-29T00:00:00Z', '2032-02-29T00:00:00Z']],
    ['a nickname', { cron: '@monthly' }, ['2026-02-01T00:00:00Z', '2026-03-01T00:00:00Z']],
    ['a time zone', { cron: '0 8 * * *', tz: 'Asia/Tokyo' }, ['2026-01-01T23:00:00Z', '2026-01-02T23:00:00Z']],
    ['an interval', { every: '90m' }, ['2026-01-01T01:30:00Z', '2026-01-01T03:00:00Z']],
    ['an interval with a start', { every: '1h', startAt: START + 600_000 }, ['2026-01-01T00:10:00Z', '2026-01-01T01:10:00Z']],
    ['an interval with a start in the past', { every: '1h', startAt: 300_000 }, ['2026-01-01T00:05:00Z', '2026-01-01T01:05:00Z']],
    [
      'a cron with a start and an end',
      { cron: '0 0 * * *', startAt: new Date(START + 86_400_000), endAt: START + 2 * 86_400_000 },
      ['2026-01-02T00:00:00Z', '2026-01-03T00:00:00Z'],
    ],
    ['one date', { at: new Date(START + 1_000) }, ['2026-01-01T00:00:01Z']],
    ['one date that is past', { at: START }, []],
    [
      'a function',
      { next: (after) => (after.getTime() >= START + 7_200_000 ? null : new Date(after.getTime() + 3_600_000)) },
      ['2026-01-01T01:00:00Z', '2026-01-01T02:00:00Z'],
    ],
  ])('%s', (_, options, expected) => {
    const found = runs(options, Math.max(3, expected.length))
    expect(found.slice(0, expected.length)).toEqual(expected)
    if ('endAt' in options || 'at' in options || 'next' in options) expect(found).toHaveLength(expected.length)
  })

  it('the sun: known times in Berlin, and no run in polar night', () => {
    const [rise] = runs({ sun: { event: 'sunrise', lat: 52.52, lng: 13.405 } }, 1, Date.UTC(2026, 5, 21))
    const [set] = runs({ sun: { event: 'sunset', lat: 52.52, lng: 13.405 } }, 1, Date.UTC(2026, 5, 21))
    expect(Math.abs(Date.parse(rise!) - Date.parse('2026-06-21T02:43:00Z'))).toBeLessThan(180_000)
    expect(Math.abs(Date.parse(set!) - Date.parse('2026-06-21T19:33:00Z'))).toBeLessThan(180_000)
    const [afterPolarDay] = runs({ sun: { event: 'sunrise', lat: 78.2, lng: 15.6 } }, 1, Date.UTC(2026, 5, 1))
    expect(afterPolarDay!.slice(0, 7)).toBe('2026-08')
    for (const lng of [-180, -120, 0, 120, 180]) {
      const days = runs({ sun: { event: 'noon', lat: 10, lng } }, 10).map((run) => Date.parse(run))
      expect(days[0]! - START).toBeLessThanOrEqual(86_400_000 + 60_000)
      for (let i = 1; i < days.length; i++) expect(Math.abs(days[i]! - days[i - 1]! - 86_400_000)).toBeLessThan(60_000)
    }
  })

  it('a function that does not go forward is an error, not a loop', () => {
    expect(() => runs({ next: (after) => after }, 1)).toThrow(/must return a later time/)
    expect(() => runs({ next: () => new Date(Number.NaN) }, 1)).toThrow(/must return a later time/)
  })

  it("depend on the given time only, not on this machine's clock", () => {
    const before = runs({ cron: '0 12 * * *', tz: 'Europe/Berlin' }, 3)
    vi.useFakeTimers({ toFake: ['Date'], now: START + 3_600_000 * 24 * 365 })
    try {
      expect(runs({ cron: '0 12 * * *', tz: 'Europe/Berlin' }, 3)).toEqual(before)
    } finally {
      vi.useRealTimers()
    }
  })
})

describe('options', () => {
  it.each<[string, unknown]>([
    ['no trigger', {}],
    ['two triggers', { every: 1_000, cron: '* * * * *' }],
    ['an unknown option', { every: 1_000, timezone: 'UTC' }],
    ['too short an interval', { every: 1 }],
    ['no such zone', { cron: '0 0 * * *', tz: 'Europe/Atlantis' }],
    ['an end before the start', { every: 1_000, startAt: 10, endAt: 5 }],
    ['limit 0', { every: 1_000, limit: 0 }],
    ['a job id', { every: 1_000, options: { jobId: 'x' } }],
    ['a job delay', { every: 1_000, options: { delay: 5 } }],
    ['no such overlap', { every: 1_000, overlap: 'queue' }],
    ['no such misfire', { every: 1_000, misfire: 'twice' }],
    ['no such event', { sun: { event: 'teatime', lat: 0, lng: 0 } }],
    ['a place that is none', { sun: { event: 'dawn', lat: 91, lng: 0 } }],
    ['sunrise at the pole, once a year is no day', { sun: { event: 'goldenHour', lat: 'x', lng: 0 } }],
    ['next that is no function', { next: 'tomorrow' }],
    ['braces in the queue', { every: 1_000, queue: '{x}' }],
    ['nothing', null],
  ])('%s is refused', (_, options) => {
    expect(() => normalizeSchedule(options as ScheduleOptions)).toThrow(expect.objectContaining({ name: 'RqtsError' }))
  })
})

describe('warnings', () => {
  it.each([
    ['* 8 * * 1', 1],
    ['* 8,12 * * *', 1],
    ['* 30 8 * * *', 1],
    ['0 8 * * 1', 0],
    ['* * * * *', 0],
    ['*/5 8 * * *', 0],
    ['* */2 * * *', 0],
    ['* * * * * *', 0],
  ])('%s: %i', (cron, count) => {
    expect(cronWarnings(cron)).toHaveLength(count)
    if (count > 0) expect(cronWarnings(cron)[0]!.text).toContain('60 times')
  })
})

describe('in words', () => {
  it.each<[ScheduleOptions, string]>([
    [{ every: '5m' }, 'every 5 minutes'],
    [{ every: '1h' }, 'every hour'],
    [{ every: 1_500 }, 'every 1500 milliseconds'],
    [{ cron: '* * * * *' }, 'every minute'],
    [{ cron: '*/15 * * * *' }, 'every 15 minutes'],
    [{ cron: '0 * * * *' }, 'every hour'],
    [{ cron: '20 * * * *' }, 'every hour at minute 20'],
    [{ cron: '0 */6 * * *' }, 'every 6 hours'],
    [{ cron: '30 8 * * *' }, 'at 08:30'],
    [{ cron: '30 8,20 * * *', tz: 'Europe/Berlin' }, 'at 08:30 and 20:30 (Europe/Berlin)'],
    [{ cron: '30 8 * * MON-FRI' }, 'at 08:30 on Monday to Friday'],
    [{ cron: '0 9 * * 1,3,7' }, 'at 09:00 on Monday, Wednesday and Sunday'],
    [{ cron: '0 0 1 * *' }, 'at 00:00 on day 1 of the month'],
    [{ cron: '0 0 L * *' }, 'at 00:00 on the last day of the month'],
    [{ cron: '0 0 24 12 *' }, 'at 00:00 on 24 December'],
    [{ cron: '*/10 * * * * *' }, 'every 10 seconds'],
    [{ cron: '1,2,3,5,8,13,21 * * * *', tz: 'Asia/Tokyo' }, '1,2,3,5,8,13,21 * * * * (Asia/Tokyo)'],
    [{ cron: '@daily' }, 'daily'],
    [{ sun: { event: 'sunrise', lat: 52.5, lng: 13.4 } }, 'at sunrise at 52.5, 13.4'],
    [{ at: START }, 'once, at 2026-01-01T00:00:00.000Z'],
    [{ next: () => null }, 'as its function says'],
  ])('%j', (options, words) => {
    const { spec } = normalizeSchedule(options)
    expect(inWords(spec)).toBe(words)
    expect(expressionOf(spec).length).toBeGreaterThan(0)
  })
})

describe('ids', () => {
  it('are made of name and time, valid, and apart', () => {
    expect(fireId('nightly', 1_767_225_600_000)).toBe('nightly-1767225600000')
    const names = ['a.b', 'a_b', 'a:b', 'a/b', 'a-b', 'x'.repeat(128), `${'x'.repeat(127)}y`]
    const ids = names.map((name) => fireId(name, 8.64e15))
    expect(new Set(ids).size).toBe(names.length)
    for (const id of [...ids, ...names.map((name) => manualId(name, 8.64e15, 'ab_-cdefgh'))]) expect(id).toMatch(/^[A-Za-z0-9_-]{1,128}$/)
  })

  it('jitter comes from the run, within its bound', () => {
    const drawn = Array.from({ length: 200 }, (_, i) => jitterOf('j', i, 1_000))
    expect(drawn).toEqual(Array.from({ length: 200 }, (_, i) => jitterOf('j', i, 1_000)))
    expect(Math.min(...drawn)).toBeGreaterThanOrEqual(0)
    expect(Math.max(...drawn)).toBeLessThanOrEqual(1_000)
    expect(new Set(drawn).size).toBeGreaterThan(100)
    expect(jitterOf('j', 1, 0)).toBe(0)
  })
})
