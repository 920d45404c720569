import { describe, expect, test } from 'vitest'
import { enqueueJobs } from '../../lib/store/enqueue.ts'
import { cancelJobs, removeJobs } from '../../lib/store/jobs.ts'
import type { Store } from '../../lib/store/store.ts'
import { checkInvariants } from '../../lib/testing/invariants.ts'
import { newJob } from '../support/calls.ts'
import { wipe } from '../support/keyspace.ts'
import { storeOfFile } from '../support/table.ts'

const HOW = { reason: 'canceled', release: false }
const ALL = Array.from({ length: 3_500 }, (_, i) => `j${i}`)

describe('many jobs leave a long list in one call', () => {
  const store = storeOfFile()
  const waiting = async (): Promise<string[]> =>
    (await store().client.call('LRANGE', store().keys.container('q', 'queue'), 0, -1)) as string[]
  const fill = (ids = ALL): Promise<unknown> =>
    enqueueJobs(
      store(),
      'q',
      ids.map((id) => newJob(id)),
      true,
    )
  const changes: [string, (store: Store, ids: readonly string[]) => Promise<unknown[]>, unknown][] = [
    ['canceled', (some, ids) => cancelJobs(some, 'q', ids, HOW), 'queued'],
    ['deleted', (some, ids) => removeJobs(some, 'q', ids, ''), 'deleted'],
  ]
  const choices: [string, string[]][] = [
    ['in their order', ALL.filter((_, i) => i % 7 === 3)],
    ['in the reverse order', ALL.filter((_, i) => i % 7 === 3).reverse()],
    ['at the head', ALL.slice(0, 600)],
    ['at the end', ALL.slice(-600)],
    ['the last, then the first', [ALL.at(-1)!, ...ALL.slice(0, 20)]],
    ['a few', ALL.slice(1_000, 1_005)],
  ]

  for (const [done, change, verdict] of changes) {
    test.each(choices)(`${done}: %s`, async (_, ids) => {
      await fill()
      expect(await change(store(), ids)).toEqual(ids.map(() => verdict))
      const gone = new Set(ids)
      expect(await waiting()).toEqual(ALL.filter((id) => !gone.has(id)))
      expect(await checkInvariants(store(), { queues: ['q'] })).toEqual([])
      await wipe(store())
    })
  }

  test('those of several levels, that wait elsewhere, were canceled before or do not exist are each treated as one alone would be', async () => {
    await fill(ALL.slice(0, 100))
    const urgent = Array.from({ length: 50 }, (_, i) => newJob(`u${i}`, { line: 'l' }, { priority: '3', flags: 'l' }))
    const later = Array.from({ length: 50 }, (_, i) => newJob(`s${i}`, { delay: 60_000 }))
    await enqueueJobs(store(), 'q', [...urgent, ...later], true)
    await cancelJobs(store(), 'q', ['j7'], HOW)
    const ids = [
      ...ALL.slice(0, 40),
      ...urgent.slice(0, 40).map(({ id }) => id),
      ...later.slice(0, 40).map(({ id }) => id),
      'nobody',
      'j50',
      'j50',
    ]
    const expected = ids.map((id, i) => {
      if (id === 'nobody') return null
      if (id === 'j7' || i === ids.length - 1) return 'canceled'
      return id.startsWith('s') ? 'scheduled' : 'queued'
    })
    expect(await cancelJobs(store(), 'q', ids, HOW)).toEqual(expected)
    expect(await waiting()).toEqual(ALL.slice(40, 100).filter((id) => id !== 'j50'))
    expect(await store().client.call('LLEN', `${store().keys.container('q', 'queue')}:3`)).toBe(10)
    expect(await checkInvariants(store(), { queues: ['q'] })).toEqual([])
    await wipe(store())
  })

  test('one that breaks the call off leaves no hole behind', async () => {
    await fill(ALL.slice(0, 100))
    // Who tells its parents that it has gone finds no list there.
    await store().client.call('HSET', store().keys.job('q', 'j20'), 'flags', 'd')
    await store().client.call('SET', store().keys.queuePart('q', 'outbox'), 'not a list')
    await expect(removeJobs(store(), 'q', ALL.slice(0, 40))).rejects.toMatchObject({ code: 'RQTS_REDIS_ERROR' })
    expect((await waiting()).slice(0, 2)).toEqual(['j21', 'j22'])
    await wipe(store())
  })
})
