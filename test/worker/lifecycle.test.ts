import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { type JobContext, Worker } from '../../lib/index.ts'
import { type Logger, silentLogger } from '../../lib/logger.ts'
import { enlistWorker } from '../../lib/store/workers.ts'
import { gate, stage, until } from '../support/stage.ts'

function quick(): string {
  return 'done'
}

/** A handler that the test holds until it lets go; `aborts` collects why its signal fired. */
function holdable(): { hold(this: JobContext): Promise<string>; started: () => number; aborts: unknown[]; release: () => void } {
  const door = gate()
  let count = 0
  const aborts: unknown[] = []
  return {
    async hold(this: JobContext) {
      count++
      this.signal.addEventListener('abort', () => aborts.push((this.signal.reason as { code?: string }).code))
      await door.promise
      return 'held'
    },
    started: () => count,
    aborts,
    release: () => door.open(),
  }
}

describe('stopping', () => {
  it('drains: what runs finishes, what waits stays, and the worker leaves the registry', async () => {
    const s = await stage()
    const queue = s.queue()
    const { hold, started, release } = holdable()
    const [running, waiting] = await queue.enqueueMany([
      [hold, []],
      [quick, []],
    ])
    const worker = s.worker('default', { tasks: [hold, quick], concurrency: 1 })
    const done = worker.run()
    await until('it runs', () => started() === 1)
    expect(await Worker.all({ connection: s.url, prefix: s.prefix })).toMatchObject([{ name: worker.name }])
    const stopped = worker.stop()
    release()
    await stopped
    expect(await done).toMatchObject({ succeeded: 1 })
    expect(await running.result()).toBe('held')
    await waiting.refresh()
    expect(waiting.status).toBe('queued')
    expect(await Worker.all({ connection: s.url, prefix: s.prefix })).toEqual([])
  })

  it('after its timeout: aborts, puts back at the front, charges no attempt', async () => {
    const s = await stage()
    const queue = s.queue()
    const { hold, started, aborts } = holdable()
    const [running, waiting] = await queue.enqueueMany([
      [hold, []],
      [quick, []],
    ])
    const worker = s.worker('default', { tasks: [hold, quick], concurrency: 1, shutdownTimeout: 20 })
    const done = worker.run()
    await until('it runs', () => started() === 1)
    await worker.stop()
    await done
    expect(aborts).toEqual(['RQTS_ABORTED'])
    await running.refresh()
    expect(running).toMatchObject({ status: 'queued', attempt: 0 })
    expect(await queue.jobIds()).toEqual([running.id, waiting.id])
  })

  it('force: at once, also while a slower stop is under way', async () => {
    const s = await stage()
    const { hold, started } = holdable()
    const job = await s.queue().enqueue(hold, [])
    const worker = s.worker('default', { tasks: [hold] })
    const done = worker.run()
    await until('it runs', () => started() === 1)
    const slow = worker.stop({ timeout: '1h' })
    await worker.stop({ force: true })
    await slow
    await done
    await job.refresh()
    expect(job).toMatchObject({ status: 'queued', attempt: 0 })
  })

  it('twice, before it runs, and at once after the start: safe', async () => {
    const s = await stage()
    const never = s.worker('default', { tasks: [quick] })
    await never.stop()
    await never.stop()
    const hasty = s.worker('default', { tasks: [quick] })
    const done = hasty.run()
    await hasty.stop()
    await hasty.stop()
    expect(await done).toMatchObject({ processed: 0 })
  })
})

describe('a Redis that never answers', () => {
  it('stop ends the worker, and it has never been ready', async () => {
    const worker = new Worker('default', { tasks: [quick], connection: 'redis://127.0.0.1:1', logger: silentLogger })
    let ready = false
    worker.on('ready', () => {
      ready = true
    })
    const done = worker.run()
    await worker.stop()
    expect(await done).toMatchObject({ processed: 0 })
    expect(ready).toBe(false)
  })

  it('stop does not wait until the call that is on its way is given up', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    onTestFinished(() => void vi.useRealTimers())
    const worker = new Worker('default', { tasks: [quick], connection: 'redis://127.0.0.1:1', logger: silentLogger })
    const done = worker.run()
    while (worker.store.client.driver.status === 'wait') await new Promise((resolve) => setImmediate(resolve))
    void worker.stop()
    // The deadline of a call is five times as far away, and here it never comes.
    await vi.advanceTimersByTimeAsync(1_000)
    expect(await done).toMatchObject({ processed: 0 })
  })
})

describe('pausing', () => {
  it('takes nothing until resumed', async () => {
    const s = await stage()
    const queue = s.queue()
    const worker = s.worker('default', { tasks: [quick] })
    const done = worker.run()
    const ready = gate()
    worker.on('ready', () => ready.open())
    await ready.promise
    worker.pause()
    const job = await queue.enqueue(quick, [])
    expect(worker.state).toBe('paused')
    expect(await job.settle({ timeout: 100 }).catch((error: { code: string }) => error.code)).toBe('RQTS_WAIT_TIMEOUT')
    worker.resume()
    expect(await job.result({ timeout: '60s' })).toBe('done')
    await worker.stop()
    await done
  })
})

describe('names and presence', () => {
  it('a live worker of the same name is refused', async () => {
    const s = await stage()
    const first = s.worker('default', { tasks: [quick], name: 'twin' })
    const done = first.run()
    const ready = gate()
    first.on('ready', () => ready.open())
    await ready.promise
    await expect(s.worker('default', { tasks: [quick], name: 'twin' }).run()).rejects.toMatchObject({ code: 'RQTS_WORKER_EXISTS' })
    expect((await Worker.all({ connection: s.url, prefix: s.prefix })).map((worker) => worker.name)).toEqual(['twin'])
    await first.stop()
    await done
  })

  it('each of its states can be seen by others', async () => {
    const s = await stage()
    const connect = { connection: s.url, prefix: s.prefix }
    const [ready, door] = [gate(), gate()]
    const seen = (state: string): Promise<void> => until(`it is ${state}`, async () => (await Worker.all(connect))[0]?.state === state)
    const tasks = {
      setup: () => ready.promise,
      async hold() {
        await door.promise
      },
    }
    const worker = s.worker('default', { tasks: [tasks], name: 'seen' })
    const done = worker.run()
    await seen('starting')
    ready.open()
    await seen('idle')
    worker.pause()
    await seen('paused')
    await Worker.steer('*', { do: 'pause' }, connect)
    await seen('suspended')
    await Worker.steer('*', { do: 'resume' }, connect)
    await seen('paused')
    worker.resume()
    const job = await s.queue().enqueue('hold', [])
    await seen('busy')
    const stopped = worker.stop()
    await seen('stopping')
    door.open()
    await job.result({ timeout: '60s' })
    await stopped
    await done
    expect(await Worker.all(connect)).toEqual([])
    await enlistWorker(s.store, 'seen', 'one that died', 1, { state: 'busy' })
    await seen('lost')
  })

  it('shows what it runs', async () => {
    const s = await stage()
    const { hold, started, release } = holdable()
    const job = await s.queue().enqueue(hold, [])
    const worker = s.worker(['default', 'other'], { tasks: [hold], concurrency: 4 })
    const done = worker.run()
    await until('it runs', () => started() === 1)
    await until('a heartbeat has told', async () => {
      const [info] = await Worker.all({ connection: s.url, prefix: s.prefix })
      return info?.state === 'busy'
    })
    expect(await Worker.all({ connection: s.url, prefix: s.prefix })).toMatchObject([
      { name: worker.name, state: 'busy', pid: process.pid, queues: ['default', 'other'], concurrency: 4, jobs: [job.id] },
    ])
    const second = await s.queue().enqueue(hold, [])
    await until('the next job is told too', async () => {
      const [info] = await Worker.all({ connection: s.url, prefix: s.prefix })
      return info?.jobs.includes(second.id) === true
    })
    release()
    await worker.stop()
    await done
  })
})

describe('options', () => {
  it.each([
    ['no queue', [], {}],
    ['a bad queue name', 'a b', {}],
    ['braces', 'a{b}', {}],
    ['concurrency 0', 'a', { concurrency: 0 }],
    ['a fraction', 'a', { concurrency: 1.5 }],
    ['a bad lease', 'a', { lease: 'soon' }],
    ['a bad strategy', 'a', { strategy: 'best' }],
    ['an unknown option', 'a', { concurency: 3 }],
    ['a bad name', 'a', { name: 'a b' }],
    ['an object for a queue', { name: 'a' } as never, {}],
    ['one task in place of a list', 'a', { tasks: quick }],
    ['a number for a task', 'a', { tasks: [5] }],
    ['one middleware in place of a list', 'a', { middleware: quick }],
  ] as [string, string | string[], object][])('%s is refused before Redis is touched', (_, queues, options) => {
    expect(() => new Worker(queues, { ...options, connection: 'redis://127.0.0.1:1' })).toThrow(
      expect.objectContaining({ name: 'RqtsError' }),
    )
  })

  it('options that are none are refused, and not shown', () => {
    for (const options of [null, 'redis://:geheim@127.0.0.1:1'])
      expect(() => new Worker('a', options as never)).toThrow(
        expect.objectContaining({ code: 'RQTS_BAD_OPTION', message: expect.not.stringContaining('geheim') as string }),
      )
  })

  it('no task module: says what it looked for', async () => {
    const s = await stage()
    const cwd = process.cwd()
    process.chdir('/')
    try {
      await expect(s.worker('default').run()).rejects.toMatchObject({
        code: 'RQTS_TASK_FILE',
        message: expect.stringContaining('tasks.ts') as string,
      })
    } finally {
      process.chdir(cwd)
    }
  })
})

describe('events', () => {
  it('tell of each step; a listener that throws is logged and disturbs nobody', async () => {
    const s = await stage()
    const queue = s.queue()
    const told: string[] = []
    const errors: string[] = []
    const logger: Logger = { debug() {}, info() {}, warn() {}, error: (_, message) => errors.push(message) }
    let tries = 0
    function flaky(): void {
      if (++tries === 1) throw new Error('first')
    }
    function bad(): never {
      throw new Error('always')
    }
    await queue.enqueue(flaky, [], { retry: 1 })
    await queue.enqueue(bad, [])
    const worker = s.worker('default', { tasks: [flaky, bad], concurrency: 1, burst: true, logger })
    worker.on('started', () => {
      throw new Error('listener')
    })
    for (const name of ['ready', 'started', 'finished', 'failed', 'retry'] as const) {
      worker.on(name, (facts) => told.push('task' in facts ? `${name} ${facts.task} ${facts.attempt}` : name))
    }
    expect(await worker.run()).toEqual({ processed: 3, succeeded: 1, failed: 2 })
    expect(told.sort()).toEqual([
      'failed bad 1',
      'finished flaky 2',
      'ready',
      'retry flaky 1',
      'started bad 1',
      'started flaky 1',
      'started flaky 2',
    ])
    expect(errors).toHaveLength(3)
  })
})
