import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Job, JobOptions, Queue, Worker, WorkerOptions } from '../../lib/index.ts'
import { type Stage, stage, until } from '../support/stage.ts'

const fixture = (name: string): string => fileURLToPath(new URL(`./fixtures/${name}`, import.meta.url))
const TASKS = fixture('pool-tasks.mjs')

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rqts-pools-'))
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

function enqueue(queue: Queue, name: string, args: unknown[] = [], options: JobOptions = {}): Promise<Job> {
  return queue.enqueue(name, args, options)
}

describe.each(['async', 'processes', 'threads'] as const)('the pool %s', (pool) => {
  const children = pool !== 'async'

  function hire(s: Stage, options: WorkerOptions = {}): { worker: Worker; done: Promise<unknown> } {
    const worker = s.worker('default', { tasks: [TASKS], pool, concurrency: 2, ...options })
    return { worker, done: worker.run() }
  }

  it('runs sync and async handlers and carries rich values', async () => {
    const s = await stage()
    const queue = s.queue()
    const value = { at: new Date(5), big: 7n, map: new Map([['a', new Set([1])]]), none: undefined }
    const sum = await enqueue(queue, 'add', [2, 3])
    const same = await enqueue(queue, 'echo', [value])
    const { done } = hire(s, { burst: true })
    expect(await done).toEqual({ processed: 2, succeeded: 2, failed: 0 })
    expect(await sum.result()).toBe(5)
    expect(await same.result()).toEqual(value)
  })

  it('runs them where it says', async () => {
    const s = await stage()
    const job = await enqueue(s.queue(), 'where')
    await hire(s, { burst: true }).done
    const { pid, thread } = (await job.result()) as { pid: number; thread: number }
    expect([pid === process.pid, thread === 0]).toEqual({ async: [true, true], processes: [false, true], threads: [true, false] }[pool])
  })

  it('gives `this` and currentJob(), across awaits', async () => {
    const s = await stage()
    const job = await enqueue(s.queue(), 'look', [], { meta: { who: 'ann' }, retry: 4 })
    await hire(s, { burst: true }).done
    expect(await job.result()).toEqual({
      same: true,
      id: job.id,
      queue: 'default',
      name: 'look',
      attempt: 1,
      maxAttempts: 5,
      meta: { who: 'ann' },
      enqueued: true,
      parentIds: [],
    })
  })

  it('writes progress, log lines and meta, and enqueues from inside', async () => {
    const s = await stage()
    const queue = s.queue()
    const report = await enqueue(queue, 'report', [], { meta: { owner: 'bob' } })
    const plant = await enqueue(queue, 'plant')
    await hire(s, { burst: true }).done
    expect(await report.result()).toEqual({ owner: 'bob', step: 1 })
    await report.refresh()
    expect(report).toMatchObject({ progress: { done: 1 }, meta: { owner: 'bob', step: 1 } })
    expect(await report.logs()).toEqual(['half way'])
    expect(await (await queue.fetchJob((await plant.result()) as string))!.result()).toBe(21)
  })

  it('errors, Retry and the retry policies of tasks', async () => {
    const s = await stage()
    const queue = s.queue()
    const failed = await enqueue(queue, 'fail')
    const again = await enqueue(queue, 'again')
    const flaky = await enqueue(queue, 'flaky')
    const deep = await enqueue(queue, 'overflow')
    const unknown = await queue.enqueue('ad', [1])
    await hire(s, { burst: true }).done
    expect(await failed.settle()).toMatchObject({
      status: 'failed',
      error: { cause: { name: 'TypeError', message: 'no luck', code: 'E_LUCK' } },
    })
    expect(await again.result()).toBe('attempt 3')
    expect(await flaky.result()).toBe('at last')
    expect(await deep.settle()).toMatchObject({ status: 'failed', error: { cause: { name: 'RangeError' } } })
    expect(await unknown.settle()).toMatchObject({ status: 'failed', error: { cause: { code: 'RQTS_UNKNOWN_TASK' } } })
  })

  it('middleware from a module', async () => {
    const s = await stage()
    const job = await enqueue(s.queue(), 'add', [1, 2])
    await hire(s, { burst: true, middleware: [fixture('middleware.ts')] }).done
    expect(await job.result()).toBe('add: 3')
  })

  it('setup before the first job, teardown at the end, once per process or thread', async () => {
    const s = await stage()
    const queue = s.queue()
    await queue.enqueueMany(Array.from({ length: 6 }, () => ['add', [1, 1]] as const))
    await hire(s, { burst: true, concurrency: 1 }).done
    expect(journal()).toEqual(['setup', 'teardown'])
  })

  it('a task over its timeout: the signal aborts, the attempt fails with RQTS_TIMEOUT and is retried like any other', async () => {
    const s = await stage()
    const job = await enqueue(s.queue(), 'polite', [], { timeout: 100, retry: 1 })
    await hire(s, { burst: true }).done
    expect(await job.settle()).toMatchObject({ status: 'failed', error: { cause: { code: 'RQTS_TIMEOUT' } } })
    expect(journal().filter((line) => line.startsWith('aborted'))).toEqual(['aborted RQTS_TIMEOUT', 'aborted RQTS_TIMEOUT'])
    expect((await job.attempts()).map(({ outcome }) => outcome)).toEqual(['retry', 'failed'])
  })

  it.each(['polite', 'stubborn', ...(children ? (['spin'] as const) : [])] as const)(
    'canceled while it runs, a %s handler ends as stopped',
    async (name) => {
      const s = await stage()
      const queue = s.queue()
      const job = await enqueue(queue, name)
      const { worker, done } = hire(s)
      await until('it runs', () => journal().includes(`running ${job.id}`))
      await job.cancel()
      expect(await job.settle({ timeout: '60s' })).toMatchObject({ status: 'stopped' })
      expect(await (await enqueue(queue, 'add', [1, 1])).result({ timeout: '60s' })).toBe(2)
      await worker.stop()
      await done
    },
  )

  it('forced to stop, it puts back what runs, with no attempt charged', async () => {
    const s = await stage()
    const job = await enqueue(s.queue(), 'stubborn')
    const { worker, done } = hire(s)
    await until('it runs', () => journal().includes(`running ${job.id}`))
    await worker.stop({ force: true })
    await done
    await job.refresh()
    expect(job).toMatchObject({ status: 'queued', attempt: 0 })
  })

  it('runs as many at once as asked for, and live more or fewer', async () => {
    const s = await stage()
    const queue = s.queue()
    const jobs = await Promise.all(Array.from({ length: 4 }, () => enqueue(queue, 'polite')))
    const { worker, done } = hire(s, { concurrency: 1 })
    const running = (): number => journal().filter((line) => line.startsWith('running')).length
    await until('one runs', () => running() === 1)
    expect(await queue.count()).toBe(3)
    worker.concurrency = 3
    await until('three run', () => running() === 3)
    worker.concurrency = 1
    const stopped = worker.stop({ force: true })
    await stopped
    await done
    expect(await queue.count()).toBe(jobs.length)
  })

  it('reloads its files: the next job runs the new code', async () => {
    const { writeFileSync } = await import('node:fs')
    const file = join(folder, 'tasks.ts')
    writeFileSync(file, 'export const version = (): number => 1\n')
    const s = await stage()
    const queue = s.queue()
    const { worker, done } = hire(s, { tasks: [file], concurrency: 1 })
    expect(await (await queue.enqueue('version', [])).result({ timeout: '60s' })).toBe(1)
    writeFileSync(file, 'export const version = (): number => 2\n')
    await worker.reloadTasks()
    expect(await (await queue.enqueue('version', [])).result({ timeout: '60s' })).toBe(2)
    writeFileSync(file, 'export const version = (: broken')
    await expect(worker.reloadTasks()).rejects.toMatchObject({ code: 'RQTS_TASK_FILE' })
    expect(await (await queue.enqueue('version', [])).result({ timeout: '60s' })).toBe(2)
    await worker.stop()
    await done
  })

  it('says what is wrong with a task file', async () => {
    const s = await stage()
    await expect(hire(s, { tasks: [fixture('broken-tasks.mjs')] }).done).rejects.toMatchObject({
      code: 'RQTS_TASK_FILE',
      message: expect.stringContaining('this file cannot be loaded') as string,
    })
  })

  it('loads TypeScript, also what Node alone does not run', async () => {
    const s = await stage()
    const job = await enqueue(s.queue(), 'add', [4, 5])
    await hire(s, { tasks: [fixture('typed-tasks.ts')], burst: true }).done
    expect(await job.result()).toBe(9)
  })
})

describe.each(['processes', 'threads'] as const)('only with children: %s', (pool) => {
  function hire(s: Stage, options: WorkerOptions = {}): { worker: Worker; done: Promise<unknown> } {
    const worker = s.worker('default', { tasks: [TASKS], pool, concurrency: 2, ...options })
    return { worker, done: worker.run() }
  }

  it('a handler in for(;;) is ended at timeout and grace, and its neighbours finish', async () => {
    const s = await stage()
    const queue = s.queue()
    const job = await enqueue(queue, 'spin', [], { timeout: 100 })
    const { worker, done } = hire(s, { grace: 100 })
    // Not that its handler says so: a child that the machine keeps waiting is ended before it can.
    await until('it was begun', async () => (await job.refresh()).attempt === 1)
    expect(await (await enqueue(queue, 'add', [1, 1])).result({ timeout: '60s' })).toBe(2)
    const { error } = (await job.settle({ timeout: '60s' })) as { error: { cause: Error } }
    expect(error.cause).toMatchObject({ code: 'RQTS_TIMEOUT', message: expect.stringContaining('did not stop within 100 ms') as string })
    await worker.stop()
    await done
  })

  it.each(pool === 'processes' ? (['exit', 'abort', 'kill'] as const) : (['exit'] as const))(
    '%s in a handler costs that attempt only',
    async (how) => {
      const s = await stage()
      const queue = s.queue()
      const job = await enqueue(queue, 'die', [how])
      const beside = await enqueue(queue, 'polite')
      const { worker, done } = hire(s)
      expect(await job.result({ timeout: '60s' })).toBe('attempt 2')
      const [lost] = await job.attempts()
      expect(lost).toMatchObject({ attempt: 1, outcome: 'lost', error: { code: 'RQTS_LOST' } })
      expect(lost!.error!.message).toMatch({ exit: /exit code 7/, abort: /SIGABRT/, kill: /SIGKILL/ }[how])
      await beside.refresh()
      expect(beside).toMatchObject({ status: 'started', attempt: 1 })
      await worker.stop({ force: true })
      await done
    },
  )

  it('a job that takes down every child that runs it fails as lost', async () => {
    const s = await stage()
    const job = await enqueue(s.queue(), 'alwaysDie', [], { retry: 50 })
    const { worker, done } = hire(s, { maxLost: 2 })
    const lost: string[] = []
    worker.on('lost', ({ id, error }) => lost.push(`${id} ${(error as { code: string }).code}`))
    expect(await job.settle({ timeout: '60s' })).toMatchObject({ status: 'failed', error: { cause: { code: 'RQTS_LOST' } } })
    await job.refresh()
    expect(job.attempt).toBe(2)
    expect(lost).toEqual([`${job.id} RQTS_LOST`, `${job.id} RQTS_LOST`])
    await worker.stop()
    await done
  })

  it('an exception from a timer fails the job that set it, and its child is replaced', async () => {
    const s = await stage()
    const queue = s.queue()
    const job = await enqueue(queue, 'stray')
    const { worker, done } = hire(s, { concurrency: 1 })
    expect(await job.settle({ timeout: '60s' })).toMatchObject({
      status: 'failed',
      error: { cause: { name: 'RangeError', message: 'from a timer' } },
    })
    expect(await (await enqueue(queue, 'add', [1, 1])).result({ timeout: '60s' })).toBe(2)
    await worker.stop()
    await done
  })

  it('maxJobsPerChild: a new one after so many', async () => {
    const s = await stage()
    const queue = s.queue()
    // The second child is not worn by the last job: else there may be a third, before the worker knows that nothing is left.
    const jobs = await Promise.all(Array.from({ length: 3 }, () => enqueue(queue, 'where')))
    await hire(s, { burst: true, concurrency: 1, maxJobsPerChild: 2 }).done
    const places = await Promise.all(jobs.map(async (job) => JSON.stringify(await job.result())))
    expect(new Set(places).size).toBe(2)
    expect(journal()).toEqual(['setup', 'teardown', 'setup', 'teardown'])
  })

  it('maxMemoryPerChild: a process that has grown is replaced, a thread that grows is ended', async () => {
    const s = await stage()
    const queue = s.queue()
    if (pool === 'threads') {
      const job = await enqueue(queue, 'die', ['memory'])
      await hire(s, { burst: true, concurrency: 1, maxMemoryPerChild: '48mb' }).done
      expect(await job.result()).toBe('attempt 2')
      expect((await job.attempts())[0]).toMatchObject({ outcome: 'lost', error: { message: expect.stringContaining('memory') as string } })
    } else {
      const jobs = await Promise.all([enqueue(queue, 'where'), enqueue(queue, 'where')])
      await hire(s, { burst: true, concurrency: 1, maxMemoryPerChild: 1_048_576 }).done
      expect(await jobs[0].result()).not.toEqual(await jobs[1].result())
    }
  })

  it('captureOutput: what a job prints is in its log', async () => {
    const s = await stage()
    const job = await enqueue(s.queue(), 'print')
    await hire(s, { burst: true, captureOutput: true }).done
    expect(await job.logs()).toEqual(['to stdout', 'to stderr'])
  })

  it('what cannot go to a child is refused, with what to do instead', async () => {
    const s = await stage()
    const fn = function local(): void {}
    expect(() => s.worker('default', { pool, tasks: [fn] })).toThrow(/path of the file/)
    expect(() => s.worker('default', { pool, tasks: [TASKS], middleware: [(_, next) => next()] })).toThrow(/default export/)
    expect(() => s.worker('default', { pool, tasks: [TASKS], connection: s.store.client.driver as never })).toThrow(/Give the URL/)
    expect(() => s.worker('default', { tasks: [TASKS], maxJobsPerChild: 2 })).toThrow(/pool: 'processes'/)
  })
})
