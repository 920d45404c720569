import { describe, expect, test } from 'vitest'
import { tick } from '../../lib/store/maintain.ts'
import { type Call, CORRUPT } from '../support/calls.ts'
import { wipe } from '../support/keyspace.ts'
import { seed } from '../support/state.ts'
import { storeOfFile, table } from '../support/table.ts'

const ticked: Call = async (store) => {
  const reply = await tick(store, 'q', 'w', 60_000)
  return reply.nextDueMs === undefined ? reply : { ...reply, nextDueMs: Math.ceil(reply.nextDueMs / 20_000) * 20_000 }
}
const leads = (special: Record<string, unknown> = {}) => ({ leader: true, promoted: 0, outbox: 0, ...special })
const promoted = { enqueued_at: 'now', run_at: '-20s' }

describe('leadership', () => {
  table([
    { name: 'nobody leads: we do', given: {}, call: ticked, returns: leads(), after: { leader: 'w' } },
    {
      name: 'we lead: for longer',
      given: { leader: 'w', dies: { leader: '+20s' } },
      call: ticked,
      returns: leads(),
      after: { leader: 'w' },
    },
    {
      name: 'another leads: nothing is done, however much is due',
      given: { leader: 'v', scheduled: { a: '-20s' }, queue: ['b'], outbox: ['c failed'] },
      call: ticked,
      returns: { leader: false, promoted: 0, outbox: 0, lastsMs: expect.any(Number) },
      after: 'unchanged',
    },
    {
      name: 'a queue of a newer version is led by newer workers',
      given: { meta: { version: '2' }, scheduled: { a: '-20s' } },
      call: ticked,
      returns: 'RQTS_SCHEMA_VERSION',
      after: 'unchanged',
    },
  ])
})

describe('promotion', () => {
  table([
    {
      name: 'what is due, in order of its time, behind those that wait; the next one is announced',
      given: { queue: ['x'], scheduled: { a: '-20s', b: '-40s', c: '+60s', d: '+100s' } },
      call: ticked,
      returns: leads({ promoted: 2, nextDueMs: 60_000 }),
      again: leads({ promoted: 0, nextDueMs: 60_000 }),
      after: {
        queue: ['x', 'b', 'a'],
        scheduled: { c: '+60s', d: '+100s' },
        jobs: { a: promoted, b: { ...promoted, run_at: '-40s' } },
        leader: 'w',
        wake: 1,
      },
    },
    {
      name: 'to the front, if so wished',
      given: { queue: ['x'], scheduled: { a: '-20s' }, jobs: { a: { front: '1' } } },
      call: ticked,
      returns: leads({ promoted: 1 }),
      again: leads(),
      after: { queue: ['a', 'x'], jobs: { a: { ...promoted, front: '1' } }, leader: 'w', wake: 1 },
    },
    {
      name: 'a ttl goes with it, even one that is over: the claim will see',
      given: {
        scheduled: { a: '-20s', b: '-20s' },
        'expiry:scheduled': { a: '+60s', b: '-20s' },
        jobs: { a: { ttl: '120000', expires_at: '+60s' }, b: { ttl: '40000', expires_at: '-20s' } },
      },
      call: ticked,
      returns: leads({ promoted: 2, late: true }),
      again: leads({ late: true }),
      after: {
        queue: ['a', 'b'],
        'expiry:queued': { a: '+60s', b: '-20s' },
        jobs: { a: { ...promoted, ttl: '120000', expires_at: '+60s' }, b: { ...promoted, ttl: '40000', expires_at: '-20s' } },
        leader: 'w',
        wake: 1,
      },
    },
    {
      name: 'a paused queue: promoted, but nobody is called',
      given: { meta: { version: '1', paused: '1' }, queue: ['x'], scheduled: { a: '-20s' } },
      call: ticked,
      returns: leads({ promoted: 1 }),
      again: leads(),
      after: { meta: { version: '1', paused: '1' }, queue: ['x', 'a'], jobs: { a: promoted }, leader: 'w' },
    },
    {
      name: 'a lost marker is put back, messages in the outbox are counted',
      given: { queue: ['x'], outbox: ['a failed', 'b finished'] },
      call: ticked,
      returns: leads({ outbox: 2 }),
      after: { queue: ['x'], outbox: ['a failed', 'b finished'], leader: 'w', wake: 1 },
    },
    {
      name: 'an entry whose job is gone, waits elsewhere, runs, or is none',
      given: {
        scheduled: { gone: '-20s', q: '-20s', s: '-20s', bad: '-20s' },
        jobs: { gone: null, q: { status: 'queued' }, s: { status: 'started', token: 'T', worker: 'w', started_at: '-20s', attempt: '1' } },
        wrong: { 'job:bad': 'text' },
      },
      call: async (store) => {
        await store.client.call('RPUSH', store.keys.container('q', 'queue'), 'q')
        await store.client.call('ZADD', store.keys.container('q', 'started'), 10_000_000_000_000, 's')
        return await ticked(store)
      },
      returns: leads({ promoted: 4 }),
      once: true,
      broken: true,
      after: {
        queue: ['q'],
        started: { s: expect.any(String) as unknown as string },
        jobs: { q: { run_at: '-20s', enqueued_at: null }, s: { run_at: '-20s', enqueued_at: null } },
        wrong: { 'corrupt:bad': 'text' },
        leader: 'w',
        wake: 1,
      },
    },
    {
      name: 'an entry whose job says that it waits elsewhere, and does not',
      given: { scheduled: { a: '-20s' }, jobs: { a: { status: 'queued', failure_ttl: '60000' } } },
      call: ticked,
      returns: leads({ promoted: 1 }),
      again: leads(),
      after: {
        failed: { a: '+60s' },
        jobs: {
          a: {
            ...CORRUPT,
            enqueued_at: null,
            run_at: '-20s',
            failure_ttl: '60000',
          },
        },
        leader: 'w',
      },
    },
  ])

  const store = storeOfFile()

  test('250 a call, of 750 with the same time; each once', async () => {
    const ids = Array.from({ length: 750 }, (_, i) => `j${String(i).padStart(5, '0')}`)
    await seed(store(), 'q', { scheduled: Object.fromEntries(ids.map((id) => [id, '-20s'])) }, await store().now())
    for (let left = 3; left > 0; left--) {
      const reply = await tick(store(), 'q', 'w', 60_000)
      expect([reply.promoted, reply.nextDueMs]).toEqual([250, left > 1 ? 0 : undefined])
    }
    expect(await store().client.call('LRANGE', store().keys.container('q', 'queue'), 0, -1)).toEqual(ids)
    await wipe(store())
  })
})
