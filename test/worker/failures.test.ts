import { describe, expect, it } from 'vitest'
import { type JobContext, JobFailed, type JobOptions, Retry } from '../../lib/index.ts'
import { type Stage, stage } from '../support/stage.ts'

function boom(message = 'no luck'): never {
  throw Object.assign(new TypeError(message), { code: 'E_LUCK' })
}

async function runOnce({ worker: hire }: Stage, tasks: ((...args: never[]) => unknown)[]): Promise<void> {
  await hire('default', { tasks, burst: true }).run()
}

describe('errors', () => {
  it('reach whoever waits, with name, message, stack and code', async () => {
    const s = await stage()
    const job = await s.queue().enqueue(boom, ['no luck'])
    await runOnce(s, [boom])
    const error = await job.result().catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(JobFailed)
    const cause = (error as JobFailed).cause as Error & { code: string }
    expect(cause).toMatchObject({ name: 'TypeError', message: 'no luck', code: 'E_LUCK' })
    expect(cause.stack).toContain('failures.test.ts')
    await job.refresh()
    expect(job).toMatchObject({ status: 'failed', attempt: 1 })
    expect(job.error).toMatchObject({ name: 'TypeError', message: 'no luck' })
    expect(await job.attempts()).toMatchObject([{ attempt: 1, outcome: 'failed', error: { name: 'TypeError' } }])
  })

  it.each([
    ['null', null],
    ['undefined', undefined],
    ['a text', 'just text'],
    ['a huge error', new Error('x'.repeat(1_000_000))],
    ['an error whose getters throw', Object.defineProperty(new Error('sly'), 'message', { get: () => boom('trap') })],
    ['a circle', Object.assign(new Error('round'), { self: [] as unknown[] })],
  ])('survives a handler that throws %s', async (_, thrown) => {
    const s = await stage()
    function toss(): never {
      throw thrown
    }
    const job = await s.queue().enqueue(toss, [])
    await runOnce(s, [toss])
    expect(await job.settle()).toMatchObject({ status: 'failed' })
  })

  it('a task that no worker knows fails, names the nearest, and can be requeued', async () => {
    const s = await stage()
    const queue = s.queue()
    const job = await queue.enqueue('sendMial', [1], { retry: 5 })
    function sendMail(n: number): number {
      return n
    }
    await runOnce(s, [sendMail])
    const { error } = (await job.settle()) as { error: Error }
    expect((error.cause as Error).message).toContain("'sendMail'")
    await job.refresh()
    expect(job).toMatchObject({ status: 'failed', attempt: 1 })
    function sendMial(n: number): number {
      return n + 1
    }
    await job.requeue()
    await runOnce(s, [sendMial])
    expect(await job.result()).toBe(2)
  })

  it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])('%s is no task', async (name) => {
    const s = await stage()
    const job = await s.queue().enqueue(name.replaceAll('__', '_x_'), [])
    await s.store.client.call('HSET', s.store.keys.job('default', job.id), 'task', name)
    await runOnce(s, [boom])
    expect(await job.settle()).toMatchObject({ status: 'failed', error: { cause: { code: 'RQTS_UNKNOWN_TASK' } } })
  })

  it('a result that cannot be stored fails the job once, whatever retries remain', async () => {
    const s = await stage()
    let calls = 0
    function leak(): unknown {
      calls++
      return { inner: () => calls }
    }
    const job = await s.queue().enqueue(leak, [], { retry: 3 })
    await runOnce(s, [leak])
    const { error } = (await job.settle()) as { error: Error }
    expect(error.cause).toMatchObject({ code: 'RQTS_RESULT_NOT_STORED' })
    expect((error.cause as Error).message).toContain('inner')
    expect(calls).toBe(1)
  })

  it('arguments that cannot be read fail the job and leave the worker alive', async () => {
    const s = await stage()
    const queue = s.queue()
    const broken = await queue.enqueue(boom, ['x'])
    const fine = await queue.enqueue(fineTask, [])
    await s.store.client.call('HSET', s.store.keys.job('default', broken.id), 'args', '{not json')
    await runOnce(s, [boom, fineTask])
    expect(await broken.settle()).toMatchObject({ status: 'failed', error: { cause: { code: 'RQTS_CORRUPT' } } })
    expect(await fine.result()).toBe('fine')
  })
})

function fineTask(): string {
  return 'fine'
}

describe('retries', () => {
  async function attempts(options: JobOptions, failTimes: number): Promise<{ status: string; tries: number; outcomes: string[] }> {
    const s = await stage()
    let tries = 0
    function flaky(): string {
      if (++tries <= failTimes) throw new Error(`try ${tries}`)
      return 'at last'
    }
    const job = await s.queue().enqueue(flaky, [], options)
    await runOnce(s, [flaky])
    await job.refresh()
    return { status: job.status, tries, outcomes: (await job.attempts()).map((entry) => entry.outcome) }
  }

  it('none by default', async () => {
    expect(await attempts({}, 9)).toEqual({ status: 'failed', tries: 1, outcomes: ['failed'] })
  })

  it('up to max, then failed with the last error', async () => {
    expect(await attempts({ retry: 2 }, 9)).toEqual({ status: 'failed', tries: 3, outcomes: ['retry', 'retry', 'failed'] })
  })

  it('until it works; then no error is left', async () => {
    expect(await attempts({ retry: 5 }, 2)).toEqual({ status: 'finished', tries: 3, outcomes: ['retry', 'retry', 'finished'] })
  })

  it('waits the delay on the clock of Redis, scheduled meanwhile', async () => {
    const s = await stage()
    const queue = s.queue()
    const job = await queue.enqueue(boom, [], { retry: { max: 1, delay: '1h' } })
    await runOnce(s, [boom])
    await job.refresh()
    expect(job).toMatchObject({ status: 'scheduled', attempt: 1, error: { message: 'no luck' } })
    const wait = job.runAt!.getTime() - (await s.store.now())
    expect(wait).toBeGreaterThan(3_500_000)
    expect(wait).toBeLessThanOrEqual(3_600_000)
    await job.promote()
    await runOnce(s, [boom])
    await job.refresh()
    expect(job.status).toBe('failed')
  })

  it('Retry asks for another attempt and its own delay; beyond the budget its cause is the error', async () => {
    const s = await stage()
    let tries = 0
    function again(): never {
      tries++
      throw new Retry({ delay: 0, max: 2, cause: new RangeError(`try ${tries}`) })
    }
    const job = await s.queue().enqueue(again, [])
    await runOnce(s, [again])
    expect(tries).toBe(3)
    expect(await job.settle()).toMatchObject({ status: 'failed', error: { cause: { name: 'RangeError', message: 'try 3' } } })
  })

  it('requeue restores the budget', async () => {
    const s = await stage()
    let tries = 0
    function count(): never {
      tries++
      throw new Error('again')
    }
    const job = await s.queue().enqueue(count, [], { retry: 1 })
    await runOnce(s, [count])
    await job.requeue()
    await runOnce(s, [count])
    await job.refresh()
    expect([tries, job.status, job.attempt]).toEqual([4, 'failed', 4])
  })
})

describe('timeouts', () => {
  it('abort the signal and free the slot of a handler that ignores it; its late result counts for nothing', async () => {
    const s = await stage()
    const queue = s.queue()
    let late: (() => void) | undefined
    let reason: unknown
    async function stuck(this: JobContext): Promise<string> {
      this.signal.addEventListener('abort', () => {
        reason = this.signal.reason
      })
      await new Promise<void>((resolve) => {
        late = resolve
      })
      return 'too late'
    }
    const job = await queue.enqueue(stuck, [], { timeout: 50 })
    const next = await queue.enqueue(fineTask, [])
    const worker = s.worker('default', { tasks: [stuck, fineTask], concurrency: 1 })
    const done = worker.run()
    expect(await next.result({ timeout: '60s' })).toBe('fine')
    late?.()
    expect(await job.settle()).toMatchObject({ status: 'failed', error: { cause: { code: 'RQTS_TIMEOUT' } } })
    expect(reason).toMatchObject({ code: 'RQTS_TIMEOUT' })
    await worker.stop()
    await done
    await job.refresh()
    expect(job).toMatchObject({ status: 'failed', returnValue: undefined })
  })

  it('count as failed attempts and are retried', async () => {
    const s = await stage()
    let tries = 0
    async function slow(): Promise<string> {
      if (++tries > 1) return 'quick'
      return await new Promise(() => undefined)
    }
    const job = await s.queue().enqueue(slow, [], { timeout: 30, retry: 1 })
    await runOnce(s, [slow])
    expect(await job.result()).toBe('quick')
    expect((await job.attempts()).map((entry) => entry.outcome)).toEqual(['retry', 'finished'])
  })
})
