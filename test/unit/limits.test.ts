import { describe, expect, test } from 'vitest'
import { type LimitChanges, normalizeLimits } from '../../lib/job/limits.ts'

describe('normalizeLimits', () => {
  test.each<[string, LimitChanges | null, object | null]>([
    ['the end of all', null, null],
    ['nothing', {}, {}],
    [
      'all there is',
      {
        concurrency: 2,
        rate: { max: 100, per: '1m' },
        tasks: { a: { concurrency: 1 }, b: { rate: { max: 1, per: 5 } } },
        perKey: 3,
        keys: { 'tenant 42': 4 },
      },
      {
        concurrency: 2,
        rate: { max: 100, per: 60_000 },
        tasks: { a: { concurrency: 1 }, b: { rate: { max: 1, per: 5 } } },
        perKey: 3,
        keys: { 'tenant 42': 4 },
      },
    ],
    [
      'the end of each',
      { concurrency: null, rate: null, tasks: null, perKey: null, keys: null },
      { concurrency: null, rate: null, tasks: null, perKey: null, keys: null },
    ],
    ['the end of some', { tasks: { a: null }, keys: { k: null } }, { tasks: { a: null }, keys: { k: null } }],
  ])('%s', (_, given, expected) => {
    expect(normalizeLimits(given)).toEqual(expected)
  })

  test.each<[string, unknown, RegExp]>([
    ['no object', 5, /limits must be an object/],
    ['a misspelt limit', { concurency: 5 }, /Unknown limit 'concurency' in limits; known are concurrency, rate/],
    ['a misspelt limit of a task', { tasks: { a: { per: 5 } } }, /Unknown limit 'per' in tasks\['a'\]/],
    [
      'no concurrency at all',
      { concurrency: 0 },
      /concurrency must be a whole number from 1 .*; null ends a limit, and to stop a queue, pause it; got 0/,
    ],
    ['half a job', { perKey: 0.5 }, /perKey/],
    ['a rate without a time', { rate: { max: 5 } }, /rate\.per/],
    ['a number for a rate', { rate: 5 }, /rate must be \{ max, per \}/],
    ['too high a rate', { rate: { max: 1e6, per: 1 } }, /rate\.max must be a whole number from 1 to 100,000/],
    ['a task without limits', { tasks: { a: {} } }, /tasks\['a'\] must be \{ concurrency, rate \}, or null/],
    ['a bad task name', { tasks: { 'a b': null, '{': { concurrency: 1 } } }, /task/],
    ['a bad key', { keys: { '': 1 } }, /concurrencyKey/],
  ])('%s is refused', (_, given, message) => {
    expect(() => normalizeLimits(given as LimitChanges)).toThrow(message)
  })
})
