import { describe, expect, test } from 'vitest'
import { cancelJob, removeJobs, requeueJob } from '../../lib/store/jobs.ts'
import { idsNow, positionNow, removeAll } from '../../lib/store/listing.ts'
import { sweep, tick } from '../../lib/store/maintain.ts'
import { forgetQueue, listIds, summarize } from '../../lib/store/queues.ts'
import {
  claimed,
  claimJobs,
  enqueue,
  enqueueEach,
  fresh,
  line,
  lost,
  newJob,
  release,
  retry,
  running,
  settled,
  settleJobs,
  YEAR,
} from '../support/calls.ts'
import { wipe } from '../support/keyspace.ts'
import { type JobSpec, type State, seed } from '../support/state.ts'
import { storeOfFile, table } from '../support/table.ts'

const leveled = (priority: number, special: JobSpec = {}): JobSpec => ({ priority, flags: 'l', ...special })
const meta = (levels?: string) => ({ version: '1', listed: '1', ...(levels !== undefined && { levels }) })
const job = (id: string, priority: number, control: object = {}) =>
  newJob(id, { line: 'l', ...control }, { priority: String(priority), flags: 'l' })
const low = { priority: '-2', flags: 'l' }

/** Jobs above, at and below level 0. */
const mixed: State = {
  queue: ['c', 'd'],
  levels: { 9: ['a'], 2: ['b'], [-1]: ['e'] },
  jobs: { a: leveled(9), b: leveled(2), e: leveled(-1) },
  meta: meta('9 2 -1'),
}
const born = { kind: 'created', status: 'queued' }

describe('enqueue', () => {
  table([
    {
      name: 'each level has its list, and meta knows them, highest first',
      call: enqueue(job('a', -1), job('b', 9), newJob('c'), job('d', 2), job('e', 9)),
      returns: { now: 'now', outcomes: [born, born, born, born, born] },
      after: {
        queue: ['c'],
        levels: { 9: ['b', 'e'], 2: ['d'], [-1]: ['a'] },
        jobs: { a: leveled(-1, fresh()), b: leveled(9, fresh()), c: fresh(), d: leveled(2, fresh()), e: leveled(9, fresh()) },
        meta: meta('9 2 -1'),
        wake: 1,
      },
      once: true,
    },
    {
      name: 'at the front is before all of its level, and of no other',
      given: mixed,
      call: enqueueEach(job('f', 2, { front: 1 })),
      returns: { now: 'now', outcomes: [born] },
      after: { ...mixed, levels: { ...mixed.levels, 2: ['f', 'b'] }, jobs: { ...mixed.jobs, f: leveled(2, fresh({ front: 1 })) } },
      once: true,
    },
    {
      name: 'delayed: the level waits with it',
      call: enqueueEach(job('a', 3, { delay: 60_000 })),
      returns: { now: 'now', outcomes: [{ kind: 'created', status: 'scheduled' }] },
      after: { scheduled: { a: '+60s' }, jobs: { a: leveled(3, { created_at: 'now' }) } },
      once: true,
    },
  ])
})

describe('claim', () => {
  const five = ['a', 'b', 'c', 'd', 'e']
  const attempt = (id: string) => claimed(id)
  table([
    {
      name: 'higher levels first, then 0, then those below; empty levels are forgotten',
      given: mixed,
      call: claimJobs(9),
      returns: five.map(attempt),
      after: {
        started: Object.fromEntries(five.map((id) => [id, '+60s'])),
        jobs: { a: leveled(9, running()), b: leveled(2, running()), c: running(), d: running(), e: leveled(-1, running()) },
        claims: { w: 'T2 a b c d e' },
      },
    },
    {
      name: 'as many as wanted: what is left keeps its levels, and a worker is told',
      given: mixed,
      call: claimJobs(2),
      returns: ['a', 'b'].map(attempt),
      after: {
        queue: ['c', 'd'],
        levels: { [-1]: ['e'] },
        started: { a: '+60s', b: '+60s' },
        jobs: { a: leveled(9, running()), b: leveled(2, running()), e: leveled(-1) },
        meta: meta('9 2 -1'),
        claims: { w: 'T2 a b' },
        wake: 1,
      },
    },
    {
      name: 'nothing waits: levels that are empty are forgotten',
      given: { meta: meta('9 -1') },
      call: claimJobs(1),
      returns: [],
      after: { meta: meta() },
    },
    {
      name: 'paused: nothing of any level',
      given: { ...mixed, meta: { ...meta('9 2 -1'), paused: '1' } },
      call: claimJobs(9),
      returns: [],
      after: 'unchanged',
    },
  ])
})

describe('the level stays', () => {
  const busy: State = { started: { a: '+60s' }, jobs: { a: leveled(-2) }, levels: { [-2]: ['x'] }, meta: meta('-2') }
  const withX = (state: State): State => ({ ...state, jobs: { ...state.jobs, x: leveled(-2) }, meta: meta('-2') })
  const given = withX(busy)
  const back = (front: boolean, special: JobSpec): State =>
    withX({ levels: { [-2]: front ? ['a', 'x'] : ['x', 'a'] }, jobs: { a: { ...low, token: 'T', attempt: '1', ...special } } })
  table([
    {
      name: 'released',
      given,
      call: settleJobs(release('a')),
      returns: settled(['written']),
      again: settled(['repeated']),
      after: back(true, { attempt: '0' }),
    },
    {
      name: 'tried again at once',
      given,
      call: settleJobs(retry('a', 0)),
      returns: settled(['written']),
      again: settled(['repeated']),
      after: back(false, {
        failures: '1',
        error: '{"name":"E"}',
        flags: 'lx',
        run_at: 'now',
        enqueued_at: 'now',
        attempts: [line('retry', { name: 'E' })],
      }),
    },
    {
      name: 'lost',
      given,
      call: settleJobs(lost('a')),
      returns: settled(['written']),
      again: settled(['repeated']),
      after: back(true, { lost: '1', flags: 'lx', attempts: [line('lost', { name: 'E' })] }),
    },
    {
      name: 'requeued',
      given: withX({ failed: { a: YEAR }, jobs: { a: leveled(-2) }, levels: { [-2]: ['x'] } }),
      call: (store) => requeueJob(store, { queue: 'q', id: 'a' }, 'requeue', false),
      returns: { before: 'failed' },
      again: { before: 'queued' },
      after: back(false, { token: null, enqueued_at: 'now' }),
    },
    {
      name: 'promoted by the clock, into a level of which nobody knew',
      given: { scheduled: { a: '-20s' }, jobs: { a: leveled(4) } },
      call: async (store) => (await tick(store, 'q', 'w', 60_000)).promoted,
      returns: 1,
      again: 0,
      after: {
        levels: { 4: ['a'] },
        jobs: { a: leveled(4, { run_at: '-20s', enqueued_at: 'now' }) },
        meta: meta('4'),
        wake: 1,
        leader: 'w',
      },
    },
  ])
})

describe('out of the list', () => {
  const store = storeOfFile()
  const given = async (state: State = mixed) => await seed(store(), 'q', state, await store().now())
  const ids = () => listIds(store(), 'q', 'queue')

  test('listed, found and counted in the order in which they run', async () => {
    await given()
    expect(await ids()).toEqual(['a', 'b', 'c', 'd', 'e'])
    for (const [offset, count, expected] of [
      [0, 1, ['a']],
      [1, 2, ['b', 'c']],
      [3, 9, ['d', 'e']],
      [2, 0, []],
      [9, 5, []],
    ] as const)
      expect(await idsNow(store(), 'q', 'queue', { offset, count })).toEqual(expected)
    expect(await Promise.all(['a', 'b', 'c', 'd', 'e', 'f'].map((id) => positionNow(store(), 'q', id)))).toEqual([0, 1, 2, 3, 4, null])
    expect((await summarize(store(), ['q']))[0]).toMatchObject({ queued: 5 })
    await wipe(store())
  })

  test('canceled, deleted and emptied at every level', async () => {
    await given()
    await cancelJob(store(), { queue: 'q', id: 'b' }, { reason: 'canceled', release: false })
    expect(await removeJobs(store(), 'q', ['e'])).toEqual(['deleted'])
    expect(await ids()).toEqual(['a', 'c', 'd'])
    expect(await removeAll(store(), 'q', 'queue')).toBe(3)
    expect((await summarize(store(), ['q']))[0]).toMatchObject({ queued: 0, canceled: 1 })
    await wipe(store())
  })

  test('past its ttl a job of any level expires', async () => {
    await given({ ...mixed, 'expiry:queued': { e: '-20s' }, jobs: { ...mixed.jobs, e: leveled(-1, { ttl: '1', expires_at: '-20s' }) } })
    expect((await summarize(store(), ['q']))[0]).toMatchObject({ queued: 4, canceled: 1 })
    await sweep(store(), 'q', 3)
    expect(await ids()).toEqual(['a', 'b', 'c', 'd'])
    await wipe(store())
  })

  test('a queue with a job at any level is not forgotten', async () => {
    await given({ levels: { 5: ['a'] }, jobs: { a: leveled(5) }, meta: meta('5') })
    expect(await forgetQueue(store(), 'q')).toBe(false)
    await removeAll(store(), 'q', 'queue')
    expect(await forgetQueue(store(), 'q')).toBe(true)
    await wipe(store())
  })
})
