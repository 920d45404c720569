import { describe, expect, test, vi } from 'vitest'
import { waitForEnd } from '../../lib/client/waiter.ts'
import { type Job, JobCanceled, JobExpired, JobFailed, JobNotFound, Queue, WaitTimeout } from '../../lib/index.ts'
import { linkParents } from '../../lib/store/maintain.ts'
import type { Store } from '../../lib/store/store.ts'
import { subscriptions } from '../support/pubsub.ts'
import { ON_CLUSTER } from '../support/redis.ts'
import { ownServer, proxyTo } from '../support/servers.ts'
import { gate, stage, until } from '../support/stage.ts'
import { codeOf, end, failed, failNext, finishNext, ok, take, takeAll } from './support.ts'

async function work(n?: number): Promise<{ n: number; at: Date }> {
  return { n: n ?? 0, at: new Date() }
}

/** Resolves once Redis knows that somebody listens for these jobs and reads them: from then on it is the message that counts. */
async function waitedFor(store: Awaited<ReturnType<typeof stage>>['store'], ...jobs: Job[]): Promise<void> {
  const watched = async (): Promise<boolean> => {
    const flags = await Promise.all(jobs.map((job) => store.client.call('HGET', store.keys.job(job.queue, job.id), 'flags')))
    return flags.every((text) => String(text ?? '').includes('w'))
  }
  await until('all are watched', watched, 80_000)
}

describe('result', () => {
  test('gives what the function returned, with its types, to those who came before the end and after it', async () => {
    const { queue, store } = await stage()
    const job = await queue().enqueue(work, [1])
    const early = job.result()
    await waitedFor(store, job)
    const at = new Date(5)
    await finishNext(store, { n: 1, at })
    expect(await early).toEqual({ n: 1, at })
    expect(job.status).toBe('finished')
    expect(job.returnValue).toEqual({ n: 1, at })
    expect(await job.result({ timeout: '60s' })).toEqual({ n: 1, at })
    expect(await job.settle()).toEqual({ status: 'finished', value: { n: 1, at } })
  })

  test('of a function that returned nothing is undefined', async () => {
    const { queue, store } = await stage()
    const jobs = await queue().enqueueMany([[work], [work]])
    const waiting = jobs[0].result()
    await waitedFor(store, jobs[0])
    await finishNext(store)
    await finishNext(store)
    expect(await waiting).toBe(undefined)
    expect(await jobs[1].result()).toBe(undefined)
  })

  test('of a result that is not kept reaches who waits', async () => {
    const { queue, store } = await stage()
    const job = await queue().enqueue(work, [1], { resultTtl: 0 })
    const result = job.result()
    await waitedFor(store, job)
    await finishNext(store, 'gone')
    expect(await result).toBe('gone')
    expect(await job.exists()).toBe(false)
    expect(await codeOf(job.result())).toBe('RQTS_JOB_NOT_FOUND')
  })

  test('of a result that is not kept reaches who waits, also when a reading finds the job gone before the message has come', async () => {
    const asked = gate()
    const caughtUp = gate()
    const rows = [[['queued', null, null, null, null, null]], [null]]
    let tell: ((text: string) => void) | undefined
    // The reading and the messages travel on two connections: here the message is the slower one.
    const store = {
      keys: { job: () => 'job' },
      connections: {
        subscriber: {
          listen: (_: string, { message }: { message: typeof tell }) => Promise.resolve((tell = message) && (() => {})),
          caughtUp: () => (asked.open(), caughtUp.promise),
        },
      },
      run: async () => rows.shift(),
    } as unknown as Store
    const place = { queue: 'q', id: 'j' }
    const first = waitForEnd(store, place)
    await until('it was read', () => rows.length === 1)
    const second = waitForEnd(store, place)
    await asked.promise
    tell?.('finished\n42')
    caughtUp.open()
    expect(await Promise.all([first, second])).toEqual([
      { status: 'finished', result: '42' },
      { status: 'finished', result: '42' },
    ])
  })

  test('of a failed job throws JobFailed, whose cause is what was thrown', async () => {
    const { queue, store } = await stage()
    const job = await queue().enqueue(work)
    const seen = job.result().catch((error: unknown) => error)
    await waitedFor(store, job)
    const thrown = Object.assign(new TypeError('no such file\nat line 2'), { code: 'ENOENT' })
    await failNext(store, thrown)
    for (const error of [await seen, await job.result().catch((again: unknown) => again)]) {
      expect(error).toBeInstanceOf(JobFailed)
      expect(error).toMatchObject({ code: 'RQTS_JOB_FAILED', jobId: job.id })
      expect((error as JobFailed).message).toContain('no such file')
      const { cause } = error as { cause: Error & { code: string } }
      expect(cause).toBeInstanceOf(Error)
      expect([cause.name, cause.message, cause.code]).toEqual(['TypeError', 'no such file\nat line 2', 'ENOENT'])
      expect(cause.stack).toContain('waiting.test.ts')
    }
    const settled = await job.settle()
    expect(settled).toMatchObject({ status: 'failed', error: { code: 'RQTS_JOB_FAILED' } })
    expect(job.error?.message).toBe('no such file\nat line 2')
  })

  test('is not settled by a retry, but by the attempt after it', async () => {
    const { queue, store } = await stage()
    const job = await queue().enqueue(work, [1], { retry: 1 })
    const result = job.result()
    await waitedFor(store, job)
    const { queue: name, id, token } = await take(store)
    await end(store, { queue: name, id, token, kind: 'retry', delayMs: 0, error: '{"message":"once"}' })
    await finishNext(store, 2)
    expect(await result).toBe(2)
  })

  test('of a canceled job throws JobCanceled', async () => {
    const { queue, store } = await stage()
    const job = await queue().enqueue(work)
    const seen = job.result().catch((error: unknown) => error)
    await waitedFor(store, job)
    await job.cancel()
    expect(await seen).toBeInstanceOf(JobCanceled)
    expect(await job.settle()).toMatchObject({ status: 'canceled', error: { code: 'RQTS_JOB_CANCELED', jobId: job.id } })
  })

  test('of a stopped job throws JobCanceled with the reason', async () => {
    const { queue, store } = await stage()
    const job = await queue().enqueue(work)
    const seen = job.settle()
    await waitedFor(store, job)
    const { queue: name, id, token } = await take(store)
    await job.cancel()
    expect(job.status).toBe('started')
    await end(store, { queue: name, id, token, kind: 'stop', reason: 'stopped', error: '{"name":"Error","message":"asked to"}' })
    expect(await seen).toMatchObject({
      status: 'stopped',
      error: { code: 'RQTS_JOB_CANCELED', message: expect.stringContaining('asked to') },
    })
  })

  test('of a child whose parent failed says why', async () => {
    const { queue, store } = await stage()
    const parent = await queue().enqueue(work)
    const child = await queue().enqueue(work, [1], { dependsOn: parent })
    const seen = child.result().catch((error: unknown) => error)
    await waitedFor(store, child)
    await failNext(store, new Error('x'))
    expect((await seen) as Error).toMatchObject({ message: expect.stringContaining('depends on') })
  })

  test('of a job that its ttl ends throws JobExpired, with nobody there to write it down', async () => {
    const { queue } = await stage()
    const [soon, never] = await queue().enqueueMany([
      [work, [1], { ttl: 80 }],
      [work, [1], { ttl: 40, delay: '1h' }],
    ])
    const results = await Promise.all([soon, never].map((job) => job.result().catch((error: unknown) => error)))
    for (const error of results) expect(error).toBeInstanceOf(JobExpired)
    expect(await soon.settle()).toMatchObject({ status: 'expired', error: { code: 'RQTS_JOB_EXPIRED' } })
  })

  test('of a job that is deleted meanwhile throws JobNotFound, as of one that never was', async () => {
    const { queue, store } = await stage()
    const job = await queue().enqueue(work)
    const seen = job.result().catch((error: unknown) => error)
    await waitedFor(store, job)
    await job.delete()
    expect(await seen).toBeInstanceOf(JobNotFound)
    expect(await codeOf(job.settle())).toBe('RQTS_JOB_NOT_FOUND')
  })

  test('that cannot be read is an error of its own', async () => {
    const { queue, store } = await stage()
    const job = await queue().enqueue(work)
    const { queue: name, id, token } = await take(store)
    await end(store, { queue: name, id, token, kind: 'ok', result: '{"cut' })
    expect(await codeOf(job.result())).toBe('RQTS_BAD_PAYLOAD')
    expect(() => job.returnValue).toThrow('cannot be read')
    expect(job.status).toBe('finished')
  })
})

describe('patience', () => {
  test('ends with WaitTimeout, and the job goes on', async () => {
    const { queue, store } = await stage()
    const job = await queue().enqueue(work)
    const error = await job.result({ timeout: 30 }).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(WaitTimeout)
    expect(error).toMatchObject({ code: 'RQTS_WAIT_TIMEOUT', jobId: job.id })
    await finishNext(store, 1)
    expect(await job.result({ timeout: Number.POSITIVE_INFINITY })).toBe(1)
    expect(await codeOf(job.result({ timeout: 'soon' }))).toBe('RQTS_BAD_DURATION')
  })

  test('ends with the signal, whose reason is the cause', async () => {
    const { queue, store } = await stage()
    const job = await queue().enqueue(work)
    const controller = new AbortController()
    const removed = vi.spyOn(controller.signal, 'removeEventListener')
    const seen = job.result({ signal: controller.signal }).catch((error: unknown) => error)
    await waitedFor(store, job)
    controller.abort('enough')
    expect(await seen).toMatchObject({ code: 'RQTS_ABORTED', cause: 'enough', jobId: job.id })
    expect(await codeOf(job.settle({ signal: AbortSignal.abort() }))).toBe('RQTS_ABORTED')
    expect(removed).toHaveBeenCalled()
  })

  test('ends when the queue is closed', async () => {
    const { queue, store } = await stage()
    const q = queue()
    const job = await q.enqueue(work)
    const seen = codeOf(job.result())
    await waitedFor(store, job)
    await q.close()
    expect(await seen).toBe('RQTS_CLOSED')
    expect(await codeOf(job.result())).toBe('RQTS_CLOSED')
  })
})

describe('many waiters', () => {
  test('ten thousand share one connection, and nothing of them is left', async () => {
    const { queue, store } = await stage()
    const q = queue()
    const jobs = await q.enqueueMany(Array.from({ length: 10_000 }, (_, i) => [work, [i]] as const))
    const results = Promise.all(jobs.map((job) => job.result()))
    await waitedFor(store, jobs[0]!, jobs[9_999]!)
    // Of a Cluster all files of this run are clients.
    expect(await subscriptions(store)).toEqual({ clients: ON_CLUSTER ? (expect.any(Number) as number) : 1, channels: 10_000 })
    for (let done = 0; done < 10_000; ) {
      const claimed = await takeAll(store)
      await end(store, ...claimed.map((job) => ok(job, JSON.parse(job.args)[0])))
      done += claimed.length
    }
    expect(await results).toEqual(jobs.map((_, i) => i))
    await until('all have unsubscribed', async () => (await subscriptions(store)).channels === 0)
  }, 240_000)

  test('each of several waiters of one job gets its outcome', async () => {
    const { queue, store } = await stage()
    const job = await queue().enqueue(work)
    const same = await queue().fetchJob<typeof work>(job.id)
    const waiting = [job.result(), job.result(), same!.result(), job.settle()]
    const patience = codeOf(job.result({ timeout: 20 }))
    await waitedFor(store, job)
    expect(await patience).toBe('RQTS_WAIT_TIMEOUT')
    await finishNext(store, 7)
    expect(await Promise.all(waiting)).toEqual([7, 7, 7, { status: 'finished', value: 7 }])
  })
})

describe('when connections break', () => {
  test('a subscriber that was cut off reads again what it missed', async () => {
    const { queue, store } = await stage()
    const q = queue()
    const jobs = await q.enqueueMany(Array.from({ length: 50 }, (_, i) => [work, [i]] as const))
    const results = Promise.all(jobs.map((job) => job.result({ timeout: '60s' })))
    await waitedFor(store, ...jobs)
    const claimed = await takeAll(store)
    // In one write: the messages find nobody.
    await Promise.all([store.client.call('CLIENT', 'KILL', 'TYPE', 'pubsub'), end(store, ...claimed.slice(0, 25).map((job) => ok(job, 1)))])
    expect(await jobs[0]!.result({ timeout: '60s' })).toBe(1)
    await end(store, ...claimed.slice(25).map((job) => ok(job, 2)))
    expect(await results).toEqual([...Array(25).fill(1), ...Array(25).fill(2)])
  })

  test('an outage is waited out: no error, no verdict, and afterwards the result', async () => {
    const server = await ownServer()
    const proxy = await proxyTo(server)
    await using behind = new Queue('default', { connection: proxy.url })
    await using direct = new Queue('default', { connection: server.url })
    const job = await behind.enqueue(work)
    const result = job.result({ timeout: '60s' })
    const impatient = codeOf(job.result({ timeout: 300 }))
    await until('it waits', async () => (await direct.fetchJob(job.id))!.status === 'queued')
    proxy.refusing = true
    proxy.hangUp()
    expect(await impatient).toBe('RQTS_WAIT_TIMEOUT')
    const handle = (await direct.fetchJob(job.id))!
    await handle.cancel()
    proxy.refusing = false
    await expect(result).rejects.toBeInstanceOf(JobCanceled)
  })
})

test('a child of a parent in another queue is told of its end while it waits', async () => {
  const { queue, store } = await stage()
  const parent = await queue('a').enqueue(work)
  const child = await queue('b').enqueue(work, [1], { dependsOn: parent })
  const result = child.result()
  await waitedFor(store, child)
  await linkParents(store, 'b', child.id)
  await finishNext(store, 1, 'a')
  await finishNext(store, 2, 'b')
  expect(await result).toBe(2)
})

test('a failed attempt and its text of several lines stay apart', async () => {
  const { queue, store } = await stage()
  const job = await queue().enqueue(work)
  const seen = job.settle()
  await waitedFor(store, job)
  await end(store, failed(await take(store), new Error('first\nsecond\n\nlast'), 'timeout'))
  expect(await seen).toMatchObject({ status: 'failed', error: { cause: { message: 'first\nsecond\n\nlast' } } })
})
