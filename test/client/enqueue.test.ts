import { describe, expect, test, vi } from 'vitest'
import * as z from 'zod'
import { DuplicateJob, type Job, Queue, RqtsError, task } from '../../lib/index.ts'
import type { Store } from '../../lib/store/store.ts'
import { readKeySpace } from '../support/keyspace.ts'
import { ownServer } from '../support/servers.ts'
import { stage } from '../support/stage.ts'
import { codeOf, end, failNext, finishNext, ok, take } from './support.ts'

async function work(...args: unknown[]): Promise<number> {
  return args.length
}

async function hash(store: Store, job: Job): Promise<Record<string, string>> {
  const names = ['status', 'origin', 'task', 'args', 'timeout', 'ttl', 'result_ttl', 'failure_ttl', 'description', 'meta', 'retry']
  const more = ['tags', 'parents', 'unique', 'nonce', 'flags', 'front', 'allow_failure', 'run_at', 'expires_at']
  const all = [...names, ...more]
  const values = (await store.client.call('HMGET', store.keys.job(job.queue, job.id), ...all)) as (string | null)[]
  return Object.fromEntries(all.flatMap((name, i) => (values[i] === null ? [] : [[name, values[i]!]])))
}

describe('what is written', () => {
  test('what is as usual goes without saying', async () => {
    const { queue, store } = await stage()
    const job = await queue().enqueue(work, [1, 'x'])
    expect(await hash(store, job)).toEqual({ status: 'queued', origin: 'default', task: 'work', args: '[1,"x"]', timeout: '180000' })
    expect((await queue().fetchJob(job.id))?.options.timeout).toBe(180_000)
    expect(job.id).toMatch(/^[0-9A-HJKMNP-TV-Z]{26}$/)
  })

  test('each option as a field, only when it is used', async () => {
    const { queue, store } = await stage()
    const q = queue()
    const job = await q.enqueue(work, [], {
      jobId: 'mine',
      description: 'text',
      timeout: '10s',
      resultTtl: '1h',
      failureTtl: 0,
      ttl: '2h',
      meta: { since: new Date(0) },
      retry: { max: 2, delays: [1_000, '2s'] },
      unique: { key: 'only one' },
      tags: ['a', 'b', 'a'],
    })
    const { nonce, expires_at, ...rest } = await hash(store, job)
    expect(nonce).toMatch(/^[\w-]{12}$/)
    expect(Number(expires_at)).toBe(job.createdAt!.getTime() + 7_200_000)
    expect(rest).toEqual({
      status: 'queued',
      origin: 'default',
      task: 'work',
      args: '[]',
      timeout: '10000',
      ttl: '7200000',
      result_ttl: '3600000',
      failure_ttl: '0',
      description: 'text',
      meta: '{"$rqts":1,"json":{"since":"1970-01-01T00:00:00.000Z"},"meta":{"values":{"since":["Date"]},"v":1}}',
      retry: '{"max":2,"delaysMs":[1000,2000]}',
      tags: '["a","b"]',
      unique: 'only one',
      flags: 'mtu',
    })
    expect(await store.client.call('GET', `${store.keys.base('default')}unique:only one`)).toBe('mine')
    const child = await q.enqueue(work, [], { dependsOn: { jobs: ['mine', 'mine'], allowFailure: true, atFront: true } })
    expect(await hash(store, child)).toMatchObject({ status: 'deferred', parents: '["mine"]', allow_failure: '1', front: '1', flags: 'm' })
    expect((await hash(store, await q.enqueue(work, [], { retry: 0, atFront: false, unique: false, ttl: -1, tags: [] }))).flags).toBe('m')
  })

  test('options: the call wins over the task, the task over the queue', async () => {
    const { queue } = await stage()
    const heavy = task({ name: 'heavy', timeout: '1h', ttl: '1d', retry: 5, resultTtl: '1m' }, work)
    const q = queue('q', { timeout: '1m', retry: 2, tags: ['queue'], delay: '1h' })
    const plain = await q.enqueue(heavy)
    expect(plain.options).toMatchObject({ timeout: 3_600_000, ttl: 86_400_000, retry: { max: 5 }, resultTtl: 60_000, tags: ['queue'] })
    const called = await q.enqueue(heavy, [], { timeout: '1s', tags: ['call'], retry: undefined } as never)
    expect(called.options).toMatchObject({ timeout: 1_000, retry: { max: 5 }, tags: ['call'] })
    expect([plain.status, called.status]).toEqual(['scheduled', 'scheduled'])
    expect((await q.enqueue(heavy, [], { runAt: 5 })).status).toBe('queued')
    expect((await q.enqueueAt(5, heavy)).status).toBe('queued')
    expect((await queue('plain').enqueue(heavy)).options).toMatchObject({ timeout: 3_600_000, retry: { max: 5 } })
    // The queue is explicit: a task's own is for `.delay`.
    expect((await queue('plain').enqueue(task({ name: 'elsewhere', queue: 'other' }, work))).queue).toBe('plain')
  })

  test('arguments are checked by the schema of the task, and stored as given', async () => {
    const { queue } = await stage()
    const q = queue()
    const resize = task({ name: 'resize', args: z.tuple([z.string().transform(Number), z.number().default(5)]) }, (w, h) => w * h)
    const job = await q.enqueue(resize, ['7'])
    expect(job.args).toEqual(['7'])
    const error = await q.enqueue(resize, [7 as never]).catch((reason: unknown) => reason)
    expect(error).toMatchObject({ code: 'RQTS_BAD_ARGS', message: expect.stringContaining('args[0]') })
    const slow = task({ name: 'slow', args: z.tuple([z.string().refine(async (text) => text === 'yes')]) }, (text) => text)
    expect((await q.enqueue(slow, ['yes'])).status).toBe('queued')
    expect(await codeOf(q.enqueue(slow, ['no']))).toBe('RQTS_BAD_ARGS')
    expect(
      await codeOf(
        q.enqueueMany([
          [resize, ['1']],
          [slow, ['no']],
        ]),
      ),
    ).toBe('RQTS_BAD_ARGS')
    expect(await q.count()).toBe(2)
  })
})

describe('a jobId or unique key in use', () => {
  test('jobId: an error, or the job that has it', async () => {
    const { queue, store } = await stage()
    const q = queue()
    const first = await q.enqueue(work, [1], { jobId: 'mine' })
    const error = await q.enqueue(work, [2], { jobId: 'mine' }).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(DuplicateJob)
    expect(error).toMatchObject({ code: 'RQTS_DUPLICATE_JOB', existingId: 'mine' })
    await finishNext(store, 7)
    const same = await q.enqueue(work, [2], { jobId: 'mine', ifExists: 'return' })
    expect(same).toMatchObject({ id: 'mine', status: 'finished', returnValue: 7, args: [1] })
    await first.delete()
    expect((await q.enqueue(work, [2], { jobId: 'mine', ifExists: 'return' })).args).toEqual([2])
    // Another queue is another name space.
    expect((await queue('b').enqueue(work, [3], { jobId: 'mine' })).queue).toBe('b')
  })

  test('calls of one tick with one id: one wins, the others are told', async () => {
    const { queue } = await stage()
    const q = queue()
    const tries = await Promise.allSettled(Array.from({ length: 5 }, (_, i) => q.enqueue(work, [i], { jobId: 'x' })))
    expect(tries.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected', 'rejected', 'rejected'])
    const errors = tries.flatMap((each) => (each.status === 'rejected' ? [each.reason as Error] : []))
    expect(new Set(errors).size).toBe(4)
    expect(await q.count()).toBe(1)
  })

  test('unique: reject, return, replace, until the job has ended', async () => {
    const { queue, store } = await stage()
    const q = queue()
    const first = await q.enqueue(work, [1, 2], { unique: true })
    const error = await q.enqueue(work, [1, 2], { unique: true }).catch((reason: unknown) => reason)
    const key = first.snapshot.uniqueKey!
    expect(await store.client.call('GET', `${store.keys.base('default')}unique:${key}`)).toBe(first.id)
    expect(error).toMatchObject({
      code: 'RQTS_DUPLICATE_JOB',
      existingId: first.id,
      message: expect.stringContaining(`The unique key '${key}' of work, made of its arguments, is held by job ${first.id}`),
    })
    expect((await q.enqueue(work, [2, 1], { unique: true })).status).toBe('queued')
    const returned = await q.enqueue(work, [1, 2], { unique: { mode: 'return' } })
    expect(returned.id).toBe(first.id)
    const child = await q.enqueue(work, [], { dependsOn: first })
    const newer = await q.enqueue(work, [1, 2], { unique: { mode: 'replace' } })
    expect((await first.refresh()).status).toBe('canceled')
    expect(await first.settle()).toMatchObject({ error: { message: expect.stringContaining('unique key') } })
    expect((await child.refresh()).status).toBe('canceled')
    expect((await take(store)).id).not.toBe(first.id)
    await finishNext(store)
    expect((await newer.refresh()).status).toBe('finished')
    expect((await q.enqueue(work, [1, 2], { unique: true })).status).toBe('queued')
  })

  test('a refusal names the unique key', async () => {
    const { queue } = await stage()
    const q = queue()
    const { id } = await q.enqueue(work, [], { unique: { key: 'page' } })
    await expect(q.enqueue(work, [], { unique: { key: 'page' } })).rejects.toThrow(`The unique key 'page' of work is held by job ${id}`)
  })

  test('unique keys of one enqueueMany: all or nothing', async () => {
    const { queue } = await stage()
    const q = queue()
    const options = { unique: { key: 'k' } }
    expect(
      await codeOf(
        q.enqueueMany([
          [work, [1]],
          [work, [2], options],
          [work, [3], options],
        ]),
      ),
    ).toBe('RQTS_DUPLICATE_JOB')
    expect(await q.count()).toBe(0)
    const same = { unique: { key: 'k', mode: 'return' } } as const
    const jobs = await q.enqueueMany([
      [work, [2], same],
      [work, [3], same],
    ])
    expect(jobs[1].id).toBe(jobs[0].id)
    expect(jobs[1].args).toEqual([2])
  })
})

describe('dependencies', () => {
  test('one or many, as job, id or reference', async () => {
    const { queue, store } = await stage()
    const q = queue()
    const [a, b] = await q.enqueueMany([[work], [work]])
    const child = await q.enqueue(work, [], { dependsOn: [a, b.id, { id: a.id, queue: 'default' }] })
    expect(child.status).toBe('deferred')
    expect(child.snapshot.parents).toEqual([a.id, b.id])
    await finishNext(store)
    expect((await child.refresh()).status).toBe('deferred')
    await finishNext(store)
    expect((await child.refresh()).status).toBe('queued')
    expect((await q.enqueue(work, [], { dependsOn: [a, b] })).status).toBe('queued')
    expect((await q.enqueue(work, [], { dependsOn: [] })).status).toBe('queued')
  })

  test('a parent that has failed: canceled at birth, or not with allowFailure', async () => {
    const { queue, store } = await stage()
    const parent = await queue('a').enqueue(work)
    await failNext(store, new Error('x'), 'a')
    for (const name of ['a', 'b']) {
      const q = queue(name)
      const child = await q.enqueue(work, [], { dependsOn: parent })
      expect(child.status).toBe('canceled')
      expect(child.snapshot.reason).toBe('dependency')
      expect((await q.enqueue(work, [], { dependsOn: { jobs: parent, allowFailure: true } })).status).toBe('queued')
      const [many] = await q.enqueueMany([[work, [], { dependsOn: parent }]])
      expect(many.status).toBe('canceled')
    }
  })

  test('across queues', async () => {
    const { queue, store } = await stage()
    const [a, b] = [queue('a'), queue('b')]
    const [first, second] = await a.enqueueMany([[work], [work]])
    const here = await b.enqueue(work)
    const child = await b.enqueue(work, [], { dependsOn: [first, here, second] })
    const [other] = await b.enqueueMany([[work, [], { dependsOn: first, atFront: true }]])
    expect([child.status, other.status]).toEqual(['deferred', 'deferred'])
    await finishNext(store, 1, 'a')
    expect((await other.refresh()).status).toBe('queued')
    expect(await b.position(other)).toBe(0)
    await finishNext(store, 1, 'a')
    expect((await child.refresh()).status).toBe('deferred')
    await finishNext(store, 1, 'b')
    await finishNext(store, 1, 'b')
    expect((await child.refresh()).status).toBe('queued')
    expect((await b.enqueue(work, [], { dependsOn: first })).status).toBe('queued')
    expect(await store.client.call('EXISTS', store.keys.queuePart('b', 'unlinked'))).toBe(0)
  })

  test('a bare id is looked for in this queue, then in all', async () => {
    const { queue } = await stage()
    const [a, b] = [queue('a'), queue('b')]
    const elsewhere = await a.enqueue(work, [], { jobId: 'far' })
    const child = await b.enqueue(work, [], { dependsOn: 'far' })
    expect(child.status).toBe('deferred')
    expect(child.snapshot.parents).toEqual(['a/far'])
    expect((await elsewhere.dependents()).map(({ id }) => id)).toEqual([child.id])
    await b.enqueue(work, [], { jobId: 'far' })
    expect((await b.enqueue(work, [], { dependsOn: 'far' })).snapshot.parents).toEqual(['far'])
    const jobs = await b
      .enqueueMany([
        [work, [], { dependsOn: ['near', 'farther'] }],
        [work, [], { jobId: 'near' }],
        [work, [], { jobId: 'x', dependsOn: elsewhere }],
      ])
      .catch((reason: unknown) => reason)
    expect(jobs).toMatchObject({ code: 'RQTS_UNKNOWN_DEPENDENCY', jobId: 'farther' })
    expect(await b.counts()).toMatchObject({ queued: 1, deferred: 2 })
    await a.enqueue(work, [], { jobId: 'farther' })
    const [mixed] = await b.enqueueMany([
      [work, [], { dependsOn: ['near', 'farther'] }],
      [work, [], { jobId: 'near' }],
    ])
    expect(mixed.snapshot.parents).toEqual(['near', 'a/farther'])
  })

  test('unknown parents are refused before anything is written', async () => {
    const { queue, store } = await stage()
    const q = queue()
    for (const dependsOn of ['unknown', { id: 'unknown', queue: 'nowhere' }, { jobs: ['unknown'], allowFailure: true }]) {
      expect(await codeOf(q.enqueue(work, [], { dependsOn }))).toBe('RQTS_UNKNOWN_DEPENDENCY')
      expect(await codeOf(q.enqueueMany([[work], [work, [], { dependsOn }]]))).toBe('RQTS_UNKNOWN_DEPENDENCY')
    }
    expect(await readKeySpace(store)).toEqual({})
    expect(await q.counts()).toEqual({ queued: 0, started: 0, deferred: 0, scheduled: 0, finished: 0, failed: 0, canceled: 0 })
  })

  test('one bad call of a tick does not harm the others', async () => {
    const { queue } = await stage()
    const q = queue()
    const results = await Promise.allSettled([
      q.enqueue(work, [1]),
      q.enqueue(work, [2], { jobId: 'p', dependsOn: 'unknown' }),
      q.enqueue(work, [3], { dependsOn: 'p' }),
      q.enqueue(work, [4]),
    ])
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected', 'fulfilled'])
    expect(await q.count()).toBe(2)
  })

  test('cycles are refused and named', async () => {
    const { queue } = await stage()
    const q = queue()
    expect(await codeOf(q.enqueue(work, [], { jobId: 'a', dependsOn: 'a' }))).toBe('RQTS_DEPENDENCY_CYCLE')
    expect(await codeOf(q.enqueue(work, [], { jobId: 'a', dependsOn: { id: 'a', queue: 'default' } }))).toBe('RQTS_DEPENDENCY_CYCLE')
    const error = await q
      .enqueueMany([
        [work],
        [work, [], { jobId: 'a', dependsOn: 'c' }],
        [work, [], { jobId: 'b', dependsOn: 'a' }],
        [work, [], { jobId: 'c', dependsOn: 'b' }],
      ])
      .catch((reason: unknown) => reason)
    expect(error).toMatchObject({ code: 'RQTS_DEPENDENCY_CYCLE', message: expect.stringMatching(/a → c → b → a/) })
    expect(await q.count()).toBe(0)
  })

  test('delay and dependsOn together mean both', async () => {
    const { queue, store } = await stage()
    const q = queue()
    const parent = await q.enqueue(work)
    const child = await q.enqueue(work, [], { dependsOn: parent, delay: '1h' })
    expect(child.status).toBe('deferred')
    await finishNext(store)
    expect((await child.refresh()).status).toBe('scheduled')
  })
})

describe('enqueueMany', () => {
  test('keeps the given order, in the list and in what it returns', async () => {
    const { queue } = await stage()
    const q = queue()
    const jobs = await q.enqueueMany(Array.from({ length: 50 }, (_, i) => [work, [i]] as const))
    expect(jobs.map(({ args }) => args[0])).toEqual(Array.from({ length: 50 }, (_, i) => i))
    expect(await q.jobIds()).toEqual(jobs.map(({ id }) => id))
    expect(await q.enqueueMany([])).toEqual([])
  })

  test('jobs may depend on jobs of the same call, in any order', async () => {
    const { queue } = await stage()
    const q = queue()
    const [last, middle, first, free] = await q.enqueueMany([
      [work, ['last'], { dependsOn: ['m', 'f'] }],
      [work, ['middle'], { jobId: 'm', dependsOn: 'f' }],
      [work, ['first'], { jobId: 'f' }],
      ['work', ['free']],
    ])
    expect([last, middle, first, free].map(({ status }) => status)).toEqual(['deferred', 'deferred', 'queued', 'queued'])
    expect(last.args).toEqual(['last'])
    expect((await first.dependents()).map(({ id }) => id)).toEqual(['m', last.id])
    expect(await q.jobIds()).toEqual([first.id, free.id])
  })

  test('all or nothing', async () => {
    const { queue } = await stage()
    const q = queue()
    await q.enqueue(work, [], { jobId: 'taken' })
    expect(await codeOf(q.enqueueMany([[work], [work, [], { jobId: 'new' }], [work, [], { jobId: 'taken' }]]))).toBe('RQTS_DUPLICATE_JOB')
    expect(
      await codeOf(
        q.enqueueMany([
          [work, [], { jobId: 'twice' }],
          [work, [], { jobId: 'twice' }],
        ]),
      ),
    ).toBe('RQTS_DUPLICATE_JOB')
    expect(await codeOf(q.enqueueMany([[work], [work, [() => 1]]]))).toBe('RQTS_BAD_PAYLOAD')
    expect(await q.count()).toBe(1)
    const [taken, fresh] = await q.enqueueMany([
      [work, [1], { jobId: 'taken', ifExists: 'return' }],
      [work, [1], { jobId: 'new', ifExists: 'return' }],
    ])
    expect([taken.args, fresh.args]).toEqual([[], [1]])
  })

  test('takes more jobs than fit into one step', async () => {
    const { queue } = await stage()
    const q = queue()
    const jobs = await q.enqueueMany(
      Array.from(
        { length: 12_000 },
        (_, i) =>
          [work, [i], i === 0 ? { dependsOn: 'end' } : i === 11_999 ? { jobId: 'end' } : i % 10 === 1 ? { tags: ['t'] } : {}] as const,
      ),
    )
    expect(jobs).toHaveLength(12_000)
    expect(jobs[0]!.status).toBe('deferred')
    expect(jobs[11_999]!.args).toEqual([11_999])
    expect(await q.counts()).toMatchObject({ queued: 11_999, deferred: 1 })
  })
})

describe('batches', () => {
  test('calls of one tick travel in few commands, each with its own outcome', async () => {
    const { queue, store } = await stage()
    const q = queue()
    await q.enqueue(work)
    const sent = vi.spyOn(store.client, 'run')
    const jobs = await Promise.all(Array.from({ length: 500 }, (_, i) => q.enqueue(work, [i])))
    expect(sent.mock.calls.length).toBeGreaterThan(0)
    expect(sent.mock.calls.length).toBeLessThan(25)
    expect(jobs.map(({ args }) => args[0])).toEqual(Array.from({ length: 500 }, (_, i) => i))
    expect(await q.jobIds(1)).toEqual(jobs.map(({ id }) => id))
  })

  test('large arguments go in calls of their own', async () => {
    const { queue } = await stage()
    const q = queue()
    // Calls that a server does not know yet are sent twice, and those that it knows overtake them.
    await q.enqueue(work, [0])
    const jobs = await Promise.all(Array.from({ length: 20 }, (_, i) => q.enqueue(work, [i, 'x'.repeat(400_000)])))
    expect(await q.jobIds(1)).toEqual(jobs.map(({ id }) => id))
  })

  test('a key that is broken harms only the job that needs it', async () => {
    const { queue, store } = await stage()
    const q = queue()
    const key = `${store.keys.base('default')}unique:broken`
    await store.client.call('LPUSH', key, 'x')
    const results = await Promise.allSettled([
      q.enqueue(work, [1]),
      q.enqueue(work, [2], { unique: { key: 'broken' } }),
      q.enqueue(work, [3]),
    ])
    expect([results[0]!.status, results[2]!.status]).toEqual(['fulfilled', 'fulfilled'])
    expect((await q.jobs()).map(({ args }) => args[0]).filter((n) => n !== 2)).toEqual([1, 3])
    await store.client.call('DEL', key)
    await q.empty()
  })

  test('a Redis that is full takes nothing and says so', async () => {
    const server = await ownServer()
    await using q = new Queue('default', { connection: server.url })
    await using admin = new Queue('admin', { connection: server.url })
    const job = await q.enqueue(work)
    const { Redis } = await import('ioredis')
    const redis = new Redis(server.url)
    await redis.config('SET', 'maxmemory', '1')
    const errors = await Promise.allSettled([q.enqueue(work, [1]), q.enqueue(work, [2]), q.enqueueMany([[work]])])
    for (const error of errors) expect(error).toMatchObject({ status: 'rejected', reason: { code: 'RQTS_REDIS_FULL' } })
    const [first, second] = errors as PromiseRejectedResult[]
    expect(first!.reason).not.toBe(second!.reason)
    expect(first!.reason).toBeInstanceOf(RqtsError)
    await redis.config('SET', 'maxmemory', '0')
    expect(await q.count()).toBe(1)
    expect(await job.exists()).toBe(true)
    expect(await admin.count()).toBe(0)
    redis.disconnect()
  })
})

test('a job that ended while it was enqueued a second time comes back as it is', async () => {
  const { queue, store } = await stage()
  const q = queue()
  await q.enqueue(work, [], { jobId: 'x' })
  const claimed = await take(store)
  const [same] = await Promise.all([q.enqueue(work, [], { jobId: 'x', ifExists: 'return' }), end(store, ok(claimed, 1))])
  expect(['started', 'finished']).toContain(same.status)
})
