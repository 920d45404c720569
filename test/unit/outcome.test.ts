import { describe, expect, test } from 'vitest'
import { Retry, RqtsError, type RqtsErrorCode } from '../../lib/errors.ts'
import type { RetryPolicy } from '../../lib/job/backoff.ts'
import { decideFailure, type Failure } from '../../lib/job/outcome.ts'
import fc from '../support/property.ts'

const boom = new Error('boom')
const decide = (given: Partial<Failure>) => decideFailure({ error: boom, failures: 0, random: 0, ...given })
const once: RetryPolicy = { max: 1, delayMs: 50 }

describe('decideFailure', () => {
  const table: [string, Partial<Failure>, object][] = [
    ['no policy: the first failure is the last', {}, { kind: 'fail', error: boom }],
    ['a policy: retry with its delay', { policy: once }, { kind: 'retry', delayMs: 50, error: boom }],
    ['a spent policy', { policy: once, failures: 1 }, { kind: 'fail', error: boom }],
    ['an overspent policy', { policy: once, failures: 9 }, { kind: 'fail', error: boom }],
    [
      'the second delay for the second retry',
      { policy: { max: 3, delaysMs: [1, 2, 3] }, failures: 1 },
      { kind: 'retry', delayMs: 2, error: boom },
    ],
    [
      'the backoff of the task',
      { policy: { max: 3, backoff: 'task' }, failures: 1, taskBackoff: (n) => n * 100 },
      { kind: 'retry', delayMs: 200, error: boom },
    ],
    [
      'a backoff that throws',
      {
        policy: { max: 3, backoff: 'task' },
        taskBackoff: () => {
          throw boom
        },
      },
      { kind: 'retry', delayMs: 1_000, error: boom },
    ],
    ['a thrown string', { error: 'x', policy: once }, { kind: 'retry', delayMs: 50, error: 'x' }],
    ['thrown undefined', { error: undefined, policy: once }, { kind: 'retry', delayMs: 50, error: undefined }],
  ]
  test.each(table)('%s', (_, given, expected) => {
    expect(decide(given)).toEqual(expected)
  })

  const asked: [string, Retry, Partial<Failure>, object][] = [
    ['its own delay', new Retry({ delay: '2s' }), { policy: once }, { kind: 'retry', delayMs: 2_000 }],
    ["the job's delay when it has none", new Retry(), { policy: once }, { kind: 'retry', delayMs: 50 }],
    ['at once without either', new Retry(), {}, { kind: 'retry', delayMs: 0 }],
    ['three times without a policy', new Retry(), { failures: 2 }, { kind: 'retry' }],
    ['and not four', new Retry(), { failures: 3 }, { kind: 'fail' }],
    ['its own max without a policy', new Retry({ max: 5 }), { failures: 4 }, { kind: 'retry' }],
    ['and no more', new Retry({ max: 5 }), { failures: 5 }, { kind: 'fail' }],
    ["the job's max over its own", new Retry({ max: 5 }), { policy: once, failures: 1 }, { kind: 'fail' }],
    ['a delay that cannot be read', new Retry({ delay: 'soon' }), { policy: once }, { kind: 'retry', delayMs: 50 }],
    ['a max that makes no sense', new Retry({ max: Number.NaN }), { failures: 2 }, { kind: 'retry' }],
    ['a max without end', new Retry({ max: Number.POSITIVE_INFINITY }), { failures: 1_000 }, { kind: 'fail' }],
    ['max 0', new Retry({ max: 0 }), {}, { kind: 'fail' }],
    ['a job that said retry: 0', new Retry({ max: 5 }), { policy: { max: 0 } }, { kind: 'fail' }],
  ]
  test.each(asked)('Retry: %s', (_, error, given, expected) => {
    expect(decide({ ...given, error })).toMatchObject(expected)
  })

  test('a Retry out of budget fails with its cause, else with itself', () => {
    expect(decide({ error: new Retry({ cause: boom }), failures: 3 })).toEqual({ kind: 'fail', error: boom })
    const bare = new Retry()
    expect(decide({ error: bare, failures: 3 })).toEqual({ kind: 'fail', error: bare })
  })

  test('a Retry of another copy of the library counts too', () => {
    expect(decide({ error: Object.assign(new Error('again'), { code: 'RQTS_RETRY', delay: 7 }) })).toMatchObject({
      kind: 'retry',
      delayMs: 7,
    })
  })

  test.each<RqtsErrorCode>([
    'RQTS_BAD_ARGS',
    'RQTS_BAD_PAYLOAD',
    'RQTS_PAYLOAD_TOO_LARGE',
    'RQTS_RESULT_NOT_STORED',
    'RQTS_CORRUPT',
    'RQTS_UNKNOWN_TASK',
  ])('%s is not tried again', (code) => {
    const error = new RqtsError(code, 'x')
    expect(decide({ error, policy: { max: 9 } })).toEqual({ kind: 'fail', error })
  })

  test.each<RqtsErrorCode>(['RQTS_TIMEOUT', 'RQTS_REDIS_UNAVAILABLE', 'RQTS_ABORTED'])('%s is', (code) => {
    expect(decide({ error: new RqtsError(code, 'x'), policy: once })).toMatchObject({ kind: 'retry' })
  })

  test('getters that throw do not matter', () => {
    const error = new Proxy(
      {},
      {
        get: () => {
          throw boom
        },
      },
    )
    expect(decide({ error, policy: once })).toMatchObject({ kind: 'retry', delayMs: 50 })
  })

  test('there are never more retries than max', () => {
    const errors = fc.oneof(
      fc.constant(boom),
      fc.record({ max: fc.integer({ max: 20 }), delay: fc.oneof(fc.nat(1e6), fc.string()) }).map((options) => new Retry(options)),
    )
    fc.assert(
      fc.property(fc.option(fc.nat(20), { nil: undefined }), fc.array(errors, { minLength: 30, maxLength: 30 }), (max, thrown) => {
        const retries = thrown.findIndex(
          (error, failures) => decide({ error, failures, ...(max !== undefined && { policy: { max } }) }).kind === 'fail',
        )
        expect(retries).toBeGreaterThanOrEqual(0)
        expect(retries).toBeLessThanOrEqual(max ?? 20)
        if (max !== undefined) expect(retries).toBe(max)
      }),
    )
  })
})
