import { describe } from 'vitest'
import { summarize } from '../../lib/store/queues.ts'
import { type Call, YEAR } from '../support/calls.ts'
import { table } from '../support/table.ts'

const counts: Call = async (store) => {
  const [summary] = await summarize(store, ['q'])
  const { oldestMs, ...rest } = summary!
  return oldestMs === undefined ? rest : { ...rest, oldestMs: Math.floor(oldestMs / 20_000) * 20_000 }
}
const none = { queued: 0, started: 0, deferred: 0, scheduled: 0, finished: 0, failed: 0, canceled: 0, paused: false, limited: false }
const old = { ttl: '1', expires_at: '-20s' }
const soon = { ttl: '1', expires_at: '+20s' }

describe('counts', () => {
  table([
    { name: 'a queue that was never written', given: { meta: {} }, call: counts, returns: none, after: 'unchanged' },
    {
      name: 'paused',
      given: { meta: { version: '1', paused: '1' } },
      call: counts,
      returns: { ...none, paused: true },
      after: 'unchanged',
    },
    {
      name: 'limited',
      given: { meta: { version: '1', limits: '{}' } },
      call: counts,
      returns: { ...none, limited: true },
      after: 'unchanged',
    },
    {
      name: 'one of each and more',
      given: {
        queue: ['a', 'b'],
        started: { c: '-20s' },
        scheduled: { d: '-20s' },
        deferred: { e: '-20s' },
        finished: { f: '+60s', g: 'forever' },
        failed: { h: YEAR },
        canceled: { i: YEAR },
        jobs: { e: { waits: ['a'] }, a: { flags: 'd', dependents: ['e'], enqueued_at: '-40s' } },
      },
      call: counts,
      returns: { ...none, queued: 2, started: 1, scheduled: 1, deferred: 1, finished: 2, failed: 1, canceled: 1, oldestMs: 40_000 },
      after: 'unchanged',
    },
    {
      name: 'what time alone has changed: past the ttl is canceled, past its retention is gone',
      given: {
        queue: ['a', 'b'],
        scheduled: { c: '+60s', d: '+60s' },
        deferred: { e: '-20s' },
        finished: { f: '-20s' },
        failed: { g: '-20s' },
        canceled: { h: '-20s' },
        'expiry:queued': { a: '-20s', b: '+20s' },
        'expiry:scheduled': { c: '-20s', d: '+20s' },
        'expiry:deferred': { e: '-20s' },
        jobs: { a: old, b: soon, c: old, d: soon, e: { ...old, waits: ['r/p'] }, f: null, g: null, h: null },
        unlinked: ['e'],
      },
      call: counts,
      returns: { ...none, queued: 1, scheduled: 1, canceled: 3, oldestMs: 60_000 },
      after: 'unchanged',
    },
    {
      name: 'a head without a time, or without a job',
      given: { queue: ['a'], jobs: { a: { enqueued_at: 'never' } } },
      call: counts,
      returns: { ...none, queued: 1 },
      after: 'unchanged',
    },
    {
      name: 'a head that is no job',
      given: { queue: ['a'], wrong: { 'job:a': 'text' } },
      call: counts,
      returns: { ...none, queued: 1 },
      after: 'unchanged',
      broken: true,
    },
  ])
})
