import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, it } from 'vitest'
import type { JobContext } from '../../lib/index.ts'
import { newToken } from '../../lib/job/id.ts'
import { claim, settle } from '../../lib/store/attempts.ts'
import { gate, type Stage, stage, until } from '../support/stage.ts'

const children: ChildProcess[] = []
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
})

/** A worker in a process of its own, from the built package; resolves when it says that the job runs. */
async function childWorker(s: Stage, options: object): Promise<ChildProcess> {
  const child = spawn(
    process.execPath,
    [fileURLToPath(new URL('../support/child-worker.mjs', import.meta.url)), s.url, s.prefix, JSON.stringify(options)],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  children.push(child)
  return child
}

async function line(child: ChildProcess, wanted: string): Promise<void> {
  let text = ''
  for await (const chunk of child.stdout!) {
    text += String(chunk)
    if (text.includes(wanted)) return
  }
  throw new Error(`The child ended without saying '${wanted}': ${text}`)
}

describe('a worker that dies', () => {
  it('loses nothing: its job runs again elsewhere, with the attempt recorded as lost', async () => {
    const s = await stage()
    const job = await s.queue().enqueue<(ms: number) => Promise<string>>('hold', [60_000])
    const child = await childWorker(s, { lease: 1_500 })
    await line(child, 'running')
    child.kill('SIGKILL')
    await once(child, 'exit')
    async function hold(this: JobContext): Promise<string> {
      return `attempt ${this.attempt}`
    }
    const worker = s.worker('default', { tasks: [hold], lease: 1_500 })
    const done = worker.run()
    expect(await job.result({ timeout: '60s' })).toBe('attempt 2')
    await job.refresh()
    expect(await job.attempts()).toMatchObject([
      { attempt: 1, outcome: 'lost' },
      { attempt: 2, outcome: 'finished' },
    ])
    await worker.stop()
    await done
  })

  it('a job that keeps taking its worker down fails as lost, whatever retries remain', async () => {
    const s = await stage()
    const queue = s.queue()
    const job = await queue.enqueue('hold', [1], { retry: 50 })
    for (let loss = 1; loss <= 3; loss++) {
      await until('the job waits', async () => (await claim(s.store, request('ghost'))).length === 1)
      await s.store.client.call('ZADD', s.store.keys.container('default', 'started'), 1, job.id)
      await s.worker('default', { tasks: [function other() {}], burst: true, maxJobs: 1, maxIdle: 50, concurrency: 1 }).stop()
      const { sweep } = await import('../../lib/store/maintain.ts')
      await sweep(s.store, 'default', 3)
    }
    await job.refresh()
    expect(job).toMatchObject({ status: 'failed', attempt: 3, error: { code: 'RQTS_LOST' } })
  })
})

function request(worker: string): { token: string; worker: string; want: number; leaseMs: number; queues: string[] } {
  return { token: newToken(), worker, want: 1, leaseMs: 30_000, queues: ['default'] }
}

describe('a worker that was taken for dead', () => {
  it('hears of it, its signal aborts, and nothing that it writes counts', async () => {
    const s = await stage()
    const queue = s.queue()
    const [aborted, rescued] = [gate<unknown>(), gate()]
    const started = gate()
    const wrote: string[] = []
    async function stalled(this: JobContext): Promise<string> {
      started.open()
      await new Promise<void>((resolve) => this.signal.addEventListener('abort', () => resolve()))
      // Else this worker might be done, and take the job again, before the other one has it.
      await rescued.promise
      await this.progress('from the dead')
      await this.log('from the dead')
      await this.setMeta({ from: 'the dead' })
      wrote.push('tried')
      aborted.open(this.signal.reason)
      return 'stale'
    }
    const job = await queue.enqueue(stalled, [])
    const lost: string[] = []
    const worker = s.worker('default', { tasks: [stalled], lease: 600, concurrency: 1, scheduler: false })
    worker.on('lost', (facts) => lost.push(facts.id))
    const done = worker.run()
    await started.promise
    // It must not be the one who takes it.
    worker.pause()
    // What happens when its lease lapses: a sweep puts the job back, someone else takes it.
    await s.store.client.call('ZREM', s.store.keys.container('default', 'started'), job.id)
    await s.store.client.call('HSET', s.store.keys.job('default', job.id), 'status', 'queued')
    await s.store.client.call('RPUSH', s.store.keys.container('default', 'queue'), job.id)
    const taken = request('rescuer')
    expect(await claim(s.store, taken)).toMatchObject([{ id: job.id, attempt: 2 }])
    rescued.open()
    expect(await aborted.promise).toMatchObject({ code: 'RQTS_LEASE_LOST' })
    await settle(s.store, { ...request('rescuer'), want: 0 }, [
      { queue: 'default', id: job.id, token: taken.token, kind: 'ok', result: '"fresh"' },
    ])
    expect(await job.result()).toBe('fresh')
    await until('the worker was told', () => lost.length === 1)
    await worker.stop()
    await done
    await job.refresh()
    expect(wrote).toEqual(['tried'])
    expect(job).toMatchObject({ status: 'finished', returnValue: 'fresh', progress: undefined, meta: {} })
    expect(await job.logs()).toEqual([])
  })
})

describe('canceling a running job', () => {
  it('aborts its signal and ends it as stopped, with its retries unused', async () => {
    const s = await stage()
    const queue = s.queue()
    const started = gate()
    const reasons: unknown[] = []
    async function hold(this: JobContext): Promise<string> {
      this.signal.addEventListener('abort', () => reasons.push((this.signal.reason as { code: string }).code))
      started.open()
      return await new Promise(() => undefined)
    }
    const job = await queue.enqueue(hold, [], { retry: 5 })
    const child = await queue.enqueue(hold, [], { dependsOn: job })
    const worker = s.worker('default', { tasks: [hold] })
    const done = worker.run()
    await started.promise
    await job.cancel()
    expect(await job.settle({ timeout: '60s' })).toMatchObject({ status: 'stopped' })
    expect(await child.settle({ timeout: '60s' })).toMatchObject({ status: 'canceled' })
    expect(reasons).toEqual(['RQTS_STOPPED'])
    await worker.stop()
    await done
  })

  it('works when the message is lost: the next renewal brings the order', async () => {
    const s = await stage()
    const queue = s.queue()
    const started = gate()
    async function hold(): Promise<string> {
      started.open()
      return await new Promise(() => undefined)
    }
    const job = await queue.enqueue(hold, [])
    const worker = s.worker('default', { tasks: [hold], lease: 900 })
    const done = worker.run()
    await started.promise
    const key = s.store.keys.job('default', job.id)
    const flags = String((await s.store.client.call('HGET', key, 'flags')) ?? '')
    await s.store.client.call('HSET', key, 'flags', `${flags}s`)
    expect(await job.settle({ timeout: '60s' })).toMatchObject({ status: 'stopped' })
    await worker.stop()
    await done
  })
})

describe('the clock', () => {
  it('promotes due jobs within a fraction of a second, in order', async () => {
    const s = await stage()
    const queue = s.queue()
    const seen: [number, number][] = []
    function note(this: JobContext, n: number): void {
      seen.push([n, Date.now()])
    }
    const worker = s.worker('default', { tasks: [note] })
    const done = worker.run()
    // In one step: on a busy machine the second of two calls might come so late that its job is due last.
    const jobs = await queue.enqueueMany([
      [note, [2], { delay: 300 }],
      [note, [1], { delay: 150 }],
    ])
    for (const job of jobs) await job.result({ timeout: '60s' })
    expect(seen.map(([n]) => n)).toEqual([1, 2])
    for (const job of jobs) {
      await job.refresh()
      expect(job.startedAt!.getTime()).toBeGreaterThanOrEqual(job.runAt!.getTime())
    }
    await worker.stop()
    await done
  })
})
