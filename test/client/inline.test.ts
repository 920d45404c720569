import { describe, expect, test } from 'vitest'
import { currentJob, type JobContext, Queue, task } from '../../lib/index.ts'
import { codeOf } from './support.ts'

// Nothing listens there: whatever touches Redis fails.
const connection = 'redis://127.0.0.1:1'
const inline = () => new Queue('inline', { inline: true, connection })

const add = task('add', (a: number, b: number) => a + b)

test('runs at once, without Redis, and the job has ended when enqueue returns', async () => {
  const q = inline()
  const job = await q.enqueue(add, [1, 2])
  expect(job).toMatchObject({
    queue: 'inline',
    task: 'add',
    status: 'finished',
    returnValue: 3,
    attempt: 1,
    worker: 'inline',
    args: [1, 2],
  })
  expect(await job.result()).toBe(3)
  expect(await job.settle()).toEqual({ status: 'finished', value: 3 })
  expect(await job.refresh()).toBe(job)
  expect(await job.exists()).toBe(true)
  expect(await job.attempts()).toMatchObject([{ attempt: 1, outcome: 'finished' }])
  expect((await q.fetchJob(job.id))?.id).toBe(job.id)
  expect(await q.fetchJob('unknown')).toBe(null)
  expect(await codeOf(job.cancel())).toBe('RQTS_BAD_STATE')
  expect(await codeOf(q.count())).toBe('RQTS_BAD_STATE')
  await q.close()
})

test('a plain function runs, a bare name does not', async () => {
  async function plain(n: number): Promise<number> {
    return n * 2
  }
  expect(await (await inline().enqueue(plain, [4])).result()).toBe(8)
  expect(await codeOf(inline().enqueue('plain', [4]))).toBe('RQTS_UNKNOWN_TASK')
})

test('failures are stored, not thrown', async () => {
  const boom = task('boom', (): number => {
    throw Object.assign(new RangeError('too far'), { code: 'E_FAR' })
  })
  const job = await inline().enqueue(boom)
  expect(job.status).toBe('failed')
  expect(job.error).toMatchObject({ name: 'RangeError', message: 'too far', code: 'E_FAR' })
  expect(await job.settle()).toMatchObject({ status: 'failed', error: { code: 'RQTS_JOB_FAILED', cause: { message: 'too far' } } })
  await expect(job.result()).rejects.toThrow('too far')
})

test('retries follow at once, delays are not waited for', async () => {
  let calls = 0
  const flaky = task('flaky', () => {
    if (++calls < 3) throw new Error(`no ${calls}`)
    return calls
  })
  const job = await inline().enqueueIn('1h', flaky, [], { retry: { max: 5, delay: '1h' } })
  expect(await job.result()).toBe(3)
  expect(await job.attempts()).toMatchObject([
    { attempt: 1, outcome: 'retry', error: { message: 'no 1' } },
    { attempt: 2, outcome: 'retry', error: { message: 'no 2' } },
    { attempt: 3, outcome: 'finished' },
  ])
})

test('what would not survive Redis does not survive here', async () => {
  const q = inline()
  const given = { list: [1] }
  const mutate = task('mutate', (value: { list: number[] }) => {
    value.list.push(2)
    return value
  })
  const job = await q.enqueue(mutate, [given])
  expect(given).toEqual({ list: [1] })
  expect(await job.result()).toEqual({ list: [1, 2] })
  expect(await job.result()).not.toBe(await job.result())
  expect(await codeOf(q.enqueue(mutate, [{ list: [Symbol('x') as never] }]))).toBe('RQTS_BAD_PAYLOAD')
  const unstorable = task('unstorable', () => () => 1)
  const failed = await q.enqueue(unstorable, [], { retry: 3 })
  expect(failed).toMatchObject({ status: 'failed', attempt: 1, error: { code: 'RQTS_RESULT_NOT_STORED' } })
})

test('handlers have their context', async () => {
  const q = inline()
  const curious = task('curious', async function (this: JobContext, n: number): Promise<unknown> {
    await this.progress(n)
    await this.log(`line ${n}`)
    await this.setMeta({ seen: n })
    const inner = await this.enqueue(add, [n, n])
    return { id: this.id, attempt: this.attempt, max: this.maxAttempts, same: currentJob()?.id === this.id, inner: await inner.result() }
  })
  const job = await q.enqueue(curious, [4], { meta: { a: 1 }, retry: 2 })
  expect(await job.result()).toEqual({ id: job.id, attempt: 1, max: 3, same: true, inner: 8 })
  expect(job).toMatchObject({ progress: 4, meta: { a: 1, seen: 4 } })
  expect(await job.logs()).toEqual(['line 4'])
})

test('a handler that takes too long fails with timeout', async () => {
  const slow = task('slow', function (this: JobContext): Promise<string> {
    return new Promise((resolve) => this.signal.addEventListener('abort', () => resolve('late')))
  })
  const job = await inline().enqueue(slow, [], { timeout: 20 })
  expect(job).toMatchObject({ status: 'failed', error: { code: 'RQTS_TIMEOUT' } })
})

describe('enqueueMany', () => {
  test('runs parents first; a failed parent cancels its children', async () => {
    const order: string[] = []
    const step = task('step', (name: string) => {
      order.push(name)
      if (name === 'bad') throw new Error('bad')
    })
    const q = inline()
    const jobs = await q.enqueueMany([
      [step, ['child'], { dependsOn: 'p' }],
      [step, ['parent'], { jobId: 'p' }],
      [step, ['bad'], { jobId: 'bad' }],
      [step, ['never'], { jobId: 'never', dependsOn: 'bad' }],
      [step, ['tolerant'], { dependsOn: { jobs: ['bad', 'never'], allowFailure: true } }],
    ])
    expect(order).toEqual(['parent', 'child', 'bad', 'tolerant'])
    expect(jobs.map(({ status }) => status)).toEqual(['finished', 'finished', 'failed', 'canceled', 'finished'])
    expect(await codeOf(q.enqueue(step, ['x'], { dependsOn: 'unknown' }))).toBe('RQTS_UNKNOWN_DEPENDENCY')
    expect(await codeOf(q.enqueue(step, ['x'], { jobId: 'p' }))).toBe('RQTS_DUPLICATE_JOB')
    expect((await q.enqueue(step, ['x'], { jobId: 'p', ifExists: 'return' })).args).toEqual(['parent'])
  })
})
