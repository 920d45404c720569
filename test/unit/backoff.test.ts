import { describe, expect, test } from 'vitest'
import { normalizeRetry, type RetryPolicy, retryDelayMs } from '../../lib/job/backoff.ts'
import fc from '../support/property.ts'

const SECOND = 1_000
const HOUR = 3_600_000

describe('retryDelayMs', () => {
  const table: [string, RetryPolicy, number[]][] = [
    ['no delay by default', { max: 3 }, [0, 0, 0]],
    ['fixed', { max: 3, delayMs: 10 }, [10, 10, 10]],
    ['linear', { max: 3, delayMs: 10, backoff: 'linear' }, [10, 20, 30]],
    ['exponential', { max: 5, delayMs: 10, backoff: 'exponential' }, [10, 20, 40, 80, 160]],
    ['exponential from 1 s when no delay is given', { max: 3, backoff: 'exponential' }, [SECOND, 2 * SECOND, 4 * SECOND]],
    ['exponential up to maxDelay', { max: 4, delayMs: 10, backoff: 'exponential', maxDelayMs: 25 }, [10, 20, 25, 25]],
    ['a list from the front, the last repeating', { max: 5, delaysMs: [1, 5, 3] }, [1, 5, 3, 3, 3]],
    ['a growing delay above the usual bound keeps its first value', { max: 2, delayMs: 2 * HOUR, backoff: 'linear' }, [2 * HOUR, 2 * HOUR]],
  ]
  test.each(table)('%s', (_, policy, expected) => {
    expect(expected.map((__, i) => retryDelayMs(policy, i + 1, 0.5))).toEqual(expected)
  })

  test("asks the task's function, once per retry, within maxDelay", () => {
    const policy: RetryPolicy = { max: 9, backoff: 'task', maxDelayMs: 35 }
    expect([1, 2, 3, 4].map((retry) => retryDelayMs(policy, retry, 0, (attempt) => attempt * 10))).toEqual([10, 20, 30, 35])
    expect(retryDelayMs({ max: 1, backoff: 'task' }, 1, 0, () => Number.POSITIVE_INFINITY)).toBe(365 * 24 * HOUR)
  })

  test.each<[string, ((attempt: number) => number) | undefined]>([
    ['missing', undefined],
    [
      'throwing',
      () => {
        throw new Error('no')
      },
    ],
    ['NaN', () => Number.NaN],
    ['negative', () => -1],
    ['text', () => '5' as unknown as number],
  ])('a %s function gives way to the default delay', (_, backoff) => {
    expect(retryDelayMs({ max: 9, backoff: 'task' }, 1, 0, backoff)).toBe(SECOND)
    expect(retryDelayMs({ max: 9, backoff: 'task', delayMs: 7 }, 3, 0, backoff)).toBe(28)
  })

  const policies = fc.record(
    {
      max: fc.integer({ min: 1, max: 1_000 }),
      delayMs: fc.integer({ min: 0, max: 1e9 }),
      backoff: fc.constantFrom('fixed' as const, 'linear' as const, 'exponential' as const),
      maxDelayMs: fc.integer({ min: 0, max: 1e9 }),
      jitter: fc.double({ min: 0, max: 1, noNaN: true }),
    },
    { requiredKeys: ['max'] },
  )
  const retries = fc.integer({ min: 1, max: 1_000 })
  const randoms = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })

  test('is a whole number within its bounds', () => {
    fc.assert(
      fc.property(policies, retries, randoms, (policy, retry, random) => {
        const delay = retryDelayMs(policy, retry, random)
        expect(Number.isSafeInteger(delay) && delay >= 0).toBe(true)
        expect(delay).toBeLessThanOrEqual(policy.maxDelayMs ?? Math.max(HOUR, policy.delayMs ?? 0))
      }),
    )
  })

  test('never shrinks from retry to retry', () => {
    fc.assert(
      fc.property(policies, fc.integer({ min: 1, max: 999 }), (policy, retry) => {
        expect(retryDelayMs(policy, retry + 1, 0)).toBeGreaterThanOrEqual(retryDelayMs(policy, retry, 0))
      }),
    )
  })

  test('jitter only shortens, by no more than its share', () => {
    fc.assert(
      fc.property(policies, retries, randoms, (policy, retry, random) => {
        const full = retryDelayMs(policy, retry, 0)
        const delay = retryDelayMs(policy, retry, random)
        expect(delay).toBeLessThanOrEqual(full)
        expect(delay).toBeGreaterThanOrEqual(Math.floor(full * (1 - (policy.jitter ?? 0))))
      }),
    )
  })

  test('a list is read from the front, the last value repeating', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(1e6), { minLength: 1, maxLength: 100 }), retries, (delaysMs, retry) => {
        expect(retryDelayMs({ max: 1_000, delaysMs }, retry, 0)).toBe(delaysMs[retry - 1] ?? delaysMs.at(-1))
      }),
    )
  })
})

describe('normalizeRetry', () => {
  test('reads every form', () => {
    expect(normalizeRetry(3)).toEqual({ max: 3 })
    expect(normalizeRetry({ max: 2, delay: '1s', backoff: 'linear', maxDelay: '1m', jitter: true })).toEqual({
      max: 2,
      delayMs: SECOND,
      backoff: 'linear',
      maxDelayMs: 60 * SECOND,
      jitter: 1,
    })
    expect(normalizeRetry({ max: 2, delays: ['1s', 5] })).toEqual({ max: 2, delaysMs: [SECOND, 5] })
    expect(normalizeRetry({ max: 2, backoff: () => 1 }, { taskLevel: true })).toEqual({ max: 2, backoff: 'task' })
  })

  test.each<[string, unknown, RegExp]>([
    ['a negative count', -1, /retry\.max must be a whole number/],
    ['a fraction', 1.5, /retry\.max/],
    ['too many', 1_001, /0 to 1000/],
    ['NaN', Number.NaN, /retry\.max/],
    ['text', '3', /retry must be a count or/],
    ['null', null, /retry must be/],
    ['no max', { delay: 1 }, /retry\.max/],
    ['an unknown option', { max: 1, delais: 1 }, /Unknown retry option 'delais'; known are max, delay/],
    ['delay and delays', { max: 1, delay: 1, delays: [1] }, /not both/],
    ['no delays', { max: 1, delays: [] }, /retry\.delays/],
    ['a bad delay', { max: 1, delays: ['1s', 'soon'] }, /retry\.delays\[1\] must be a duration/],
    ['an unknown backoff', { max: 1, backoff: 'cubic' }, /'fixed', 'exponential' or 'linear'/],
    ['the stored word for a function', { max: 1, backoff: 'task' }, /'fixed', 'exponential' or 'linear'/],
    ['a function on a job', { max: 1, backoff: () => 1 }, /only in task\(\{ retry \}\)/],
    ['too much jitter', { max: 1, jitter: 2 }, /from 0 to 1/],
  ])('refuses %s', (_, retry, message) => {
    expect(() => normalizeRetry(retry as number)).toThrow(message)
    expect(() => normalizeRetry(retry as number)).toThrow(expect.objectContaining({ name: 'RqtsError' }))
  })
})
