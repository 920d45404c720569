import { describe, expect, test } from 'vitest'
import { watchJobs } from '../../lib/store/jobs.ts'
import { type Call, YEAR } from '../support/calls.ts'
import { wipe } from '../support/keyspace.ts'
import { seed } from '../support/state.ts'
import { storeOfFile, table } from '../support/table.ts'

/** Ms left until a ttl, in steps of the table. */
const watch =
  (...ids: string[]): Call =>
  async (store) =>
    (await watchJobs(store, 'q', ids)).map((job) =>
      job?.expiresInMs === undefined ? job : { ...job, expiresInMs: Math.ceil(job.expiresInMs / 20_000) * 20_000 },
    )

describe('watch', () => {
  table([
    { name: 'nothing', given: { queue: ['x'] }, call: watch(), returns: [], after: 'unchanged' },
    {
      name: 'live jobs are marked, once',
      given: {
        queue: ['a'],
        started: { b: '+60s' },
        scheduled: { c: '+60s' },
        jobs: { b: { progress: '5', flags: 'm' }, c: { flags: 'w', error: '{}' } },
      },
      call: watch('a', 'b', 'c'),
      returns: [
        { status: 'queued', ended: false },
        { status: 'started', ended: false, progress: '5' },
        { status: 'scheduled', ended: false, error: '{}' },
      ],
      after: {
        queue: ['a'],
        started: { b: '+60s' },
        scheduled: { c: '+60s' },
        jobs: { a: { flags: 'w' }, b: { progress: '5', flags: 'mw' }, c: { flags: 'w', error: '{}' } },
      },
    },
    {
      name: 'ended jobs are read, and left alone',
      given: {
        finished: { a: '+500s' },
        failed: { b: YEAR, c: YEAR },
        canceled: { d: YEAR, e: YEAR },
        jobs: { a: { result: '42' }, c: { status: 'stopped' }, e: { status: 'expired', reason: 'ttl' } },
      },
      call: watch('a', 'b', 'c', 'd', 'e', 'gone'),
      returns: [
        { status: 'finished', ended: true, result: '42' },
        { status: 'failed', ended: true, error: '{}', reason: 'error' },
        { status: 'stopped', ended: true, error: '{}', reason: 'error' },
        { status: 'canceled', ended: true, reason: 'canceled' },
        { status: 'expired', ended: true, reason: 'ttl' },
        null,
      ],
      after: 'unchanged',
    },
    {
      name: 'a ttl: what is left of it, and what time alone has ended',
      given: {
        queue: ['a', 'b'],
        started: { c: '+60s' },
        'expiry:queued': { a: '+60s', b: '-20s' },
        jobs: { a: { ttl: '1', expires_at: '+60s' }, b: { ttl: '1', expires_at: '-20s' }, c: { ttl: '1', expires_at: '-20s' } },
      },
      call: watch('a', 'b', 'c'),
      returns: [
        { status: 'queued', ended: false, expiresInMs: 60_000 },
        { status: 'expired', ended: true },
        { status: 'started', ended: false },
      ],
      after: {
        queue: ['a', 'b'],
        started: { c: '+60s' },
        'expiry:queued': { a: '+60s', b: '-20s' },
        jobs: {
          a: { ttl: '1', expires_at: '+60s', flags: 'w' },
          b: { ttl: '1', expires_at: '-20s', flags: 'w' },
          c: { ttl: '1', expires_at: '-20s', flags: 'w' },
        },
      },
    },
    {
      name: 'a key that is no job is no job, the others are read',
      given: { queue: ['a'], jobs: { a: { flags: 'w', expires_at: 'soon' } }, wrong: { 'job:b': 'text' } },
      call: watch('b', 'a'),
      returns: [null, { status: 'queued', ended: false }],
      after: 'unchanged',
      broken: true,
    },
  ])

  const store = storeOfFile()

  test('many, in calls of a thousand', async () => {
    const ids = Array.from({ length: 2_500 }, (_, i) => `j${i}`)
    await seed(store(), 'q', { queue: ids }, await store().now())
    const seen = await watchJobs(store(), 'q', [...ids, 'gone'])
    expect(seen.filter((job) => job?.status === 'queued').length).toBe(2_500)
    expect(seen.at(-1)).toBe(null)
    await wipe(store())
  })
})
