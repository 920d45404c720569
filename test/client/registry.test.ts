import { describe, expect, test } from 'vitest'
import { note } from '../../lib/store/jobs.ts'
import { stage } from '../support/stage.ts'
import { codeOf, end, failNext, finishNext, ok, take } from './support.ts'

async function work(..._args: unknown[]): Promise<void> {}

test('ids, count and has of each registry', async () => {
  const { queue, store } = await stage()
  const q = queue()
  const [finished, failed, running, canceled] = await q.enqueueMany([[work], [work], [work], [work]])
  const scheduled = await q.enqueueIn('1h', work)
  const deferred = await q.enqueue(work, [], { dependsOn: running })
  await finishNext(store)
  await failNext(store, new Error('x'))
  await take(store)
  await canceled.cancel()
  const all = { finished, failed, started: running, canceled, scheduled, deferred } as const
  for (const [name, job] of Object.entries(all) as [keyof typeof all, (typeof all)[keyof typeof all]][]) {
    const registry = q.registry(name)
    expect(registry).toMatchObject({ name, queue: 'default' })
    expect(await registry.ids()).toEqual([job.id])
    expect(await registry.count()).toBe(1)
    expect(await registry.has(job)).toBe(true)
    expect(await registry.has(name === 'failed' ? finished.id : failed.id)).toBe(false)
  }
  expect(await q.registry('failed').has('unknown')).toBe(false)
  expect(await codeOf(q.registry('failed').has(await queue('b').enqueue(work)))).toBe('RQTS_BAD_OPTION')
  expect(() => q.registry('queued' as never)).toThrow(/A registry is one of started, finished, .*; got 'queued'/)
})

test('ids come in pages, either way round', async () => {
  const { queue } = await stage()
  const q = queue()
  const jobs = await q.enqueueMany([1, 2, 3, 4, 5].map((n) => [work, [n], { delay: n * 60_000 }] as const))
  const ids = jobs.map(({ id }) => id)
  const registry = q.registry('scheduled')
  expect(await registry.ids()).toEqual(ids)
  expect(await registry.ids(1, 2)).toEqual(ids.slice(1, 3))
  expect(await registry.ids(0, -1, { desc: true })).toEqual([...ids].reverse())
  expect(await registry.ids(1, 2, { desc: true })).toEqual([...ids].reverse().slice(1, 3))
  expect(await registry.ids(3, 0)).toEqual([])
  expect(await registry.ids(9)).toEqual([])
  expect(await codeOf(registry.ids(-1))).toBe('RQTS_BAD_OPTION')
  expect(await codeOf(registry.ids(0, -2))).toBe('RQTS_BAD_OPTION')
})

describe('remove', () => {
  test('deletes what has ended', async () => {
    const { queue, store } = await stage()
    const q = queue()
    const [finished, failed, canceled] = await q.enqueueMany([[work], [work], [work]])
    await finishNext(store)
    await failNext(store, new Error('x'))
    await canceled.cancel()
    expect(await q.registry('failed').remove(finished)).toBe(false)
    for (const [name, job] of [
      ['finished', finished],
      ['failed', failed],
      ['canceled', canceled],
    ] as const) {
      expect(await q.registry(name).remove(job)).toBe(true)
      expect(await job.exists()).toBe(false)
      expect(await q.registry(name).remove(job)).toBe(false)
    }
  })

  test('cancels what waits, and its dependents, or deletes it', async () => {
    const { queue, store } = await stage()
    const q = queue()
    const parent = await q.enqueue(work)
    const [scheduled, scheduledToo] = [await q.enqueueIn('1h', work), await q.enqueueIn('1h', work)]
    const [deferred, deferredToo] = [await q.enqueue(work, [], { dependsOn: parent }), await q.enqueue(work, [], { dependsOn: parent })]
    const child = await queue('b').enqueue(work, [], { dependsOn: scheduled })
    expect(await q.registry('scheduled').remove(scheduled)).toBe(true)
    expect(await q.registry('deferred').remove(deferred.id)).toBe(true)
    expect([(await scheduled.refresh()).status, (await deferred.refresh()).status]).toEqual(['canceled', 'canceled'])
    expect((await child.refresh()).status).toBe('canceled')
    expect(await q.registry('scheduled').remove(scheduledToo, { deleteJob: true })).toBe(true)
    expect(await q.registry('deferred').remove(deferredToo, { deleteJob: true })).toBe(true)
    expect([await scheduledToo.exists(), await deferredToo.exists()]).toEqual([false, false])
    await finishNext(store)
    expect((await deferred.refresh()).status).toBe('canceled')
  })

  test('asks what runs to stop, or deletes it', async () => {
    const { queue, store } = await stage()
    const q = queue()
    const [polite, rude] = await q.enqueueMany([[work], [work]])
    const [first, second] = [await take(store), await take(store)]
    expect(await q.registry('started').remove(polite)).toBe(true)
    expect((await polite.refresh()).status).toBe('started')
    await end(store, ok(first))
    expect((await polite.refresh()).status).toBe('stopped')
    expect(await q.registry('started').remove(rude, { deleteJob: true })).toBe(true)
    expect((await end(store, ok(second))).verdicts).toEqual(['refused'])
    expect(await rude.exists()).toBe(false)
  })
})

describe('requeue', () => {
  test('of a job that has ended, or of a scheduled one', async () => {
    const { queue, store } = await stage()
    const q = queue()
    const [finished, failed] = await q.enqueueMany([[work], [work]])
    const scheduled = await q.enqueueIn('1h', work)
    await finishNext(store)
    await failNext(store, new Error('x'))
    await q.registry('failed').requeue(failed)
    await q.registry('finished').requeue(finished.id, { atFront: true })
    await q.registry('scheduled').requeue(scheduled)
    expect(await q.jobIds()).toEqual([finished.id, failed.id, scheduled.id])
  })

  test('is refused where it makes no sense', async () => {
    const { queue, store } = await stage()
    const q = queue()
    const [job, other] = await q.enqueueMany([[work], [work, [], { unique: { key: 'k' } }]])
    const deferred = await q.enqueue(work, [], { dependsOn: job })
    await take(store)
    expect(await codeOf(q.registry('started').requeue(job))).toBe('RQTS_BAD_STATE')
    expect(await codeOf(q.registry('deferred').requeue(deferred))).toBe('RQTS_BAD_STATE')
    expect(await codeOf(q.registry('deferred').requeueAll())).toBe('RQTS_BAD_STATE')
    expect(await codeOf(q.registry('failed').requeue(job))).toBe('RQTS_BAD_STATE')
    expect(await codeOf(q.registry('failed').requeue('unknown'))).toBe('RQTS_JOB_NOT_FOUND')
    await failNext(store, new Error('x'))
    await q.enqueue(work, [], { unique: { key: 'k' } })
    expect(await codeOf(q.registry('failed').requeue(other))).toBe('RQTS_DUPLICATE_JOB')
    expect(await q.registry('failed').requeueAll()).toBe(0)
  })

  test('all keeps the order in which they ended, however long they are kept', async () => {
    const { queue, store } = await stage()
    const q = queue()
    const ttls = ['1h', Number.POSITIVE_INFINITY, '1m', '2h', '5m'] as const
    const jobs = await q.enqueueMany(ttls.map((failureTtl, i) => [work, [i], { failureTtl }] as const))
    const claimed = [await take(store), await take(store), await take(store), await take(store), await take(store)]
    const ended: string[] = []
    for (const i of [3, 0, 4, 2, 1]) {
      const { id, token } = claimed[i]!
      await end(store, { queue: 'default', id, token, kind: i === 0 ? 'stop' : 'fail', reason: 'error', error: '{}' })
      ended.push(id)
      // Each in a millisecond of its own: within one nobody can say who was first.
      const at = await store.now()
      while ((await store.now()) === at);
    }
    expect(new Set(await q.registry('failed').ids())).toEqual(new Set(jobs.map(({ id }) => id)))
    expect(await q.registry('failed').requeueAll()).toBe(5)
    expect(await q.jobIds()).toEqual(ended)
    expect(await q.registry('failed').requeueAll()).toBe(0)
  })

  test('all of scheduled runs them now, soonest first; thousands are no problem', async () => {
    const { queue } = await stage()
    const q = queue()
    const jobs = await q.enqueueMany(Array.from({ length: 1_300 }, (_, i) => [work, [i], { delay: 3_600_000 - i * 10 }] as const))
    expect(await q.registry('scheduled').requeueAll()).toBe(1_300)
    expect(await q.jobIds()).toEqual(jobs.map(({ id }) => id).reverse())
  })
})

test('clear deletes everything of a registry, stray entries too', async () => {
  const { queue, store } = await stage()
  const q = queue()
  const jobs = await q.enqueueMany(Array.from({ length: 1_100 }, (_, i) => [work, [i], { delay: '1h' }] as const))
  await store.client.call('DEL', store.keys.job('default', jobs[3]!.id))
  expect(await q.registry('scheduled').clear()).toBe(1_099)
  expect(await q.registry('scheduled').count()).toBe(0)
  const started = await q.enqueue(work)
  const claimed = await take(store)
  await note(store, claimed, 'log', 'x')
  expect(await q.registry('started').clear()).toBe(1)
  expect(await started.exists()).toBe(false)
  expect(await q.registry('started').clear()).toBe(0)
})
