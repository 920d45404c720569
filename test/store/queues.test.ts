import { afterEach, describe, expect, test } from 'vitest'
import { findJob, readJobs } from '../../lib/store/jobs.ts'
import type { Container, RegistryName } from '../../lib/store/keys.ts'
import { isIn, isPaused, listIds, pauseQueue, position, queueNames, resumeQueue, scanJobIds, scanQueue } from '../../lib/store/queues.ts'
import { checkInvariants } from '../../lib/testing/invariants.ts'
import { YEAR } from '../support/calls.ts'
import { digest, wipe } from '../support/keyspace.ts'
import { type State, seed, snapshot } from '../support/state.ts'
import { storeOfFile } from '../support/table.ts'

const state: State = {
  queue: ['a', 'b', 'c'],
  started: { d: '-20s', e: '+20s' },
  finished: { f: '-20s', g: '+20s', h: '+60s', i: 'forever' },
  failed: { j: YEAR },
  'expiry:queued': { b: '-20s' },
  jobs: { f: null, j: { status: 'stopped' }, b: { ttl: '1', expires_at: '-20s' } },
}

describe('reading changes nothing', () => {
  const store = storeOfFile()
  const reading = async (read: () => Promise<unknown>): Promise<unknown> => {
    await seed(store(), 'q', state, await store().now())
    const before = await digest(store())
    const result = await read()
    expect(await digest(store())).toBe(before)
    expect(await checkInvariants(store(), { queues: ['q'] })).toEqual([])
    return result
  }
  afterEach(() => wipe(store()))

  const lists: [Container, { offset?: number; count?: number; desc?: boolean }, string[]][] = [
    ['queue', {}, ['a', 'b', 'c']],
    ['queue', { offset: 1, count: 1 }, ['b']],
    ['queue', { offset: 9 }, []],
    ['queue', { count: 0 }, []],
    ['started', {}, ['d', 'e']],
    ['finished', {}, ['g', 'h', 'i']],
    ['finished', { desc: true, count: 2 }, ['i', 'h']],
    ['finished', { offset: 1, count: 1 }, ['h']],
    ['canceled', {}, []],
  ]
  test.each(lists)('ids of %s, %o', async (container, range, ids) => {
    expect(await reading(() => listIds(store(), 'q', container, range))).toEqual(ids)
  })

  const places: [RegistryName, string, boolean][] = [
    ['started', 'd', true],
    ['finished', 'f', false],
    ['finished', 'i', true],
    ['failed', 'a', false],
  ]
  test.each(places)('is in %s: %s', async (registry, id, is) => expect(await reading(() => isIn(store(), 'q', registry, id))).toBe(is))

  test('positions', async () => {
    expect(await reading(() => Promise.all(['a', 'c', 'd'].map((id) => position(store(), 'q', id))))).toEqual([0, 2, null])
  })

  test('jobs, as time has them now; what is no job is null', async () => {
    const ids = ['a', 'b', 'd', 'j', 'gone', 'bad']
    const read = async () => {
      const jobs = await readJobs(
        store(),
        ids.map((id) => ({ queue: 'q', id })),
      )
      return jobs.map((job) => job?.status ?? null)
    }
    await store().client.call('SET', store().keys.job('q', 'bad'), 'text')
    await seed(store(), 'q', state, await store().now())
    expect(await read()).toEqual(['queued', 'expired', 'started', 'stopped', null, null])
    expect(await readJobs(store(), [])).toEqual([])
  })

  test('the queue that holds a job', async () => {
    expect(await reading(() => findJob(store(), 'a', ['p', 'q', 'r']))).toEqual({ queue: 'q', id: 'a' })
    expect(await findJob(store(), 'gone', ['p', 'q'])).toBe(null)
    expect(await findJob(store(), 'a', [])).toBe(null)
  })

  test('scanning finds the jobs of this queue only', async () => {
    await seed(store(), 'qq', { queue: ['x'] }, await store().now())
    await seed(store(), 'q*', { queue: ['y'] }, await store().now())
    expect(((await reading(() => scanJobIds(store(), 'q'))) as string[]).sort()).toEqual(['a', 'b', 'c', 'd', 'e', 'g', 'h', 'i', 'j'])
    expect((await scanQueue(store(), 'q*')).sort()).toEqual(['job:y', 'meta', 'queue'])
  })
})

describe('pausing', () => {
  const store = storeOfFile()
  afterEach(() => wipe(store()))

  test('is noted in the queue, which is listed; said twice it is the same', async () => {
    for (let i = 0; i < 2; i++) {
      await pauseQueue(store(), 'q')
      expect([await isPaused(store(), 'q'), await queueNames(store())]).toEqual([true, ['q']])
    }
  })

  test('ends with one marker, however often it is said', async () => {
    const now = await store().now()
    await seed(store(), 'q', { queue: ['a'], wake: 1, meta: { version: '1', paused: '1' } }, now)
    for (let i = 0; i < 2; i++) {
      await resumeQueue(store(), 'q')
      expect(await isPaused(store(), 'q')).toBe(false)
      expect((await snapshot(store(), 'q', now)).wake).toBe(1)
    }
  })
})
