import { describe, expect, it } from 'vitest'
import { currentJob, type JobContext, task } from '../../lib/index.ts'
import { gate, stage, until } from '../support/stage.ts'

function add(a: number, b: number): number {
  return a + b
}

async function shout(text: string): Promise<string> {
  return text.toUpperCase()
}

describe('running jobs', () => {
  it('runs sync and async handlers and brings their results back', async () => {
    const { queue: open, worker: hire } = await stage()
    const queue = open()
    const sum = await queue.enqueue(add, [2, 3])
    const loud = await queue.enqueue(shout, ['hi'])
    const worker = hire('default', { tasks: [add, shout], burst: true })
    expect(await worker.run()).toEqual({ processed: 2, succeeded: 2, failed: 0 })
    expect(await sum.result()).toBe(5)
    expect(await loud.result()).toBe('HI')
    await sum.refresh()
    expect(sum).toMatchObject({ status: 'finished', attempt: 1, worker: worker.name, returnValue: 5 })
    expect(sum.startedAt!.getTime()).toBeGreaterThanOrEqual(sum.enqueuedAt!.getTime())
    expect(sum.endedAt!.getTime()).toBeGreaterThanOrEqual(sum.startedAt!.getTime())
  })

  it('carries rich values there and back', async () => {
    const { queue: open, worker: hire } = await stage()
    const value = { at: new Date(5), big: 7n, map: new Map([['a', new Set([1, undefined])]]), none: undefined, zero: -0, nan: Number.NaN }
    function echo<T>(given: T): T {
      return given
    }
    const job = await open().enqueue(echo<typeof value>, [value])
    await hire('default', { tasks: [echo], burst: true }).run()
    expect(await job.result()).toEqual(value)
  })

  it('gives the handler its context as `this` and as currentJob(), across awaits and side by side', async () => {
    const { queue: open, worker: hire } = await stage()
    const queue = open('mail')
    const seen: unknown[] = []
    async function look(this: JobContext, n: number): Promise<void> {
      const before = currentJob()
      await new Promise((resolve) => setImmediate(resolve))
      seen.push([n, before === this, currentJob() === this, this.id, this.queue, this.task, this.attempt, this.maxAttempts, this.meta])
    }
    const first = await queue.enqueue(look, [1], { meta: { who: 'ann' }, retry: 4 })
    const second = await queue.enqueue(look, [2])
    await hire('mail', { tasks: [look], burst: true }).run()
    expect(seen.sort()).toEqual([
      [1, true, true, first.id, 'mail', 'look', 1, 5, { who: 'ann' }],
      [2, true, true, second.id, 'mail', 'look', 1, 1, {}],
    ])
    expect(currentJob()).toBeUndefined()
  })

  it('runs never more than `concurrency` at once, and that many if there is work', async () => {
    const { queue: open, worker: hire } = await stage()
    const queue = open()
    const release = gate()
    let running = 0
    let most = 0
    async function hold(): Promise<void> {
      most = Math.max(most, ++running)
      await release.promise
      running--
    }
    await queue.enqueueMany(Array.from({ length: 9 }, () => [hold, []] as const))
    const worker = hire('default', { tasks: [hold], concurrency: 3, burst: true })
    const done = worker.run()
    await until('three run', () => running === 3)
    expect(await queue.counts()).toMatchObject({ queued: 6, started: 3 })
    release.open()
    expect(await done).toMatchObject({ succeeded: 9 })
    expect(most).toBe(3)
  })

  it('writes progress, log lines and meta where others can read them', async () => {
    const { queue: open, worker: hire } = await stage()
    const queue = open()
    async function report(this: JobContext): Promise<void> {
      await this.progress({ done: 1, total: 2 })
      await this.log('half way')
      await this.setMeta({ step: 1 })
      await this.setMeta({ extra: true })
      expect(this.meta).toEqual({ owner: 'bob', step: 1, extra: true })
    }
    const job = await queue.enqueue(report, [], { meta: { owner: 'bob' } })
    await hire('default', { tasks: [report], burst: true }).run()
    await job.refresh()
    expect(job).toMatchObject({ status: 'finished', progress: { done: 1, total: 2 }, meta: { owner: 'bob', step: 1, extra: true } })
    expect(await job.logs()).toEqual(['half way'])
  })

  it('enqueues from inside a handler, on its own queue by default', async () => {
    const { queue: open, worker: hire } = await stage()
    const queue = open('deep')
    async function plant(this: JobContext): Promise<string> {
      const child = await this.enqueue(add, [1, 1])
      return child.id
    }
    const job = await queue.enqueue(plant, [])
    await hire('deep', { tasks: [plant, add], burst: true }).run()
    const child = await queue.fetchJob(await job.result())
    expect(child).toMatchObject({ queue: 'deep', task: 'add', status: 'finished', returnValue: 2 })
  })

  it('checks arguments by their schema before the handler sees them', async () => {
    const { queue: open, worker: hire } = await stage()
    const { z } = await import('zod')
    let calls = 0
    const strict = task({ name: 'strict', args: z.tuple([z.number().min(1)]) }, (n: number) => {
      calls++
      return n
    })
    const queue = open()
    const good = await queue.enqueue(strict, [2])
    // Another program, without the schema, may enqueue what does not fit.
    const bad = await queue.enqueue('strict', [0], { retry: 3 })
    await expect(queue.enqueue(strict, [0])).rejects.toMatchObject({ code: 'RQTS_BAD_ARGS' })
    await hire('default', { tasks: [strict], burst: true }).run()
    expect(await good.result()).toBe(2)
    expect(await bad.settle()).toMatchObject({ status: 'failed', error: { cause: { code: 'RQTS_BAD_ARGS' } } })
    await bad.refresh()
    expect([bad.attempt, calls]).toEqual([1, 1])
  })

  it('wraps handlers in middleware, outermost first', async () => {
    const { queue: open, worker: hire } = await stage()
    const trail: string[] = []
    const job = await open().enqueue(add, [1, 2])
    await hire('default', {
      tasks: [add],
      burst: true,
      middleware: [
        async (context, next) => {
          trail.push(`in ${context.task}`)
          const result = await next()
          trail.push('out')
          return (result as number) * 10
        },
        (_, next) => {
          trail.push('inner')
          return next()
        },
      ],
    }).run()
    expect(await job.result()).toBe(30)
    expect(trail).toEqual(['in add', 'inner', 'out'])
  })
})

describe('which queue is next', () => {
  async function order(strategy: 'priority' | 'round-robin' | 'random', names: string[]): Promise<string[]> {
    const { queue: open, worker: hire } = await stage()
    const seen: string[] = []
    function visit(this: JobContext): void {
      seen.push(this.queue)
    }
    for (const name of ['a', 'b']) await open(name).enqueueMany(Array.from({ length: 4 }, () => [visit, []] as const))
    await hire(names, { tasks: [visit], concurrency: 1, strategy, burst: true }).run()
    return seen
  }

  it('priority: the first queue that has a job, strictly', async () => {
    expect(await order('priority', ['b', 'a'])).toEqual(['b', 'b', 'b', 'b', 'a', 'a', 'a', 'a'])
  })

  it('priority: also when a job of a later queue has just ended', async () => {
    const { queue: open, worker: hire } = await stage()
    const seen: string[] = []
    async function visit(this: JobContext, more: boolean): Promise<void> {
      seen.push(this.queue)
      if (more) await open('high').enqueue(visit, [false])
    }
    await open('low').enqueueMany([true, false, false].map((more) => [visit, [more]] as const))
    await hire(['high', 'low'], { tasks: [visit], concurrency: 1, prefetch: 0, burst: true }).run()
    expect(seen).toEqual(['low', 'high', 'low', 'low'])
  })

  it('round robin: each in turn', async () => {
    expect(await order('round-robin', ['a', 'b'])).toEqual(['a', 'b', 'a', 'b', 'a', 'b', 'a', 'b'])
  })

  it('random: all are served', async () => {
    expect((await order('random', ['a', 'b'])).sort()).toEqual(['a', 'a', 'a', 'a', 'b', 'b', 'b', 'b'])
  })

  it('follows wildcards, also to queues that are born later', async () => {
    const { queue: open, worker: hire } = await stage()
    const worker = hire('mail.*', { tasks: [add] })
    const done = worker.run()
    const late = await open('mail.late').enqueue(add, [20, 1])
    expect(await late.result({ timeout: '60s' })).toBe(21)
    const other = await open('other').enqueue(add, [1, 1])
    await worker.stop()
    await done
    await other.refresh()
    expect(other.status).toBe('queued')
  })

  it('an urgent job at the front starts next', async () => {
    const { queue: open, worker: hire } = await stage()
    const queue = open()
    const seen: number[] = []
    function note(n: number): void {
      seen.push(n)
    }
    await queue.enqueue(note, [1])
    await queue.enqueue(note, [2], { atFront: true })
    await hire('default', { tasks: [note], concurrency: 1, burst: true }).run()
    expect(seen).toEqual([2, 1])
  })
})

describe('when a worker stops by itself', () => {
  it('burst: what is queued and what that leads to, not what is due later', async () => {
    const { queue: open, worker: hire } = await stage()
    const queue = open()
    const parent = await queue.enqueue(add, [1, 1])
    const child = await queue.enqueue(add, [2, 2], { dependsOn: parent })
    const later = await queue.enqueueIn('1h', add, [3, 3])
    expect(await hire('default', { tasks: [add], burst: true }).run()).toMatchObject({ processed: 2 })
    expect(await child.result()).toBe(4)
    await later.refresh()
    expect(later.status).toBe('scheduled')
  })

  it('maxJobs: after exactly that many, failed ones included', async () => {
    const { queue: open, worker: hire } = await stage()
    const queue = open()
    function odd(n: number): void {
      if (n % 2 === 1) throw new Error('odd')
    }
    await queue.enqueueMany([1, 2, 3, 4, 5].map((n) => [odd, [n]] as const))
    expect(await hire('default', { tasks: [odd], maxJobs: 3 }).run()).toEqual({ processed: 3, succeeded: 1, failed: 2 })
    expect(await queue.count()).toBe(2)
  })

  it('maxIdle: after that long without a job', async () => {
    const { worker: hire } = await stage()
    expect(await hire('default', { tasks: [add], maxIdle: 50 }).run()).toEqual({ processed: 0, succeeded: 0, failed: 0 })
  })

  it('paused queues are left alone, also by a burst', async () => {
    const { queue: open, worker: hire } = await stage()
    const queue = open()
    await queue.pause()
    const job = await queue.enqueue(add, [1, 1])
    expect(await hire('default', { tasks: [add], burst: true }).run()).toMatchObject({ processed: 0 })
    const worker = hire('default', { tasks: [add] })
    const done = worker.run()
    await queue.resume()
    expect(await job.result({ timeout: '60s' })).toBe(2)
    await worker.stop()
    await done
  })
})
