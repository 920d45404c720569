import { describe, expect, test, vi } from 'vitest'
import { enqueueJobs, type NewJob } from '../../lib/store/enqueue.ts'
import { checkInvariants } from '../../lib/testing/invariants.ts'
import { newJob } from '../support/calls.ts'
import { digest, wipe } from '../support/keyspace.ts'
import { seed } from '../support/state.ts'
import { storeOfFile } from '../support/table.ts'

describe('limits', () => {
  const store = storeOfFile()

  test('five thousand plain jobs in one call keep their order', async () => {
    const ids = Array.from({ length: 5_000 }, (_, i) => `j${i}`)
    const { outcomes } = await enqueueJobs(
      store(),
      'q',
      ids.map((id) => newJob(id)),
      false,
    )
    expect(outcomes.every((outcome) => outcome.kind === 'created')).toBe(true)
    expect(await store().client.call('LRANGE', store().keys.container('q', 'queue'), 0, -1)).toEqual(ids)
    const again = await enqueueJobs(
      store(),
      'q',
      ids.map((id) => newJob(id)),
      true,
    )
    expect(again.outcomes).toEqual(outcomes)
    expect(await store().client.call('LLEN', store().keys.container('q', 'queue'))).toBe(5_000)
    await wipe(store())
  })

  test('jobs of several tasks and timeouts, with and without options, all find their own, also when the call is repeated', async () => {
    const jobs = Array.from({ length: 2_500 }, (_, i) => {
      const [task, timeout] = [`task${Math.floor(i / 3) % 4}`, String(1_000 + (i % 2))]
      const plain = ['task', task, 'args', `[${i}]`, 'timeout', timeout]
      return { id: `j${i}`, fields: i % 7 === 0 ? [...plain, 'description', 'd'] : plain }
    })
    const stored = async (): Promise<unknown[]> =>
      await Promise.all(
        jobs.map(({ id }) => store().client.call('HMGET', store().keys.job('q', id), 'task', 'args', 'timeout', 'description')),
      )
    const expected = jobs.map(({ fields }) => [fields[1], fields[3], fields[5], fields[7] ?? null])
    for (const some of [jobs.filter(({ fields }) => fields.length === 6), jobs, jobs]) {
      const { outcomes } = await enqueueJobs(store(), 'q', some, true)
      expect(outcomes).toEqual(some.map(() => ({ kind: 'created', status: 'queued' })))
    }
    expect(await stored()).toEqual(expected)
    expect(await store().client.call('LLEN', store().keys.container('q', 'queue'))).toBe(jobs.length)
    await wipe(store())
  })

  test('a call of many has more time to be answered than a call of few', async () => {
    const run = vi.spyOn(store().client, 'run').mockResolvedValue([0, 1])
    const deadlineOf = async (count: number): Promise<unknown> => {
      await enqueueJobs(store(), 'q', new Array<NewJob>(count).fill(newJob('a')), false)
      return run.mock.calls.at(-1)![3]
    }
    expect([await deadlineOf(1), await deadlineOf(999), await deadlineOf(10_000)]).toEqual([5_000, 5_000, 15_000])
    run.mockRestore()
  })

  test('three thousand with more fields', async () => {
    const ids = Array.from({ length: 3_000 }, (_, i) => `j${i}`)
    await enqueueJobs(
      store(),
      'q',
      ids.map((id) => newJob(id, undefined, { description: 'd' })),
      true,
    )
    expect(await store().client.call('LRANGE', store().keys.container('q', 'queue'), 0, -1)).toEqual(ids)
    expect(await checkInvariants(store(), { queues: ['q'] })).toEqual([])
    await wipe(store())
  })

  test('a queue that was born in a call whose reply was lost is listed by the next one', async () => {
    await seed(store(), 'q', { meta: { version: '1' } }, await store().now())
    await enqueueJobs(store(), 'q', [newJob('a')], false)
    expect(await store().client.call('SISMEMBER', store().keys.queues, 'q')).toBe(1)
    await enqueueJobs(store(), 'q', [newJob('b')], false)
    expect(await store().client.call('HGET', store().keys.queuePart('q', 'meta'), 'listed')).toBe('1')
    await wipe(store())
    expect(await digest(store())).toBe('[]')
  })
})
