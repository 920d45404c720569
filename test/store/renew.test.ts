import { describe, expect, test } from 'vitest'
import { type Attempt, renew } from '../../lib/store/attempts.ts'
import { attempt, type Call } from '../support/calls.ts'
import { wipe } from '../support/keyspace.ts'
import { seed, snapshot } from '../support/state.ts'
import { storeOfFile, table } from '../support/table.ts'

const renewed =
  (...attempts: Attempt[]): Call =>
  (store) =>
    renew(store, 'q', attempts, 60_000)

describe('renew', () => {
  table([
    { name: 'nothing', given: { started: { a: '+20s' } }, call: renewed(), returns: [], after: 'unchanged' },
    {
      name: 'only what is asked for gets a new lease',
      given: { started: { a: '+20s', b: '+20s', c: '+20s' } },
      call: renewed(attempt('a'), attempt('c')),
      returns: ['renewed', 'renewed'],
      after: { started: { a: '+60s', b: '+20s', c: '+60s' } },
    },
    {
      name: 'a lease that has ended, but that nobody has taken back, goes on',
      given: { started: { a: '-20s' } },
      call: renewed(attempt('a')),
      returns: ['renewed'],
      after: { started: { a: '+60s' } },
    },
    {
      name: 'asked to stop',
      given: { started: { a: '+20s' }, jobs: { a: { flags: 'ws' } } },
      call: renewed(attempt('a')),
      returns: ['stop'],
      after: { started: { a: '+60s' }, jobs: { a: { flags: 'ws' } } },
    },
    {
      name: 'another attempt has the job',
      given: { started: { a: '+20s' }, jobs: { a: { token: 'other' } } },
      call: renewed(attempt('a')),
      returns: ['lost'],
      after: 'unchanged',
    },
    { name: 'the job has ended', given: { finished: { a: '+500s' } }, call: renewed(attempt('a')), returns: ['lost'], after: 'unchanged' },
    {
      name: 'the job waits again',
      given: { queue: ['a'], jobs: { a: { token: 'T', attempt: '1' } } },
      call: renewed(attempt('a')),
      returns: ['lost'],
      after: 'unchanged',
    },
    { name: 'the job is gone', given: {}, call: renewed(attempt('a')), returns: ['lost'], after: 'unchanged' },
    {
      name: 'a key that is no job, between two that are',
      given: { started: { a: '+20s', c: '+20s' }, wrong: { 'job:b': 'text' } },
      call: renewed(attempt('a'), attempt('b'), attempt('c')),
      returns: ['renewed', 'lost', 'renewed'],
      after: { started: { a: '+60s', c: '+60s' }, wrong: { 'job:b': 'text' } },
      broken: true,
    },
    {
      name: 'a started job whose lease was lost from the zset is found again',
      given: {
        jobs: { a: { status: 'started', origin: 'q', task: 't', args: '[]', token: 'T', attempt: '1', worker: 'w', started_at: '-20s' } },
      },
      call: renewed(attempt('a')),
      returns: ['renewed'],
      after: { started: { a: '+60s' }, jobs: { a: { timeout: null, created_at: null, enqueued_at: null } } },
    },
    {
      name: 'the zset is none',
      given: { wrong: { started: 'text' } },
      call: renewed(attempt('a')),
      returns: 'RQTS_REDIS_ERROR',
      after: 'unchanged',
      broken: true,
    },
  ])

  const store = storeOfFile()

  test('a thousand leases in one call', async () => {
    const now = await store().now()
    const ids = Array.from({ length: 1_000 }, (_, i) => `j${i}`)
    await seed(store(), 'q', { started: Object.fromEntries(ids.map((id) => [id, '+20s'])) }, now)
    const verdicts = await renew(
      store(),
      'q',
      ids.map((id) => attempt(id)),
      60_000,
    )
    expect(new Set(verdicts)).toEqual(new Set(['renewed']))
    expect(new Set(Object.values((await snapshot(store(), 'q', now)).started))).toEqual(new Set(['+60s']))
    await wipe(store())
  })
})
