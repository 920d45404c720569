import { afterEach, describe, expect, test, vi } from 'vitest'
import { clock } from '../../lib/clock.ts'
import { parseDate, parseDuration } from '../../lib/duration.ts'
import { newJobId, newToken } from '../../lib/job/id.ts'
import { checkJobId, checkName, isJobId } from '../../lib/names.ts'
import fc from '../support/property.ts'

afterEach(() => vi.restoreAllMocks())

describe('durations', () => {
  test.each<[number | string, number]>([
    [0, 0],
    [1.6, 2],
    ['10s', 10_000],
    ['3m', 180_000],
    ['2d', 172_800_000],
    ['1.5h', 5_400_000],
    ['250', 250],
    ['1y', 31_557_600_000],
  ])('%j is %i ms', (text, ms) => {
    expect(parseDuration(text, 'delay')).toBe(ms)
  })

  test.each<[unknown]>([
    [-1],
    [Number.NaN],
    [Number.POSITIVE_INFINITY],
    ['Infinity'],
    [''],
    ['soon'],
    ['-1s'],
    ['11y'],
    ['1s'.repeat(99)],
    [null],
    [undefined],
    [{}],
    [new Date()],
  ])('%j is refused, naming the option', (value) => {
    expect(() => parseDuration(value as number, 'ttl')).toThrow(
      expect.objectContaining({
        code: 'RQTS_BAD_DURATION',
        message: expect.stringMatching(/^ttl must be a duration .*'10s'.*; got /) as string,
      }),
    )
  })

  test('without end is -1 where that is allowed', () => {
    for (const value of [Number.POSITIVE_INFINITY, -1, 'Infinity']) expect(parseDuration(value, 'timeout', { unlimited: true })).toBe(-1)
    expect(() => parseDuration(-2, 'timeout', { unlimited: true })).toThrow(/Infinity/)
    expect(() => parseDuration(0, 'timeout', { min: 1, unlimited: true })).toThrow(/at least 1 ms/)
  })

  test('any number of milliseconds in range is itself', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e11 }), (ms) => {
        expect(parseDuration(ms, 'delay')).toBe(ms)
      }),
    )
  })

  test('dates', () => {
    expect(parseDate(new Date(5), 'runAt')).toBe(5)
    expect(parseDate(1e12, 'runAt')).toBe(1e12)
    for (const value of [new Date(Number.NaN), -1, Number.POSITIVE_INFINITY, 9e15, '2024-01-01']) {
      expect(() => parseDate(value as Date, 'runAt')).toThrow(expect.objectContaining({ code: 'RQTS_BAD_DATE' }))
    }
  })
})

describe('names', () => {
  const allowed = fc.string({ unit: fc.constantFrom(...'AZaz09_.:/-'), minLength: 1, maxLength: 128 })

  test('of the allowed characters pass', () => {
    fc.assert(
      fc.property(allowed, (name) => {
        expect(checkName('queue', name)).toBe(name)
        expect(isJobId(name)).toBe(!/[.:/]/.test(name))
      }),
    )
  })

  test('with any other character are refused, and the message names the kind', () => {
    const other = fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }).filter((character) => !/[A-Za-z0-9_.:/-]/.test(character))
    fc.assert(
      fc.property(allowed, other, (name, character) => {
        for (const bad of [name + character, character + name]) {
          expect(() => checkName('task', bad)).toThrow(
            expect.objectContaining({ code: 'RQTS_BAD_NAME', message: expect.stringMatching(/^A task name must be/) as string }),
          )
          expect(() => checkJobId(bad)).toThrow(expect.objectContaining({ code: 'RQTS_BAD_ID' }))
        }
      }),
    )
  })

  test.each<[unknown]>([[''], ['a'.repeat(129)], ['a{b}'], ['a b'], ['a\n'], ['ä'], [null], [undefined], [5], [{}]])(
    '%j is no name and no id',
    (value) => {
      expect(() => checkName('worker', value)).toThrow(/^A worker name must be/)
      expect(() => checkJobId(value)).toThrow(/^A job id must be/)
    },
  )
})

describe('job ids', () => {
  test('are valid, unique and sorted by creation', () => {
    const ids = Array.from({ length: 100_000 }, newJobId)
    expect(new Set(ids).size).toBe(ids.length)
    expect(ids).toEqual([...ids].sort())
    for (const id of ids.slice(0, 1_000)) expect(id).toMatch(/^[0-9A-HJKMNP-TV-Z]{26}$/)
    expect(isJobId(ids[0])).toBe(true)
  })

  test('sort by time, and survive a clock that goes back', () => {
    const now = vi.spyOn(clock, 'now')
    const from = Date.now() + 1_000_000
    const at = (ms: number): string => {
      now.mockReturnValue(from + ms)
      return newJobId()
    }
    const ids = [at(0), at(0), at(1), at(1_000), at(500), at(999), at(1_001)]
    expect(ids).toEqual([...ids].sort())
    expect(new Set(ids).size).toBe(ids.length)
  })

  test('tokens are short and differ', () => {
    const tokens = Array.from({ length: 1_000 }, newToken)
    expect(new Set(tokens).size).toBe(1_000)
    for (const token of tokens) expect(token).toMatch(/^[\w-]{12}$/)
  })
})
