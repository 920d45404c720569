import { describe, expect, test } from 'vitest'
import { closeSharedConnections, Job, JobNotFound } from '../../lib/index.ts'
import { note } from '../../lib/store/jobs.ts'
import { sweep } from '../../lib/store/maintain.ts'
import { literal } from '../support/redis.ts'
import { stage } from '../support/stage.ts'
import { codeOf, end, failed, failNext, finishNext, ok, take } from './support.ts'

async function work(...args: unknown[]): Promise<number> {
  return args.length
}

test('fields come from the last snapshot, methods ask Redis', async () => {
  const { queue, store } = await stage()
  const before = Date.now()
  const job = await queue('mail').enqueue(work, [1, new Date(7)], { meta: { user: 5 }, tags: ['a'], ttl: '1h' })
  expect(job).toMatchObject({ queue: 'mail', task: 'work', status: 'queued', attempt: 0, meta: { user: 5 } })
  expect(job.args).toEqual([1, new Date(7)])
  expect(Math.abs(job.createdAt!.getTime() - before)).toBeLessThan(60_000)
  expect(job.enqueuedAt).toEqual(job.createdAt)
  for (const unset of ['startedAt', 'endedAt', 'runAt', 'worker', 'progress', 'returnValue', 'error'] as const)
    expect(job[unset]).toBe(undefined)
  const born = { ...job.snapshot }
  await job.refresh()
  expect(job.snapshot).toEqual(born)

  const claimed = await take(store, 'mail')
  await note(store, claimed, 'progress', '{"done":3}')
  expect(job.status).toBe('queued')
  expect(await job.refresh()).toBe(job)
  expect(job).toMatchObject({ status: 'started', attempt: 1, worker: 'w', progress: { done: 3 } })
  expect(job.startedAt).toBeInstanceOf(Date)
  await end(store, ok(claimed, 9))
  await job.refresh()
  expect(job).toMatchObject({ status: 'finished', returnValue: 9, error: undefined })
  expect(job.endedAt).toBeInstanceOf(Date)
})

test('a snapshot made at birth is what Redis has, whatever the options', async () => {
  const { queue } = await stage()
  const q = queue()
  const parent = await q.enqueue(work)
  const options = [
    {},
    { delay: '1h', atFront: true },
    { runAt: new Date(Date.now() + 60_000), retry: { max: 2, delays: ['1s'], jitter: true } },
    { ttl: '1m', resultTtl: 0, failureTtl: -1, timeout: Number.POSITIVE_INFINITY },
    { dependsOn: { jobs: parent, allowFailure: true }, description: 'x', unique: true },
    { jobId: 'mine', meta: { a: 1n }, tags: ['x', 'y'] },
  ]
  for (const each of options) {
    const job = await q.enqueue(work, [1], each)
    const born = job.snapshot
    expect((await job.refresh()).snapshot).toEqual(born)
  }
})

test('options are those in force', async () => {
  const { queue } = await stage()
  const q = queue()
  const parent = await q.enqueue(work)
  expect(parent.options).toEqual({ timeout: 180_000, resultTtl: 500_000, failureTtl: 31_536_000_000 })
  const job = await q.enqueue(work, [], {
    timeout: -1,
    resultTtl: 'Infinity',
    failureTtl: '1d',
    ttl: '1h',
    description: 'all of them',
    retry: { max: 3, delay: '2s', backoff: 'exponential', maxDelay: '1m', jitter: 0.5 },
    dependsOn: { jobs: [parent], allowFailure: true, atFront: true },
    meta: { a: 1 },
    tags: ['t'],
    unique: { key: 'only one', mode: 'return' },
  })
  expect((await job.refresh()).options).toEqual({
    timeout: Number.POSITIVE_INFINITY,
    resultTtl: Number.POSITIVE_INFINITY,
    failureTtl: 86_400_000,
    ttl: 3_600_000,
    description: 'all of them',
    retry: { max: 3, delay: 2_000, backoff: 'exponential', maxDelay: 60_000, jitter: 0.5 },
    dependsOn: { jobs: [{ queue: 'default', id: parent.id }], allowFailure: true },
    atFront: true,
    meta: { a: 1 },
    tags: ['t'],
    unique: { key: 'only one' },
  })
})

test('the default description is the call, each argument cut short', async () => {
  const { queue } = await stage()
  const q = queue()
  expect((await q.enqueue(work, [2, 'three', { four: [4] }])).description).toBe("work(2, 'three', { four: [ 4 ] })")
  expect((await q.enqueue(work)).description).toBe('work()')
  const long = (await q.enqueue(work, ['x'.repeat(500), 1])).description
  expect(long).toMatch(/^work\('x+.*…, 1\)$/)
  expect(long.length).toBeLessThanOrEqual(75 + 'work(, 1)'.length)
  expect((await q.enqueue(work, [1], { description: 'mine' })).description).toBe('mine')
})

test('a broken payload breaks the field that shows it, and no other', async () => {
  const { queue, store } = await stage()
  const job = await queue().enqueue(work, [1], { meta: {} })
  await store.client.call('HSET', store.keys.job('default', job.id), 'args', '[1', 'meta', '{', 'progress', '?', 'error', 'text')
  await job.refresh()
  expect(() => job.args).toThrow('arguments')
  expect(() => job.meta).toThrow(expect.objectContaining({ code: 'RQTS_CORRUPT', jobId: job.id }))
  expect(() => job.progress).toThrow('progress')
  expect(job.error?.message).toBe('text')
  expect(job).toMatchObject({ status: 'queued', task: 'work', description: 'work(?)' })
})

describe('fetch', () => {
  test('finds a job by its id alone, in any queue', async () => {
    const { queue, url, prefix } = await stage()
    const [a, b] = [await queue('a').enqueue(work, [1]), await queue('b').enqueue(work, [2])]
    const where = { connection: url, prefix }
    expect(await Job.fetch<typeof work>(b.id, where)).toMatchObject({ id: b.id, queue: 'b', args: [2] })
    expect(await Job.fetch(b.id, { ...where, queue: 'b' })).toMatchObject({ queue: 'b' })
    await expect(Job.fetch(b.id, { ...where, queue: 'a' })).rejects.toBeInstanceOf(JobNotFound)
    await expect(Job.fetch('unknown', where)).rejects.toBeInstanceOf(JobNotFound)
    expect(await codeOf(Job.fetch('no id', where))).toBe('RQTS_BAD_ID')
    const found = await Job.fetchMany([b.id, 'unknown', a.id, b.id], where)
    expect(found.map((job) => job?.queue ?? null)).toEqual(['b', null, 'a', 'b'])
    expect(await Job.fetchMany([], where)).toEqual([])
    // Literals that say the same share their connections.
    for (let i = 0; i < 3; i++) await Job.fetch(a.id, { connection: literal(url), prefix })
    await closeSharedConnections()
    expect(await Job.fetch(a.id, where)).toMatchObject({ queue: 'a' })
    await closeSharedConnections()
  })
})

describe('cancel', () => {
  test('ends a waiting job and cancels those that depend on it', async () => {
    const { queue } = await stage()
    const q = queue()
    const jobs = [await q.enqueue(work), await q.enqueueIn('1h', work)]
    const children = [await q.enqueue(work, [], { dependsOn: jobs }), await queue('b').enqueue(work, [], { dependsOn: jobs[0]! })]
    const grandchild = await q.enqueue(work, [], { dependsOn: children[1]! })
    for (const job of jobs) {
      await job.cancel()
      expect(job.status).toBe('canceled')
      expect(job.endedAt).toBeInstanceOf(Date)
    }
    for (const job of [...children, grandchild]) expect((await job.refresh()).status).toBe('canceled')
    expect(grandchild.snapshot.reason).toBe('dependency')
  })

  test('with enqueueDependents lets them go on', async () => {
    const { queue } = await stage()
    const q = queue()
    const parent = await q.enqueue(work)
    const child = await q.enqueue(work, [], { dependsOn: parent })
    await parent.cancel({ enqueueDependents: true })
    expect((await child.refresh()).status).toBe('queued')
  })

  test('of a running job asks it to stop', async () => {
    const { queue, store } = await stage()
    const job = await queue().enqueue(work)
    const claimed = await take(store)
    await job.cancel()
    expect(job.status).toBe('started')
    await end(store, ok(claimed, 1))
    expect((await job.refresh()).status).toBe('stopped')
  })

  test('of a job that has ended, or is not there, is refused', async () => {
    const { queue, store } = await stage()
    const q = queue()
    const job = await q.enqueue(work)
    await finishNext(store)
    const error = await job.cancel().catch((reason: unknown) => reason)
    expect(error).toMatchObject({ code: 'RQTS_BAD_STATE', message: expect.stringContaining('finished'), jobId: job.id })
    const gone = await q.enqueue(work)
    await gone.cancel()
    expect(await codeOf(gone.cancel())).toBe('RQTS_BAD_STATE')
    await gone.delete()
    expect(await codeOf(gone.cancel())).toBe('RQTS_JOB_NOT_FOUND')
  })
})

describe('requeue', () => {
  test('starts a job afresh, whatever its end was', async () => {
    const { queue, store } = await stage()
    const q = queue()
    const job = await q.enqueue(work, [], { retry: 0 })
    await failNext(store, new Error('x'))
    await job.refresh()
    await job.requeue()
    expect(job).toMatchObject({ status: 'queued', error: undefined, endedAt: undefined })
    await finishNext(store, 1)
    const other = await q.enqueue(work)
    await job.requeue({ atFront: true })
    expect(await q.jobIds()).toEqual([job.id, other.id])
    expect(await codeOf(job.requeue())).toBe('RQTS_BAD_STATE')
    await job.cancel()
    await job.requeue()
    expect(await q.position(job)).toBe(1)
    await job.delete()
    expect(await codeOf(job.requeue())).toBe('RQTS_JOB_NOT_FOUND')
  })

  test('is refused while another job holds its unique key', async () => {
    const { queue, store } = await stage()
    const q = queue()
    const first = await q.enqueue(work, [1], { unique: { key: 'page' } })
    await failNext(store, new Error('x'))
    const second = await q.enqueue(work, [1], { unique: { key: 'page' } })
    const named = expect.stringContaining(`its unique key 'page' is now held by job ${second.id}`) as string
    for (const requeue of [() => first.requeue(), () => q.registry('failed').requeue(first)]) {
      const error = await requeue().catch((reason: unknown) => reason)
      expect(error).toMatchObject({ code: 'RQTS_DUPLICATE_JOB', existingId: second.id, message: named })
    }
    await second.cancel()
    await first.requeue()
    expect(first.status).toBe('queued')
  })
})

test('promote queues a scheduled job now, and only such a one', async () => {
  const { queue } = await stage()
  const q = queue()
  const job = await q.enqueueIn('1h', work)
  await job.promote()
  expect(job).toMatchObject({ status: 'queued', runAt: undefined })
  expect(await codeOf(job.promote())).toBe('RQTS_BAD_STATE')
  await job.delete()
  expect(await codeOf(job.promote())).toBe('RQTS_JOB_NOT_FOUND')
})

describe('delete', () => {
  test('takes every key of the job along, and is content when it is gone', async () => {
    const { queue, store, prefix } = await stage()
    const q = queue()
    const job = await q.enqueue(work, [], { unique: true, retry: 1 })
    const claimed = await take(store)
    await note(store, claimed, 'log', 'line')
    await end(store, { ...failed(claimed, new Error('x')), kind: 'retry', delayMs: 0 } as never)
    await job.delete()
    expect(await job.exists()).toBe(false)
    const left = (await store.client.call('KEYS', `${prefix}:*${job.id}*`)) as string[]
    expect(left).toEqual([])
    expect(await codeOf(job.refresh())).toBe('RQTS_JOB_NOT_FOUND')
    await job.delete()
    await q.enqueue(work, [], { unique: true })
  })

  test('cancels dependents, or deletes them first, down to the last', async () => {
    const { queue, store } = await stage()
    const [a, b] = [queue('a'), queue('b')]
    const family = async () => {
      const parent = await a.enqueue(work)
      const [left, right] = [await a.enqueue(work, [], { dependsOn: parent }), await b.enqueue(work, [], { dependsOn: parent })]
      const both = await b.enqueue(work, [], { dependsOn: [left, right] })
      return { parent, rest: [left, right, both] }
    }
    const one = await family()
    await one.parent.delete()
    for (const job of one.rest) expect((await job.refresh()).status).toBe('canceled')
    const two = await family()
    await two.parent.delete({ dependents: true })
    for (const job of [two.parent, ...two.rest]) expect(await job.exists()).toBe(false)
    for (const name of ['a', 'b']) expect(await store.client.call('EXISTS', store.keys.queuePart(name, 'outbox'))).toBe(0)
  })

  test('reaches a chain of a thousand', async () => {
    const { queue } = await stage()
    const q = queue()
    const jobs = await q.enqueueMany(
      Array.from({ length: 1_000 }, (_, i) => [work, [i], { jobId: `c${i}`, ...(i > 0 && { dependsOn: `c${i - 1}` }) }] as const),
    )
    await jobs[0]!.delete({ dependents: true })
    expect(await q.counts()).toMatchObject({ queued: 0, deferred: 0, canceled: 0 })
  })
})

test('dependencies and dependents are jobs of any queue', async () => {
  const { queue, store } = await stage()
  const [here, there] = [await queue('a').enqueue(work), await queue('b').enqueue(work)]
  const child = await queue('a').enqueue(work, [], { dependsOn: [here, there] })
  expect((await child.dependencies()).map(({ id }) => id)).toEqual([here.id, there.id])
  expect((await there.dependents()).map(({ id, queue: name }) => [name, id])).toEqual([['a', child.id]])
  expect((await here.dependents()).map(({ id }) => id)).toEqual([child.id])
  expect(await child.dependents()).toEqual([])
  await there.delete()
  expect((await child.dependencies()).map(({ id }) => id)).toEqual([here.id])
  await finishNext(store, 1, 'a')
  expect(await here.dependents()).toEqual([])
})

describe('saveMeta', () => {
  test('merges, and loses nothing of what others save at the same time', async () => {
    const { queue } = await stage()
    const q = queue()
    const job = await q.enqueue(work, [], { meta: { a: 1 } })
    await job.saveMeta({ b: new Date(3) })
    expect(job.meta).toEqual({ a: 1, b: new Date(3) })
    const handles = await Promise.all(Array.from({ length: 8 }, () => q.fetchJob(job.id)))
    await Promise.all(handles.map((handle, i) => handle!.saveMeta({ [`k${i}`]: i })))
    expect((await job.refresh()).meta).toEqual({ a: 1, b: new Date(3), ...Object.fromEntries(handles.map((_, i) => [`k${i}`, i])) })
    expect(await codeOf(job.saveMeta({ f: () => 1 }))).toBe('RQTS_BAD_PAYLOAD')
    expect(await codeOf(job.saveMeta([] as never))).toBe('RQTS_BAD_OPTION')
    expect(await codeOf(job.saveMeta({ big: 'x'.repeat(300_000) }))).toBe('RQTS_PAYLOAD_TOO_LARGE')
    await job.delete()
    expect(await codeOf(job.saveMeta({ c: 1 }))).toBe('RQTS_JOB_NOT_FOUND')
  })
})

describe('attempts and logs', () => {
  test('tell the whole history', async () => {
    const { queue, store } = await stage()
    const job = await queue().enqueue(work, [], { retry: 3 })
    expect(await job.attempts()).toEqual([])
    const first = await take(store)
    await note(store, first, 'log', 'one')
    await note(store, first, 'log', 'two\nlines')
    expect(await job.attempts()).toMatchObject([{ attempt: 1, outcome: 'started', worker: 'w' }])
    await end(store, {
      queue: 'default',
      id: first.id,
      token: first.token,
      kind: 'retry',
      delayMs: 0,
      error: '{"name":"TypeError","message":"once"}',
    })
    await take(store)
    await store.client.call('ZADD', store.keys.container('default', 'started'), 1, job.id)
    await sweep(store, 'default', 3)
    await finishNext(store, 5)
    const attempts = await job.attempts()
    expect(attempts).toMatchObject([
      { attempt: 1, outcome: 'retry', worker: 'w', error: { name: 'TypeError', message: 'once' } },
      { attempt: 2, outcome: 'lost', error: { code: 'RQTS_LOST' } },
      { attempt: 3, outcome: 'finished' },
    ])
    for (const { startedAt, endedAt } of attempts) expect(endedAt!.getTime()).toBeGreaterThanOrEqual(startedAt.getTime())
    expect(attempts[0]!.error).toBeInstanceOf(Error)
    expect(await job.logs()).toEqual(['one', 'two\nlines'])
    expect(job.status).toBe('finished')
    await store.client.call('RPUSH', store.keys.jobPart('default', job.id, 'attempts'), 'not json')
    expect(await job.attempts()).toHaveLength(3)
    await job.delete()
    expect(await codeOf(job.attempts())).toBe('RQTS_JOB_NOT_FOUND')
  })

  test('a job that failed shows its last attempt once', async () => {
    const { queue, store } = await stage()
    const job = await queue().enqueue(work)
    await failNext(store, new Error('x'))
    expect(await job.attempts()).toMatchObject([{ attempt: 1, outcome: 'failed', error: { message: 'x' } }])
  })
})
