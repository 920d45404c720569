import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import * as z from 'zod'
import { type Job, type JobOptions, Queue, Retry, task, type Worker, type WorkerOptions } from '../../lib/index.ts'
import { type Stage, stage, until } from '../support/stage.ts'

const TASKS = fileURLToPath(new URL('./fixtures/batch-tasks.mjs', import.meta.url))

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rqts-batches-'))
  process.env['RQTS_TEST_JOURNAL'] = join(folder, 'journal')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

function journal(): string[] {
  try {
    return readFileSync(join(folder, 'journal'), 'utf8').split('\n').slice(0, -1)
  } catch {
    return []
  }
}

function sizes(): number[] {
  return journal().map((line) => Number(line.replace('batch of ', '')))
}

async function enqueue(queue: Queue, name: string, calls: readonly unknown[][], options: JobOptions = {}): Promise<Job[]> {
  return await queue.enqueueMany(calls.map((args) => [name, args, options] as const))
}

describe.each(['async', 'processes', 'threads'] as const)('batches in the pool %s', (pool) => {
  function hire(s: Stage, options: WorkerOptions = {}): { worker: Worker; done: Promise<unknown> } {
    const worker = s.worker('default', { tasks: [TASKS], pool, concurrency: 1, ...options })
    return { worker, done: worker.run() }
  }

  it('start when they are full; the results come back by position', async () => {
    const s = await stage()
    const jobs = await enqueue(s.queue(), 'together', [[1], [2], [3], [4], [5], [6], [7], [8]])
    expect(await hire(s, { burst: true }).done).toEqual({ processed: 8, succeeded: 8, failed: 0 })
    expect(await Promise.all(jobs.map((job) => job.result()))).toEqual([2, 4, 6, 8, 10, 12, 14, 16])
    expect(journal()).toEqual(['batch of 4', 'batch of 4'])
  })

  it('start when they have waited, with those who have come', async () => {
    const s = await stage()
    const jobs = await enqueue(s.queue(), 'couple', [[1], [2], [3]])
    expect(await hire(s, { burst: true }).done).toEqual({ processed: 3, succeeded: 3, failed: 0 })
    expect(await Promise.all(jobs.map((job) => job.result()))).toEqual([2, 4, 6])
    // How many come within its wait is a matter of the machine.
    expect(sizes().reduce((sum, size) => sum + size)).toBe(3)
  })

  it('without a wait of their own take what is there, and never more than their size', async () => {
    const s = await stage()
    await enqueue(
      s.queue(),
      'greedy',
      Array.from({ length: 120 }, (_, i) => [i]),
    )
    expect(await hire(s, { burst: true }).done).toEqual({ processed: 120, succeeded: 120, failed: 0 })
    expect(sizes().reduce((sum, size) => sum + size)).toBe(120)
    expect(Math.max(...sizes())).toBeLessThanOrEqual(50)
  })

  it('an outcome for each: rejected, returned as an error, as allSettled says it, retried; and a context for each', async () => {
    const s = await stage()
    const jobs = await enqueue(s.queue(), 'mixed', [['fine'], ['reject'], ['error'], ['settled'], ['unsettled'], ['again'], ['context']])
    await hire(s, { burst: true }).done
    const [fine, reject, error, settled, unsettled, again, context] = await Promise.all(jobs.map((job) => job.settle()))
    expect([fine, settled, again].map((one) => (one as { value: unknown }).value)).toEqual(['fine', 'settled', 'at last'])
    expect([reject, error, unsettled]).toMatchObject([
      { status: 'failed', error: { cause: { name: 'TypeError', message: 'rejected' } } },
      { status: 'failed', error: { cause: { name: 'RangeError', message: 'returned' } } },
      { status: 'failed', error: { cause: { message: 'unsettled' } } },
    ])
    const last = jobs[6]!
    expect(context).toMatchObject({ status: 'finished', value: { id: last.id, first: true } })
    expect((await last.refresh()).progress).toBe('context'.length)
    expect(await last.logs()).toEqual([`line of ${last.id}`])
    expect(await jobs[1]!.attempts()).toMatchObject([{ outcome: 'retry' }, { outcome: 'failed' }])
  })

  it('a throw fails all of them, and so does a list of the wrong length', async () => {
    const s = await stage()
    const thrown = await enqueue(s.queue(), 'broken', [[1], [2]])
    const missing = await enqueue(s.queue(), 'short', [[1], [2]])
    expect(await hire(s, { burst: true }).done).toEqual({ processed: 4, succeeded: 0, failed: 4 })
    for (const job of thrown) expect(await job.settle()).toMatchObject({ error: { cause: { message: 'all of them' } } })
    for (const job of missing)
      expect(await job.settle()).toMatchObject({
        error: { cause: { code: 'RQTS_BAD_TASK', message: expect.stringContaining('a list of 1') } },
      })
  })

  it('a canceled one ends by itself while the others go on; their timeouts are their own', async () => {
    const s = await stage()
    const queue = s.queue()
    const [first] = await enqueue(queue, 'hold', [[1]])
    const [late] = await enqueue(queue, 'hold', [[2]], { timeout: 900 })
    const [other] = await enqueue(queue, 'hold', [[3]])
    const { worker, done } = hire(s)
    await until('they run', () => journal().includes('holding 3'))
    await first!.cancel()
    expect(await first!.settle({ timeout: '60s' })).toMatchObject({ status: 'stopped' })
    expect(await late!.settle({ timeout: '60s' })).toMatchObject({ status: 'failed', error: { cause: { code: 'RQTS_TIMEOUT' } } })
    expect((await other!.refresh()).status).toBe('started')
    const aborted = [`aborted ${first!.id} RQTS_STOPPED`, `aborted ${late!.id} RQTS_TIMEOUT`]
    await until('their signals have aborted', () => aborted.every((line) => journal().includes(line)))
    expect(journal()).toHaveLength(3)
    await worker.stop({ force: true })
    await done
    expect(await other!.refresh()).toMatchObject({ status: 'queued', attempt: 0 })
    // A child that the machine keeps waiting is ended before it can say so.
    if (pool === 'async') expect(journal()[3]).toBe(`aborted ${other!.id} RQTS_ABORTED`)
  })

  it('a canceled one whose handler does not listen ends all the same, and its neighbour goes on', async () => {
    const s = await stage()
    const [first, second] = await enqueue(s.queue(), 'deaf', [[1], [2]])
    const { worker, done } = hire(s)
    await until('they run', () => journal().includes('deaf to 2'))
    await first!.cancel()
    expect(await first!.settle({ timeout: '60s' })).toMatchObject({ status: 'stopped' })
    expect(await second!.refresh()).toMatchObject({ status: 'started', attempt: 1 })
    await worker.stop({ force: true })
    await done
    expect(await second!.refresh()).toMatchObject({ status: 'queued', attempt: 0 })
  })

  it('takes one slot, whatever its size, and lets others run beside it', async () => {
    const s = await stage()
    const queue = s.queue()
    const held = await enqueue(queue, 'hold', [[1], [2], [3]])
    const { worker, done } = hire(s, { concurrency: 2 })
    await until('they run', () => journal().includes('holding 3'))
    const [beside] = await enqueue(queue, 'single', [[7]])
    expect(await beside!.result({ timeout: '60s' })).toBe(7)
    for (const job of held) expect((await job.refresh()).status).toBe('started')
    await worker.stop({ force: true })
    await done
  })

  it('what waits for company goes back when the worker stops, in its order and with no attempt charged', async () => {
    const s = await stage()
    const queue = s.queue()
    const jobs = await enqueue(queue, 'together', [[1], [2], [3]])
    const { worker, done } = hire(s, { concurrency: 2 })
    await until('they wait', async () => (await queue.counts()).started === 3)
    await worker.stop()
    await done
    expect(await queue.jobIds()).toEqual(jobs.map(({ id }) => id))
    for (const job of jobs) expect(await job.refresh()).toMatchObject({ status: 'queued', attempt: 0 })
    expect(journal()).toEqual([])
  })

  it('what waits for company can be canceled', async () => {
    const s = await stage()
    const queue = s.queue()
    const jobs = await enqueue(queue, 'together', [[1], [2], [3]])
    const { worker, done } = hire(s)
    await until('they wait', async () => (await queue.counts()).started === 3)
    await jobs[1]!.cancel()
    expect(await jobs[1]!.settle({ timeout: '60s' })).toMatchObject({ status: 'stopped' })
    // Its place is free again.
    const more = await enqueue(queue, 'together', [[4], [5]])
    const left = [jobs[0]!, jobs[2]!, ...more]
    expect(await Promise.all(left.map((job) => job.result({ timeout: '60s' })))).toEqual([2, 6, 8, 10])
    expect(journal()).toEqual(['batch of 4'])
    await worker.stop()
    await done
  })

  if (pool !== 'async') {
    it('in for(;;) they are ended at timeout and grace, all of them', async () => {
      const s = await stage()
      const jobs = await enqueue(s.queue(), 'spin', [[1], [2]], { timeout: 200 })
      await hire(s, { burst: true, grace: 100 }).done
      for (const job of jobs) expect(await job.settle()).toMatchObject({ status: 'failed', error: { cause: { code: 'RQTS_TIMEOUT' } } })
    })

    it('a child that dies costs each of them that attempt', async () => {
      const s = await stage()
      const jobs = await enqueue(s.queue(), 'die', [[1], [2], [3]])
      await hire(s, { burst: true }).done
      for (const job of jobs) {
        expect(await job.result()).toBe('attempt 2')
        expect((await job.attempts())[0]).toMatchObject({ attempt: 1, outcome: 'lost' })
      }
    })
  }
})

describe('batches', () => {
  it('keep their leases while they wait', async () => {
    const s = await stage()
    const seen: number[] = []
    const patient = task({ name: 'patient', batch: { size: 10, wait: '5s' } }, (calls: [n: number][]) => {
      seen.push(calls.length)
      return calls.map(([n]) => n)
    })
    const job = await s.queue().enqueue(patient, [1])
    const worker = s.worker('default', { tasks: [patient], burst: true, lease: 2_000 })
    expect(await worker.run()).toMatchObject({ processed: 1, succeeded: 1 })
    expect((await job.refresh()).attempt).toBe(1)
    expect(seen).toEqual([1])
  })

  it('jobs of other tasks that are claimed on the way do not wait for them', async () => {
    const s = await stage()
    const order: string[] = []
    const collect = task({ name: 'collect', batch: { size: 3, wait: '1m' } }, (calls: [string][]) => {
      order.push(`batch of ${calls.length}`)
      return calls.map(() => 0)
    })
    const plain = task('plain', (name: string) => void order.push(name))
    const queue = s.queue()
    await queue.enqueueMany([
      [collect, ['a']],
      [plain, ['p1']],
      [collect, ['b']],
      [plain, ['p2']],
    ])
    const worker = s.worker('default', { tasks: [collect, plain], concurrency: 1 })
    const done = worker.run()
    await until('they have run', () => order.length === 2)
    const last = await queue.enqueue(collect, ['c'])
    await last.result({ timeout: '60s' })
    expect(order).toEqual(['p1', 'p2', 'batch of 3'])
    await worker.stop()
    await done
  })

  it('middleware and schemas are for each job by itself', async () => {
    const s = await stage()
    const sum = task(
      {
        name: 'sum',
        batch: { size: 10, wait: 300 },
        args: z.tuple([z.number().positive()]),
      },
      (calls: [number][]) => calls.map(([n]) => n),
    )
    const queue = s.queue()
    const jobs = await Promise.all([1, -2, 3].map((n) => queue.enqueue<typeof sum>('sum', [n])))
    const worker = s.worker('default', {
      tasks: [sum],
      burst: true,
      middleware: [async (context, next) => (context.id === jobs[0]!.id ? 'from the layer' : `around ${String(await next())}`)],
    })
    await worker.run()
    const settled = await Promise.all(jobs.map((job) => job.settle()))
    expect(settled).toMatchObject([
      { status: 'finished', value: 'from the layer' },
      { status: 'failed', error: { cause: { code: 'RQTS_BAD_ARGS' } } },
      { status: 'finished', value: 'around 3' },
    ])
  })

  it('called like a function, or inline, are batches of one', async () => {
    const double = task({ name: 'double', batch: { size: 10 } }, async (calls: [n: number][], jobs) =>
      calls.map(([n], i) => (n < 0 ? new Retry({ max: 0 }) : n * 2 + (jobs[i]?.attempt ?? 0))),
    )
    expect(await double(4)).toBe(8)
    const job = await new Queue('inline', { inline: true }).enqueue(double, [5])
    expect(await job.result()).toBe(11)
  })

  it.each([
    [{ size: 0 }, 'a size from 1 to 1000'],
    [{ size: 2.5 }, 'a size from 1 to 1000'],
    [{ size: 10, wait: '2m' }, 'waits 1m at most'],
    [{ size: 10, max: 3 }, "has no 'max'"],
    [7, 'must be { size, wait? }'],
  ])('refuses %j', (batch, message) => {
    expect(() => task({ name: 'bad', batch: batch as never }, (calls: [][]) => calls)).toThrow(message)
  })
})
