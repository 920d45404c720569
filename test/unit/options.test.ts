import { describe, expect, test } from 'vitest'
import { DEFAULT_TIMEOUT_MS, type JobOptions, normalizeOptions } from '../../lib/job/options.ts'
import { jobOptions } from '../../lib/task/job-options.ts'
import { defineTask, definitionOfTask } from '../../lib/task/task.ts'

const plain = { timeoutMs: DEFAULT_TIMEOUT_MS, parents: [], allowFailure: false, atFront: false, ifExists: 'error' }

describe('normalizeOptions', () => {
  test.each<[string, JobOptions | undefined, object]>([
    ['nothing', undefined, {}],
    ['an empty object', {}, {}],
    ['undefined values', { timeout: undefined, ttl: undefined } as unknown as JobOptions, {}],
    [
      'durations',
      { timeout: '5s', ttl: 3, resultTtl: 0, failureTtl: '1d' },
      { timeoutMs: 5_000, ttlMs: 3, resultTtlMs: 0, failureTtlMs: 86_400_000 },
    ],
    ['without end', { timeout: -1, resultTtl: Number.POSITIVE_INFINITY, ttl: -1 }, { timeoutMs: -1, resultTtlMs: -1 }],
    ['a time', { runAt: new Date(7) }, { runAtMs: 7 }],
    ['a bare parent', { dependsOn: 'a' }, { parents: [{ id: 'a' }] }],
    ['parents, each once', { dependsOn: ['a', { id: 'b', queue: 'q' }, 'a'] }, { parents: [{ id: 'a' }, { id: 'b', queue: 'q' }] }],
    [
      'parents with rules',
      { dependsOn: { jobs: ['a'], allowFailure: true, atFront: true } },
      { parents: [{ id: 'a' }], allowFailure: true, atFront: true },
    ],
    [
      'atFront of the job or of its dependency',
      { atFront: true, dependsOn: { jobs: 'a', atFront: false } },
      { parents: [{ id: 'a' }], atFront: true },
    ],
    ['repeat', { repeat: { times: 2, every: '1s' } }, { repeat: { times: 2, everyMs: 1_000 } }],
    ['a concurrency key', { concurrencyKey: 'tenant 42' }, { concurrencyKey: 'tenant 42' }],
    ['a priority', { priority: -9 }, { priority: -9 }],
    ['priority 0, which all have', { priority: 0 }, {}],
    ['unique', { unique: true }, { unique: { mode: 'reject' } }],
    ['not unique', { unique: false }, {}],
    ['unique in full', { unique: { key: 'k', ttl: '1s', mode: 'replace' } }, { unique: { key: 'k', ttlMs: 1_000, mode: 'replace' } }],
    ['no retry, which is more than none said', { retry: 0 }, { retry: { max: 0 } }],
    ['retry', { retry: { max: 2, delay: 5 } }, { retry: { max: 2, delayMs: 5 } }],
    [
      'the rest',
      { jobId: 'x', description: 'd', meta: { a: 1 }, ifExists: 'return', tags: ['a', 'b', 'a'] },
      { jobId: 'x', description: 'd', meta: { a: 1 }, ifExists: 'return', tags: ['a', 'b'] },
    ],
  ])('%s', (_, options, expected) => {
    expect(normalizeOptions(options)).toEqual({ ...plain, ...expected })
  })

  test.each<[string, unknown, string, RegExp]>([
    ['a misspelt option', { timout: 1 }, 'RQTS_BAD_OPTION', /Unknown job option 'timout'; known are jobId, /],
    ['no object', 5, 'RQTS_BAD_OPTION', /options must be an object/],
    ['null', null, 'RQTS_BAD_OPTION', /options must be an object/],
    ['a bad id', { jobId: 'a b' }, 'RQTS_BAD_ID', /job id/],
    ['a timeout of 0', { timeout: 0 }, 'RQTS_BAD_DURATION', /timeout/],
    ['a ttl of 0', { ttl: 0 }, 'RQTS_BAD_DURATION', /ttl/],
    ['delay and runAt', { delay: 1, runAt: 1 }, 'RQTS_BAD_OPTION', /one at a time/],
    ['a bad date', { runAt: 'tomorrow' }, 'RQTS_BAD_DATE', /runAt/],
    ['a parent that is none', { dependsOn: [{}] }, 'RQTS_BAD_OPTION', /dependsOn must be a Job, a job id/],
    ['too many parents', { dependsOn: Array.from({ length: 1_001 }, (__, i) => `j${i}`) }, 'RQTS_BAD_OPTION', /at most 1000/],
    ['maxWait without replace', { unique: { key: 'k', maxWait: 1 } }, 'RQTS_BAD_OPTION', /'replace' with maxWait/],
    ['throttle with replace', { unique: { key: 'k', throttle: 1, mode: 'replace' } }, 'RQTS_BAD_OPTION', /with throttle/],
    ['no further run', { repeat: { times: 0 } }, 'RQTS_BAD_OPTION', /repeat\.times must be a whole number from 1/],
    ['a pause of no length', { repeat: { times: 1, every: 'x' } }, 'RQTS_BAD_DURATION', /repeat\.every/],
    ['an empty concurrency key', { concurrencyKey: '' }, 'RQTS_BAD_OPTION', /concurrencyKey/],
    ['a priority beyond 9', { priority: 10 }, 'RQTS_BAD_OPTION', /priority must be a whole number from -9 to 9/],
    ['half a priority', { priority: 0.5 }, 'RQTS_BAD_OPTION', /priority/],
    ['atFront as text', { atFront: 'yes' }, 'RQTS_BAD_OPTION', /true or false/],
    ['meta as a list', { meta: [] }, 'RQTS_BAD_OPTION', /meta must be an object/],
    ['a bad unique mode', { unique: { mode: 'x' } }, 'RQTS_BAD_OPTION', /unique\.mode/],
    ['half a character in a unique key', { unique: { key: 'a\ud800' } }, 'RQTS_BAD_OPTION', /unique\.key must be .* surrogate pair/],
    ['half a character in a concurrency key', { concurrencyKey: '\udc00a' }, 'RQTS_BAD_OPTION', /concurrencyKey must be .* surrogate pair/],
    ['an empty unique key', { unique: { key: '' } }, 'RQTS_BAD_OPTION', /unique\.key/],
    ['a bad ifExists', { ifExists: 'ignore' }, 'RQTS_BAD_OPTION', /ifExists/],
    ['a bad tag', { tags: ['a b'] }, 'RQTS_BAD_NAME', /tag name/],
    ['too many tags', { tags: Array.from({ length: 51 }, () => 'a') }, 'RQTS_BAD_OPTION', /at most 50/],
    ['a backoff function', { retry: { max: 1, backoff: () => 1 } }, 'RQTS_BAD_OPTION', /only in task/],
  ])('refuses %s', (_, options, code, message) => {
    expect(() => normalizeOptions(options as JobOptions)).toThrow(
      expect.objectContaining({ code, message: expect.stringMatching(message) as string }),
    )
  })
})

describe('jobOptions', () => {
  const definition = definitionOfTask(defineTask({ name: 't', timeout: '5s', retry: { max: 2, backoff: (n) => n } }, () => 1))!

  test('the job wins over its task, the task over its queue', () => {
    expect(jobOptions()).toEqual(plain)
    expect(jobOptions(definition)).toEqual({ ...plain, timeoutMs: 5_000, retry: { max: 2, backoff: 'task' } })
    expect(jobOptions(definition, { timeout: 1, ttl: 2 })).toMatchObject({ timeoutMs: 5_000, ttlMs: 2 })
    expect(jobOptions(definition, { timeout: 1 }, { timeout: 9, retry: 1 })).toEqual({ ...plain, timeoutMs: 9, retry: { max: 1 } })
    expect(jobOptions(undefined, { ttl: 2 }, { timeout: 9 })).toMatchObject({ timeoutMs: 9, ttlMs: 2 })
    expect(jobOptions(definition, undefined, { retry: 0 }).retry).toEqual({ max: 0 })
  })

  test('undefined hides nothing, delay and runAt replace each other', () => {
    expect(jobOptions(definition, { ttl: 2 }, { timeout: undefined, ttl: undefined } as unknown as JobOptions)).toMatchObject({
      timeoutMs: 5_000,
      ttlMs: 2,
    })
    expect(jobOptions(undefined, { delay: 5 }, { runAt: 7 })).toEqual({ ...plain, runAtMs: 7 })
    expect(jobOptions(undefined, { runAt: 7 }, { delay: 5 })).toEqual({ ...plain, delayMs: 5 })
    expect(() => jobOptions(undefined, { ttl: 1 }, { delay: 5, runAt: 7 })).toThrow(/one at a time/)
  })

  test('only the task itself may bring a backoff function', () => {
    const retry = { max: 2, backoff: () => 1 } as never
    expect(() => jobOptions(definition, undefined, { retry })).toThrow(/only in task/)
    expect(() => jobOptions(undefined, { retry }, {})).toThrow(/only in task/)
    expect(() => jobOptions(definition, undefined, 5 as never)).toThrow(/must be an object/)
  })
})
