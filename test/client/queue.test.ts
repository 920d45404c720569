import { describe, expect, test } from 'vitest'
import { closeSharedConnections, Queue, Schedules } from '../../lib/index.ts'
import { literal } from '../support/redis.ts'
import { stage, until } from '../support/stage.ts'
import { codeOf, end, failNext, finishNext, ok, take } from './support.ts'

function add(a: number, b: number): number {
  return a + b
}
async function noop(): Promise<void> {}

test('a new queue is empty, enqueue fills it, the order is first in first out', async () => {
  const { queue } = await stage()
  const q = queue()
  expect(q.name).toBe('default')
  expect(await q.isEmpty()).toBe(true)
  expect(await q.counts()).toEqual({ queued: 0, started: 0, deferred: 0, scheduled: 0, finished: 0, failed: 0, canceled: 0 })
  const first = await q.enqueue(add, [1, 2])
  const second = await q.enqueue(add, [3, 4])
  const third = await q.enqueue(add, [5, 6], { atFront: true })
  expect(await q.isEmpty()).toBe(false)
  expect(await q.count()).toBe(3)
  expect(await q.jobIds()).toEqual([third.id, first.id, second.id])
  expect(await q.jobIds(1)).toEqual([first.id, second.id])
  expect(await q.jobIds(1, 1)).toEqual([first.id])
  expect(await q.jobIds(0, 0)).toEqual([])
  expect((await q.jobs(1, 2)).map((job) => job.args)).toEqual([
    [1, 2],
    [3, 4],
  ])
  expect(await q.position(second)).toBe(2)
  expect(await q.position(third.id)).toBe(0)
  expect(await q.position('unknown')).toBe(null)
})

test('counts tells every state apart', async () => {
  const { queue, store } = await stage()
  const q = queue()
  const jobs = []
  for (let i = 0; i < 5; i++) jobs.push(await q.enqueue(noop, [], { jobId: `j${i}` }))
  await q.enqueueIn('1h', noop)
  await q.enqueue(noop, [], { dependsOn: jobs[4]! })
  await finishNext(store)
  await failNext(store, new Error('x'))
  await take(store)
  await jobs[3]!.cancel()
  expect(await q.counts()).toEqual({ queued: 1, started: 1, deferred: 1, scheduled: 1, finished: 1, failed: 1, canceled: 1 })
})

test('enqueueIn and enqueueAt schedule, a date that has passed queues', async () => {
  const { queue, store } = await stage()
  const q = queue()
  const inAnHour = await q.enqueueIn('1h', add, [1, 2])
  expect(inAnHour.status).toBe('scheduled')
  expect(inAnHour.runAt!.getTime() - inAnHour.createdAt!.getTime()).toBe(3_600_000)
  const date = new Date(Date.now() + 60_000)
  const at = await q.enqueueAt(date, add, [1, 2])
  expect(at.runAt).toEqual(date)
  expect((await at.refresh()).runAt).toEqual(date)
  expect((await q.enqueueAt(1_000, add, [1, 2])).status).toBe('queued')
  expect((await q.enqueueIn(0, add, [1, 2])).status).toBe('queued')
  expect((await q.enqueue(add, [1, 2], { delay: '10s' })).status).toBe('scheduled')
  expect(await q.registry('scheduled').ids()).toHaveLength(3)
  expect(await store.client.call('ZSCORE', store.keys.container('default', 'scheduled'), at.id)).toBe(String(date.getTime()))
})

test('fetchJob finds jobs of this queue only', async () => {
  const { queue } = await stage()
  const [a, b] = [queue('a'), queue('b')]
  const job = await a.enqueue(add, [1, 2])
  expect((await a.fetchJob<typeof add>(job.id))?.args).toEqual([1, 2])
  expect(await b.fetchJob(job.id)).toBe(null)
  expect(await codeOf(a.fetchJob('not an id'))).toBe('RQTS_BAD_ID')
})

test('a paused queue hands out nothing until it is resumed', async () => {
  const { queue, store } = await stage()
  const q = queue()
  await q.pause()
  await q.pause()
  expect(await q.isPaused()).toBe(true)
  const job = await q.enqueue(noop)
  await expect(take(store)).rejects.toThrow('No job')
  await q.resume()
  expect(await q.isPaused()).toBe(false)
  expect((await take(store)).id).toBe(job.id)
})

test.each([5, '10m', null, { ms: 5 }, { for: '10m', until: 7 }, { for: 'soon' }])(
  'pause(%j) is refused, and pauses nothing: it would be for ever',
  async (given) => {
    const { queue } = await stage()
    const q = queue()
    expect(await codeOf(q.pause(given as never))).toMatch(/^RQTS_BAD_(OPTION|DURATION)$/)
    expect(await q.isPaused()).toBe(false)
  },
)

test('empty deletes what waits in the list and nothing else, in bounded steps', async () => {
  const { queue, store } = await stage()
  const q = queue()
  await q.enqueueMany(Array.from({ length: 1_200 }, () => [noop] as const))
  const later = await q.enqueueIn('1h', noop)
  const running = await take(store)
  expect(await q.empty()).toBe(1_199)
  expect(await q.counts()).toMatchObject({ queued: 0, started: 1, scheduled: 1 })
  expect(await later.exists()).toBe(true)
  await end(store, ok(running))
  expect(await q.empty()).toBe(0)
})

test('a child of an emptied queue is canceled', async () => {
  const { queue } = await stage()
  const q = queue()
  const parent = await q.enqueue(noop)
  const child = await q.enqueue(noop, [], { dependsOn: parent })
  await q.empty()
  expect((await child.refresh()).status).toBe('canceled')
})

describe('delete', () => {
  test('takes every job and every key along', async () => {
    const { queue, store, prefix } = await stage()
    const q = queue()
    const many = await q.enqueueMany(Array.from({ length: 700 }, () => [noop] as const))
    await q.enqueueIn('1h', noop, [], { unique: true })
    await q.enqueue(noop, [], { dependsOn: many[699]!, ttl: '1h' })
    await finishNext(store)
    await failNext(store, new Error('x'))
    await many[5]!.cancel()
    await take(store)
    await q.pause()
    await q.delete()
    expect((await Queue.all({ connection: store.connections.client.driver, prefix })).map(({ name }) => name)).toEqual([])
    const left = (await store.client.call('KEYS', `${prefix}:*`)) as string[]
    // For a minute the answers of calls are kept, in case they are sent again.
    expect(left.filter((key) => !key.includes(':said:') && !key.includes(':claim:'))).toEqual([])
  })

  test('without jobs is refused while there are any, even ended ones', async () => {
    const { queue, store } = await stage()
    const q = queue()
    const job = await q.enqueue(noop)
    await finishNext(store)
    expect(await codeOf(q.delete({ jobs: false }))).toBe('RQTS_BAD_STATE')
    expect(await job.exists()).toBe(true)
    await job.delete()
    await q.delete({ jobs: false })
    expect(await q.counts()).toMatchObject({ finished: 0 })
  })

  test('a child in another queue is canceled', async () => {
    const { queue } = await stage()
    const [a, b] = [queue('a'), queue('b')]
    const parent = await a.enqueue(noop)
    const child = await b.enqueue(noop, [], { dependsOn: parent })
    const patient = await b.enqueue(noop, [], { dependsOn: { jobs: parent, allowFailure: true } })
    await a.delete()
    expect((await child.refresh()).status).toBe('canceled')
    expect((await patient.refresh()).status).toBe('queued')
  })
})

test('remove deletes a job that waits in the list, and only such a one', async () => {
  const { queue, store } = await stage()
  const q = queue()
  const [waiting, scheduled] = [await q.enqueue(noop), await q.enqueueIn('1h', noop)]
  expect(await q.remove(waiting)).toBe(true)
  expect(await waiting.exists()).toBe(false)
  expect(await q.remove(waiting.id)).toBe(false)
  expect(await q.remove(scheduled)).toBe(false)
  const started = await q.enqueue(noop)
  await take(store)
  expect(await q.remove(started)).toBe(false)
  const elsewhere = await queue('other').enqueue(noop)
  expect(await codeOf(q.remove(elsewhere))).toBe('RQTS_BAD_OPTION')
})

test('what its ttl has ended is hidden, whether or not a worker has noticed', async () => {
  const { queue, store } = await stage()
  const q = queue()
  const short = await q.enqueue(noop, [], { ttl: 500 })
  const shortToo = await q.enqueueIn('1h', noop, [], { ttl: 500 })
  const long = await q.enqueue(noop, [], { ttl: '1h' })
  await until('the short ones have expired', async () => (await shortToo.refresh()).status === 'expired')
  expect((await short.refresh()).status).toBe('expired')
  expect(await q.jobIds()).toEqual([long.id])
  expect((await q.jobs()).map(({ id }) => id)).toEqual([long.id])
  expect(await q.position(long)).toBe(0)
  expect(await q.position(short)).toBe(null)
  expect(await q.counts()).toMatchObject({ queued: 1, scheduled: 0, canceled: 2 })
  expect(await q.registry('scheduled').ids()).toEqual([])
  expect(new Set(await q.registry('canceled').ids())).toEqual(new Set([short.id, shortToo.id]))
  expect(await q.registry('canceled').has(short)).toBe(true)
  expect(await q.registry('scheduled').has(shortToo)).toBe(false)
  // Requeued it has its ttl anew, and 500 ms are soon over.
  await store.client.call('HSET', store.keys.job('default', short.id), 'ttl', 3_600_000)
  await short.requeue()
  expect(await q.jobIds()).toEqual([long.id, short.id])
  expect(await q.registry('canceled').clear()).toBe(1)
  expect(await shortToo.exists()).toBe(false)
})

test('all lists the queues that were used', async () => {
  const { queue, url, prefix } = await stage()
  for (const name of ['b', 'a']) await queue(name).enqueue(noop)
  queue('unused')
  const all = await Queue.all({ connection: url, prefix })
  expect(all.map(({ name }) => name)).toEqual(['a', 'b'])
  expect(await all[0]!.count()).toBe(1)
  await Promise.all(all.map((q) => q.close()))
  await queue('a').enqueue(noop)
})

test('bad names, ranges, options and tasks are refused before Redis is touched', async () => {
  const connection = 'redis://127.0.0.1:1'
  expect(() => new Queue('a{b}', { connection })).toThrow('A queue name')
  expect(() => new Queue('a', { connection, prefix: '{x}' })).toThrow('A prefix name')
  expect(() => new Queue('a', { connection, defaults: { jobId: 'x' } })).toThrow('one id')
  expect(() => new Queue('a', { connection, defaults: { timeout: '1 lightyear' } })).toThrow('timeout')
  expect(() => new Queue('a', { conection: connection } as object)).toThrow("Unknown queue option 'conection'")
  expect(() => new Queue('a', 'redis://:canary@h' as never)).toThrow(/connection: 'redis:[^]*not a string$/)
  await using q = new Queue('a', { connection })
  expect(await codeOf(q.jobIds(-1))).toBe('RQTS_BAD_OPTION')
  expect(await codeOf(q.jobs(0, 1.5))).toBe('RQTS_BAD_OPTION')
  expect(await codeOf(q.enqueue(() => 1, []))).toBe('RQTS_BAD_TASK')
  expect(await codeOf(q.enqueue('no good name'))).toBe('RQTS_BAD_NAME')
  expect(await codeOf(q.enqueue(add, 3 as never))).toBe('RQTS_BAD_ARGS')
  // As other libraries take them: the second one stands where the options do.
  expect(await codeOf(q.enqueue(add, 2 as never, 3 as never))).toBe('RQTS_BAD_ARGS')
  expect(await codeOf(q.enqueue(add, [1, (() => 1) as never]))).toBe('RQTS_BAD_PAYLOAD')
  expect(await codeOf(q.enqueue('big', ['x'.repeat(1_100_000)]))).toBe('RQTS_PAYLOAD_TOO_LARGE')
  expect(await codeOf(q.enqueue(add, [1, 2], { meta: { a: Symbol('s') } }))).toBe('RQTS_BAD_PAYLOAD')
  expect(await codeOf(q.enqueue(add, [1, 2], { nonsense: 1 } as never))).toBe('RQTS_BAD_OPTION')
  expect(await codeOf(q.enqueueIn('soon', add, [1, 2]))).toBe('RQTS_BAD_DURATION')
  expect(await codeOf(q.enqueueAt(new Date('never'), add, [1, 2]))).toBe('RQTS_BAD_DATE')
  expect(await codeOf(q.enqueueMany([add] as never))).toBe('RQTS_BAD_ARGS')
  expect(await codeOf(q.enqueueMany(7 as never))).toBe('RQTS_BAD_ARGS')
})

test('a closed queue says so, and closing twice is fine', async () => {
  const { queue } = await stage()
  const q = queue()
  const jobs = Promise.all(Array.from({ length: 50 }, () => q.enqueue(noop)))
  await q.close()
  expect(await jobs).toHaveLength(50)
  await q.close()
  const other = queue()
  expect(await other.count()).toBe(50)
  // The connection is still open for the other one.
  for (const call of [
    q.enqueue(noop),
    q.enqueueMany([[noop, []]]),
    q.enqueueIn('1h', noop),
    q.fetchJob('x'),
    q.counts(),
    q.pause(),
    q.empty(),
  ])
    await expect(call).rejects.toMatchObject({ code: 'RQTS_CLOSED', message: "Queue 'default' has been closed; make a new one" })
  expect(() => q.registry('failed')).toThrow('has been closed')
  expect(await other.count()).toBe(50)
})

test('a handle of schedules says so too, though a queue keeps the connection open', async () => {
  const { url, prefix, queue } = await stage()
  const where = { connection: url, prefix }
  const schedules = new Schedules(where)
  const q = queue()
  expect([await schedules.list(), await q.count()]).toEqual([[], 0])
  await closeSharedConnections()
  for (const call of [schedules.list(), schedules.get('x'), schedules.pause('x'), schedules.health(), schedules.sync([])])
    await expect(call).rejects.toMatchObject({ code: 'RQTS_CLOSED', message: expect.stringContaining('make a new Schedules') as string })
  expect(await q.count()).toBe(0)
  expect(await new Schedules(where).list()).toEqual([])
  await closeSharedConnections()
})

test.each([
  ['plain', {}],
  ['with partitions', { partitions: 2 }],
])('close waits for calls that nobody awaited, the very first ones of a connection included: %s', async (_, options) => {
  const { url, prefix, queue } = await stage()
  // Options, unlike a URL, make a connection of their own, which nobody else keeps open.
  const q = new Queue('default', { connection: literal(url), prefix, ...options })
  const calls = Promise.all([q.enqueue(noop), q.enqueueMany([[noop, []]]), q.enqueue(noop, [], { jobId: 'x' })])
  await q.close()
  expect(await calls).toHaveLength(3)
  expect(await queue().count()).toBe(3)
})
