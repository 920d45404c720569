import { describe, expect, test } from 'vitest'
import { note, replaceMeta } from '../../lib/store/jobs.ts'
import type { Arg } from '../../lib/store/redis.ts'
import { attempt, type Call, YEAR } from '../support/calls.ts'
import { wipe } from '../support/keyspace.ts'
import { listen } from '../support/listen.ts'
import { seed, snapshot } from '../support/state.ts'
import { storeOfFile, table } from '../support/table.ts'

const noted =
  (...args: Arg[]): Call =>
  (store) =>
    store.run('note', 'q', ['a', ...args])
const progress = (text: string, token = 'T') => noted(token, 'progress', text, 3)
const log = (text: string, line: string, token = 'T') => noted(token, 'log', text, 3, line)
const meta =
  (text: string, before: string | undefined, token = 'T'): Call =>
  (store) =>
    replaceMeta(store, attempt('a', { token }), before, text)

describe('written', () => {
  table([
    {
      name: 'progress',
      given: { started: { a: '+60s' } },
      call: progress('50'),
      returns: 1,
      after: { started: { a: '+60s' }, jobs: { a: { progress: '50' } } },
    },
    {
      name: 'the first log line',
      given: { started: { a: '+60s' } },
      call: log('one', 'W:1'),
      returns: 1,
      after: { started: { a: '+60s' }, jobs: { a: { flags: 'x', logged: 'W:1', logs: ['one'] } } },
    },
    {
      name: 'further log lines, the oldest go',
      given: { started: { a: '+60s' }, jobs: { a: { flags: 'mx', logged: 'W:3', logs: ['1', '2', '3'] } } },
      call: log('4', 'W:4'),
      returns: 1,
      after: { started: { a: '+60s' }, jobs: { a: { flags: 'mx', logged: 'W:4', logs_cut: '1', logs: ['2', '3', '4'] } } },
    },
    {
      name: 'a log line of another process, or of one that was counted anew',
      given: { started: { a: '+60s' }, jobs: { a: { flags: 'x', logged: 'W:9', logs: ['1'] } } },
      call: log('2', 'V:1'),
      returns: 1,
      after: { started: { a: '+60s' }, jobs: { a: { flags: 'x', logged: 'V:1', logs: ['1', '2'] } } },
    },
    {
      name: 'a log line that was sent before, even if others have come since',
      given: { started: { a: '+60s' }, jobs: { a: { flags: 'x', logged: 'W:9', logs: ['8', '9'] } } },
      call: log('8', 'W:8'),
      returns: 1,
      after: 'unchanged',
    },
    {
      name: 'a log line of an ended job, from outside: it dies with the job',
      given: { failed: { a: '+60s' } },
      call: log('late', 'W:1', ''),
      returns: 1,
      after: { failed: { a: '+60s' }, jobs: { a: { flags: 'x', logged: 'W:1', logs: ['late'] } } },
    },
    {
      name: 'the first meta',
      given: { started: { a: '+60s' }, jobs: { a: { flags: 'w' } } },
      call: meta('{"n":1}', undefined),
      returns: true,
      after: { started: { a: '+60s' }, jobs: { a: { flags: 'wm', meta: '{"n":1}' } } },
    },
    {
      name: 'meta in place of what was read',
      given: { queue: ['a'], jobs: { a: { flags: 'm', meta: '{"n":1}' } } },
      call: meta('{"n":2}', '{"n":1}', ''),
      returns: true,
      after: { queue: ['a'], jobs: { a: { flags: 'm', meta: '{"n":2}' } } },
    },
  ])
})

describe('refused', () => {
  const stale: [string, Call, unknown][] = [
    ['progress', progress('50'), 0],
    ['log', log('one', 'W:1'), 0],
    ['meta', meta('{}', undefined), false],
  ]
  table([
    ...stale.flatMap(([kind, call, returns]) => [
      {
        name: `${kind}: another attempt has the job`,
        given: { started: { a: '+60s' }, jobs: { a: { token: 'other' } } },
        call,
        returns,
        after: 'unchanged' as const,
      },
      { name: `${kind}: the job has ended`, given: { finished: { a: '+60s' } }, call, returns, after: 'unchanged' as const },
      {
        name: `${kind}: the job waits again`,
        given: { queue: ['a'], jobs: { a: { token: 'T' } } },
        call,
        returns,
        after: 'unchanged' as const,
      },
      { name: `${kind}: the job is gone`, given: {}, call, returns, after: 'unchanged' as const },
      {
        name: `${kind}: the key is no job`,
        given: { wrong: { 'job:a': 'text' } },
        call,
        returns: 'RQTS_REDIS_ERROR',
        after: 'unchanged' as const,
        broken: true as const,
      },
    ]),
    { name: 'from outside, of a job that is gone', given: {}, call: meta('{}', undefined, ''), returns: false, after: 'unchanged' },
    {
      name: 'meta that somebody else has written in between',
      given: { started: { a: '+60s' }, jobs: { a: { flags: 'm', meta: '{"n":7}' } } },
      call: meta('{"n":2}', '{"n":1}'),
      returns: { now: '{"n":7}' },
      after: 'unchanged',
    },
    {
      name: 'meta that was there and is not',
      given: { started: { a: '+60s' } },
      call: meta('{"n":2}', '{"n":1}'),
      returns: { now: undefined },
      after: 'unchanged',
    },
  ])
})

describe('as a worker calls it', () => {
  const store = storeOfFile()

  test('lines of one process are counted, a line logged twice is there twice, watchers hear all', async () => {
    const now = await store().now()
    await seed(store(), 'q', { started: { a: '+60s' }, failed: { b: YEAR }, jobs: { a: { flags: 'w' } } }, now)
    const news = await listen(store(), [store().keys.job('q', 'a')])
    for (const text of ['same', 'same']) expect(await note(store(), attempt('a'), 'log', text)).toBe(true)
    expect(await note(store(), attempt('a'), 'progress', '0.5')).toBe(true)
    expect(await replaceMeta(store(), attempt('a'), undefined, '{}')).toBe(true)
    expect(await note(store(), attempt('b'), 'progress', '0.5')).toBe(false)
    expect([await news.next(), await news.next(), await news.next(), await news.next()]).toEqual([
      'log\nsame',
      'log\nsame',
      'progress\n0.5',
      'meta\n{}',
    ])
    expect((await snapshot(store(), 'q', now)).jobs['a']!.logs).toEqual(['same', 'same'])
    news.close()
    await wipe(store())
  })
})
