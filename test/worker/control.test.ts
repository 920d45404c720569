import { describe, expect, it } from 'vitest'
import { overview } from '../../lib/client/inspector.ts'
import { steerWorker } from '../../lib/client/steer.ts'
import { task, Worker } from '../../lib/index.ts'
import { readWishes, ringWorker, wishConcurrency, wishPause } from '../../lib/store/control.ts'
import { enlistWorker } from '../../lib/store/workers.ts'
import { Doorbell } from '../../lib/worker/doorbell.ts'
import { leftoverKeys } from '../support/redis.ts'
import { gate, type Stage, stage, until } from '../support/stage.ts'

function quick(): string {
  return 'done'
}

async function running(s: Stage, options: object = {}): Promise<{ worker: Worker; done: Promise<unknown> }> {
  const worker = s.worker('default', { tasks: [quick], ...options })
  const ready = gate()
  worker.on('ready', () => ready.open())
  const done = worker.run()
  await ready.promise
  return { worker, done }
}

describe('steering a worker from elsewhere', () => {
  it('pauses and resumes it, durably', async () => {
    const s = await stage()
    const { worker, done } = await running(s, { name: 'w1' })
    expect(await steerWorker(s.store, 'w1', { do: 'pause' })).toEqual(['w1'])
    await until('it is paused', () => worker.state === 'paused')
    // Its own program cannot overrule who paused it from outside.
    worker.resume()
    expect(worker.state).toBe('paused')
    const job = await s.queue().enqueue(quick, [])
    await steerWorker(s.store, 'w1', { do: 'resume' })
    expect(await job.result({ timeout: '60s' })).toBe('done')
    await worker.stop()
    await done
  })

  it('finds the wish without any message, and ends a pause when its time is over', async () => {
    const s = await stage()
    const { worker, done } = await running(s, { name: 'w1' })
    await wishPause(s.store, 'w1', 3_600_000)
    await ringWorker(s.store, 'w1')
    await until('it is paused', () => worker.state === 'paused')
    // Shorter only now: a machine that stands still might see nothing of a pause of seconds. It is paused, and looks once a second.
    await wishPause(s.store, 'w1', 200)
    await until('it goes on', () => worker.state === 'idle')
    await worker.stop()
    await done
  })

  it('a bell that a full worker hands back does not outlive it', async () => {
    const s = await stage()
    const rang = gate()
    const full = (): boolean => {
      rang.open()
      return false
    }
    const own = 'worker:gone'
    const bell = new Doorbell(s.store, { pollMs: 60_000, queues: () => [], own, refresh: () => undefined, ring: full })
    const key = s.store.keys.queuePart(own, 'wake')
    bell.arm()
    await s.store.client.call('RPUSH', key, 1)
    await rang.promise
    await until('it is back, and will go', async () => Number(await s.store.client.call('PTTL', key)) > 0)
    bell.close()
    await s.store.client.call('DEL', key)
  })

  it('finds the wish without message and bell when all its slots are taken', async () => {
    const s = await stage()
    const door = gate()
    const hold = task('hold', () => door.promise)
    const { worker, done } = await running(s, { name: 'w1', tasks: [hold], concurrency: 1 })
    const job = await s.queue().enqueue(hold)
    await until('it runs', async () => (await job.refresh()).status === 'started')
    await wishConcurrency(s.store, 'w1', 3)
    await until('it has grown', () => worker.concurrency === 3)
    door.open()
    await worker.stop()
    await done
  })

  it('pauses all, also those that start later; resumes all', async () => {
    const s = await stage()
    const first = await running(s, { name: 'w1' })
    await steerWorker(s.store, '*', { do: 'pause' })
    const second = await running(s, { name: 'w2' })
    expect(second.worker.state).toBe('suspended')
    await until('the first is, too', () => first.worker.state === 'suspended')
    expect(await steerWorker(s.store, '*', { do: 'resume' })).toEqual(expect.arrayContaining(['w1', 'w2']))
    await until('both go on', () => first.worker.state === 'idle' && second.worker.state === 'idle')
    for (const { worker, done } of [first, second]) {
      await worker.stop()
      await done
    }
  })

  it('changes its concurrency', async () => {
    const s = await stage()
    const door = gate()
    let most = 0
    async function hold(): Promise<void> {
      most++
      await door.promise
    }
    const { worker, done } = await running(s, { name: 'w1', tasks: [hold], concurrency: 1 })
    await s.queue().enqueueMany(Array.from({ length: 5 }, () => [hold, []] as const))
    await until('one runs', () => most === 1)
    await steerWorker(s.store, 'w1', { do: 'concurrency', value: 4 })
    await until('four run', () => most === 4)
    expect(worker.concurrency).toBe(4)
    door.open()
    await worker.stop()
    await done
  })

  it('stops it, and what was wished dies with it', async () => {
    const s = await stage()
    const { done } = await running(s, { name: 'w1' })
    await steerWorker(s.store, 'w1', { do: 'concurrency', value: 2 })
    await steerWorker(s.store, 'w1', { do: 'stop' })
    await done
    expect(await readWishes(s.store, 'w1')).toEqual({ paused: false, suspended: false })
    expect((await leftoverKeys(s.prefix)).filter((key) => key.includes('control'))).toEqual([])
  })

  it('tells what it runs, its tasks and its memory when it is asked', async () => {
    const s = await stage()
    const [door, begun] = [gate(), gate()]
    async function hold(): Promise<void> {
      begun.open()
      await door.promise
    }
    const { worker, done } = await running(s, { name: 'w1', tasks: [hold, quick] })
    const job = await s.queue().enqueue(hold, [])
    await begun.promise
    let report: Awaited<ReturnType<typeof Worker.ask>> = null
    await until('it answers in time', async () => {
      report = await Worker.ask('w1', { connection: s.url, prefix: s.prefix })
      return report?.answered === true
    })
    expect(report).toMatchObject({ state: 'busy', jobs: [job.id], tasks: ['hold', 'quick'], node: process.version })
    expect(report!.memory).toBeGreaterThan(1_000_000)
    expect(await Worker.ask('nobody', { connection: s.url, prefix: s.prefix })).toBeNull()
    door.open()
    await worker.stop()
    await done
  })

  it('one that does not answer is not known to be down: what it said last, and that it did not answer', async () => {
    const s = await stage()
    await enlistWorker(s.store, 'mute', 'somebody', 60_000, { state: 'busy', jobs: 'default/j1', concurrency: 2 })
    expect(await Worker.ask('mute', { connection: s.url, prefix: s.prefix })).toMatchObject({
      answered: false,
      state: 'busy',
      jobs: ['j1'],
    })
  })

  it('refuses what makes no sense', async () => {
    const s = await stage()
    await expect(steerWorker(s.store, 'nobody', { do: 'pause' })).rejects.toMatchObject({
      message: expect.stringContaining("'nobody'") as string,
    })
    await expect(steerWorker(s.store, '*', { do: 'stop' })).rejects.toMatchObject({ code: 'RQTS_BAD_OPTION' })
  })
})

describe('a queue that is paused for a while', () => {
  it('goes on by itself', async () => {
    const s = await stage()
    const { worker, done } = await running(s)
    const queue = s.queue()
    await queue.pause({ for: '1h' })
    expect(await queue.isPaused()).toBe(true)
    const before = await s.store.now()
    await queue.pause({ for: 700 })
    const job = await queue.enqueue(quick, [])
    await job.result({ timeout: '60s' })
    await job.refresh()
    expect(job.startedAt!.getTime()).toBeGreaterThanOrEqual(before + 700)
    expect(await queue.isPaused()).toBe(false)
    await worker.stop()
    await done
  })

  it('counts as going on when its time is over, whether or not a worker is there to write it down', async () => {
    const s = await stage()
    const queue = s.queue()
    await queue.pause({ for: 30 })
    await until('it is over', async () => !(await queue.isPaused()))
    expect((await overview(s.store, { queues: ['default'] })).queues[0]!.paused).toBe(false)
    await queue.enqueue(quick, [])
    const worker = s.worker('default', { tasks: [quick], burst: true, scheduler: false })
    expect(await worker.run()).toMatchObject({ succeeded: 1 })
    await queue.pause({ for: '1h' })
    await queue.resume()
    expect(await queue.isPaused()).toBe(false)
    await expect(queue.pause({ for: 0 })).rejects.toMatchObject({ code: 'RQTS_BAD_DURATION' })
  })
})
