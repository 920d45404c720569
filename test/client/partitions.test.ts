import { describe, expect, test } from 'vitest'
import { jobDetail, listQueues, locate, overview } from '../../lib/client/inspector.ts'
import { chain, group, Job, type JobContext, Queue, Schedules, schedule, task } from '../../lib/index.ts'
import { partitionNames, partitionOf, queueOf } from '../../lib/partition.ts'
import { ownQueue } from '../../lib/store/control.ts'
import { takeMarker } from '../../lib/store/wake.ts'
import { enlistWorker } from '../../lib/store/workers.ts'
import { stage, until } from '../support/stage.ts'
import { codeOf } from './support.ts'

function work(this: JobContext, value: unknown = null): unknown {
  return value
}

async function open(partitions = 4) {
  const s = await stage()
  const settings = { connection: s.url, prefix: s.prefix }
  const queue = new Queue('hot', { ...settings, partitions })
  s.closing(() => queue.close())
  const names = partitionNames('hot', partitions)
  return { ...s, settings, hot: queue, names, home: (text: string) => names[partitionOf(text, partitions)]! }
}

describe('names and places', () => {
  test('lie evenly over the slots, the first under the name of the queue', () => {
    expect(partitionNames('hot', 1)).toEqual(['hot'])
    for (const count of [2, 4, 7, 64]) {
      const names = partitionNames('a.b:c/d', count)
      expect(new Set(names).size).toBe(count)
      expect(names[0]).toBe('a.b:c/d')
      for (const name of names) expect(queueOf(name)).toBe('a.b:c/d')
      expect(partitionNames('a.b:c/d', count)).toEqual(names)
    }
  })

  test('ids of one moment are spread evenly', async () => {
    const { hot, names, store } = await open()
    const jobs = await hot.enqueueMany(Array.from({ length: 400 }, (_, n) => [work, [n]] as const))
    const lengths = await Promise.all(names.map((name) => store.client.call('LLEN', store.keys.container(name, 'queue'))))
    for (const length of lengths as number[]) expect(length).toBeGreaterThan(40)
    expect(jobs.map(({ args }) => args[0])).toEqual(Array.from({ length: 400 }, (_, n) => n))
    expect(new Set(jobs.map(({ queue }) => queue))).toEqual(new Set(['hot']))
  })
})

describe('one queue to all who use it', () => {
  test('counts, lists, positions, jobs by id', async () => {
    const { hot, settings } = await open()
    const jobs = await Promise.all(Array.from({ length: 40 }, (_, n) => hot.enqueue(work, [n])))
    await hot.enqueueIn('1h', work, [])
    expect(await hot.counts()).toMatchObject({ queued: 40, scheduled: 1, started: 0 })
    expect(await hot.count()).toBe(40)
    const ids = await hot.jobIds()
    expect([...ids].sort()).toEqual(jobs.map(({ id }) => id).sort())
    expect(await hot.jobIds(10, 5)).toEqual(ids.slice(10, 15))
    expect((await hot.jobs(3, 4)).map(({ id }) => id)).toEqual(ids.slice(3, 7))
    for (const at of [0, 1, 17, 39]) expect(await hot.position(ids[at]!)).toBe(at)
    const some = jobs[7]!
    expect(await hot.fetchJob(some.id)).toMatchObject({ id: some.id, queue: 'hot', args: [7] })
    expect(await hot.fetchJob('none')).toBeNull()
    expect(await Job.fetch(some.id, { ...settings, queue: 'hot' })).toMatchObject({ args: [7] })
    expect(await Job.fetch(some.id, settings)).toMatchObject({ queue: 'hot' })
    expect(await hot.registry('scheduled').count()).toBe(1)
    expect(await hot.remove(some)).toBe(true)
    expect(await some.exists()).toBe(false)
    await jobs[8]!.cancel()
    expect(await hot.registry('canceled').ids()).toEqual([jobs[8]!.id])
    await hot.registry('canceled').requeue(jobs[8]!.id)
    expect(await hot.registry('canceled').has(jobs[8]!)).toBe(false)
    expect(await hot.empty()).toBe(39)
    expect(await hot.isEmpty()).toBe(true)
  })

  test('a worker of its name, or of a pattern, takes from all partitions in turn', async () => {
    const { hot, worker, names } = await open()
    const jobs = await hot.enqueueMany(Array.from({ length: 80 }, () => [where, []] as const))
    const seen: string[] = []
    function where(this: JobContext): string {
      seen.push(names.find((name) => partitionOf(this.id, 4) === names.indexOf(name))!)
      return this.queue
    }
    await worker('ho*', { tasks: [where], concurrency: 1, prefetch: 0, burst: true }).run()
    expect(seen.length).toBe(80)
    // While all have jobs, none waits for another to be empty.
    expect(new Set(seen.slice(0, 20)).size).toBe(4)
    expect(new Set(await Promise.all(jobs.map((job) => job.result())))).toEqual(new Set(['hot']))
  })

  test('jobs are run as soon as they come, retried, and enqueue others', async () => {
    const { hot, worker } = await open()
    const told: string[] = []
    const outer = task('outer', async function (this: JobContext, n: number) {
      if (this.attempt === 1) throw new Error('again')
      return (await this.enqueue(inner, [n])).id
    })
    const inner = task('inner', (n: number) => n * 2)
    const running = worker('hot', { tasks: [outer, inner] })
    running.on('finished', ({ queue }) => told.push(queue))
    void running.run()
    const jobs = await Promise.all(Array.from({ length: 8 }, (_, n) => hot.enqueue(outer, [n], { retry: 2 })))
    const results = await Promise.all(jobs.map((job) => job.result({ timeout: '60s' })))
    for (const [n, id] of results.entries()) expect(await (await hot.fetchJob(id))!.result({ timeout: '60s' })).toBe(n * 2)
    await until('all were told', () => told.length === 16)
    expect(new Set(told)).toEqual(new Set(['hot']))
  })

  test('pause and resume mean all partitions', async () => {
    const { hot, worker, names, store } = await open()
    await hot.pause()
    expect(await hot.isPaused()).toBe(true)
    for (const name of names) expect(await store.client.call('HEXISTS', store.keys.queuePart(name, 'meta'), 'paused')).toBe(1)
    const jobs = await hot.enqueueMany(Array.from({ length: 12 }, () => [work, []] as const))
    await worker('hot', { tasks: [work], burst: true }).run()
    expect(await hot.count()).toBe(12)
    await hot.resume()
    await worker('hot', { tasks: [work], burst: true }).run()
    await Promise.all(jobs.map((job) => job.result()))
  })

  test('info and inspection sum them up under one name', async () => {
    const { hot, store, names } = await open()
    const parent = await hot.enqueue(work)
    const child = await hot.enqueue(work, [], { dependsOn: parent })
    await hot.enqueueMany(Array.from({ length: 30 }, () => [work, []] as const))
    expect(await listQueues(store)).toEqual(['hot'])
    const { queues, totals } = await overview(store)
    expect(queues).toMatchObject([{ name: 'hot', queued: 31, deferred: 1, paused: false }])
    expect(totals).toMatchObject({ queues: 1, queued: 31 })
    expect(await locate(store, child.id)).toEqual({ queue: 'hot', id: child.id })
    expect(await jobDetail(store, { queue: 'hot', id: child.id })).toMatchObject({ queue: 'hot', dependencies: [parent.id] })
    await hot.delete()
    expect(await listQueues(store)).toEqual([])
    for (const name of names) expect(await store.client.scan(`${store.keys.base(name).replaceAll('~', '?')}*`)).toEqual([])
  })
})

describe('what crosses partitions', () => {
  test('dependencies, within one call too, by handle and by id', async () => {
    const { hot, worker, queue } = await open()
    const order: string[] = []
    function note(this: JobContext): void {
      order.push(this.id)
    }
    const elsewhere = await queue('other').enqueue(note, [], { jobId: 'elsewhere' })
    const parents = await hot.enqueueMany(Array.from({ length: 6 }, (_, n) => [note, [], { jobId: `p${n}` }] as const))
    const links = Array.from(
      { length: 12 },
      (_, n) => [note, [], { jobId: `c${n}`, dependsOn: n === 0 ? [...parents, elsewhere] : `c${n - 1}` }] as const,
    )
    await hot.enqueueMany([...links].reverse())
    const last = await hot.enqueue(note, [], { jobId: 'last', dependsOn: 'c11' })
    const beyond = await queue('other').enqueue(note, [], { jobId: 'beyond', dependsOn: [last, 'c3'] })
    expect(await codeOf(hot.enqueue(note, [], { dependsOn: 'nobody' }))).toBe('RQTS_UNKNOWN_DEPENDENCY')
    const hired = worker(['hot', 'other'], { tasks: [note] })
    void hired.run()
    await beyond.result({ timeout: '60s' })
    expect(order.slice(7)).toEqual([...Array.from({ length: 12 }, (_, n) => `c${n}`), 'last', 'beyond'])
    expect((await last.dependencies()).map(({ id, queue: name }) => [id, name])).toEqual([['c11', 'hot']])
  })

  test('workflows and callbacks', async () => {
    const { hot, worker, settings } = await open()
    const double = task('double', (n: number) => n * 2)
    const sum = task('sum', (all: number[]) => all.reduce((a, b) => a + b, 0))
    const heard: unknown[] = []
    const hear = task('hear', (value: unknown) => void heard.push(value))
    const inside = task('inside', async function (this: JobContext) {
      return await this.replaceWith(chain(double.s(4), double.s()))
    })
    void worker('hot', { tasks: [double, sum, hear, inside] }).run()
    const flow = await chain(group(Array.from({ length: 9 }, (_, n) => double.s(n))), sum.s()).enqueue({ queue: 'hot', ...settings })
    expect(await flow.result({ timeout: '60s' })).toBe(72)
    expect(new Set(flow.jobs.map(({ queue }) => queue))).toEqual(new Set(['hot']))
    const called = await hot.enqueue(double, [21], { onSuccess: hear.s().set({ queue: 'hot' }) })
    await called.result({ timeout: '60s' })
    await until('it was heard', () => heard.length === 1)
    expect(heard).toEqual([42])
    for (let n = 0; n < 6; n++) expect(await (await hot.enqueue(inside)).result({ timeout: '60s' })).toBe(16)
  })

  test('a workflow tells how it stands, and is canceled, wherever its jobs are', async () => {
    const { hot, settings, names, store } = await open()
    await hot.counts()
    const pass = task('pass', (value: unknown) => value)
    const steps = Array.from({ length: 20 }, () => pass.s())
    const flow = await chain(pass.s(1), group(steps), pass.s()).enqueue({ queue: 'hot', ...settings })
    const used = await Promise.all(names.map((name) => store.client.call('EXISTS', store.keys.container(name, 'deferred'))))
    expect(used.filter((there) => there === 1).length).toBeGreaterThan(1)
    expect(await flow.status()).toBe('queued')
    expect(await flow.progress()).toEqual({ done: 0, total: 22 })
    await flow.cancel()
    expect(await flow.status()).toBe('canceled')
    expect(await flow.progress()).toEqual({ done: 22, total: 22 })
    for (const job of flow.jobs) expect((await job.refresh()).status).toBe('canceled')
  })

  test('a unique key holds over all of them, whatever the ids', async () => {
    const { hot, home } = await open()
    const first = await hot.enqueue(work, [1], { unique: { key: 'k', mode: 'return' } })
    for (let n = 0; n < 8; n++) expect((await hot.enqueue(work, [n], { unique: { key: 'k', mode: 'return' } })).id).toBe(first.id)
    expect(home(first.id)).toBe(home('k'))
    const chosen = await hot.enqueue(work, [1], { jobId: 'mine', unique: { key: 'other' } })
    expect(await codeOf(hot.enqueue(work, [1], { jobId: 'yours', unique: { key: 'other' } }))).toBe('RQTS_DUPLICATE_JOB')
    expect(await hot.fetchJob('mine')).toMatchObject({ id: chosen.id })
    expect(await codeOf(hot.enqueue(work, [1], { jobId: 'once' }))).toBe('nothing was thrown')
    expect(await codeOf(hot.enqueue(work, [2], { jobId: 'once' }))).toBe('RQTS_DUPLICATE_JOB')
    expect(await codeOf(hot.enqueue(work, [1], { unique: true, concurrencyKey: 'c' }))).toBe('RQTS_BAD_OPTION')
  })

  test('schedules', async () => {
    const { worker, settings, hot } = await open()
    await schedule('tick', 'work', [], { every: '1h', queue: 'hot' }, settings)
    const schedules = new Schedules(settings)
    const runs = await Promise.all([1, 2, 3, 4, 5].map(() => schedules.runNow('tick')))
    await worker('hot', { tasks: [work], burst: true }).run()
    expect((await hot.counts()).finished).toBe(5)
    expect(new Set(runs.map(({ queue }) => queue))).toEqual(new Set(['hot']))
    await schedules.remove('tick')
  })
})

describe('how many there are', () => {
  test('is said once: others need not, and must not say otherwise', async () => {
    const { hot, settings, queue, closing } = await open()
    await hot.enqueue(work, [], { jobId: 'a' })
    const plain = queue('hot')
    expect((await plain.enqueueMany(Array.from({ length: 20 }, () => [work, []] as const))).length).toBe(20)
    expect(await plain.count()).toBe(21)
    expect(await plain.fetchJob('a')).not.toBeNull()
    const other = new Queue('hot', { ...settings, partitions: 2 })
    closing(() => other.close())
    await expect(other.enqueue(work)).rejects.toMatchObject({
      code: 'RQTS_BAD_OPTION',
      message: expect.stringContaining('has 4 partitions') as string,
    })
    await expect(other.counts()).rejects.toMatchObject({ code: 'RQTS_BAD_OPTION' })
    await hot.delete()
    expect(await other.counts()).toMatchObject({ queued: 0 })
    await other.enqueue(work)
    await expect(hot.enqueue(work)).rejects.toMatchObject({ message: expect.stringContaining('has 2 partitions') as string })
  })

  test('a queue that is in use can be given partitions: what waits stays, is found and runs', async () => {
    const { url, prefix, queue, worker, closing } = await stage()
    const running = worker('hot', { tasks: [work] })
    void running.run()
    running.pause()
    const before = await queue('hot').enqueueMany(Array.from({ length: 20 }, (_, n) => [work, [n]] as const))
    const hot = new Queue('hot', { connection: url, prefix, partitions: 3 })
    closing(() => hot.close())
    const after = await hot.enqueueMany(Array.from({ length: 20 }, (_, n) => [work, [n]] as const))
    expect(await hot.count()).toBe(40)
    for (const job of before) expect((await hot.fetchJob(job.id))!.args).toEqual(job.args)
    const child = await hot.enqueue(work, ['child'], { dependsOn: [before[3]!, before[4]!.id, after[0]!] })
    running.resume()
    expect(await Promise.all([...before, ...after].map((job) => job.result({ timeout: '60s' })))).toHaveLength(40)
    expect(await child.result({ timeout: '60s' })).toBe('child')
  })

  test('workers that idle are called, to wait at the new ones too', async () => {
    const { hot, store } = await open()
    await enlistWorker(store, 'w', 'me', 60_000, { pid: 1 })
    const { driver, end } = store.connections.blocking()
    const rang = takeMarker(store, driver, [ownQueue('w')], 60_000)
    await hot.enqueue(work)
    expect(await rang).toBe(ownQueue('w'))
    end()
  })

  test.each([0, 65, 1.5, '4'])('%s is refused', async (partitions) => {
    const { settings } = await open(1)
    expect(() => new Queue('x', { ...settings, partitions: partitions as number })).toThrow(/whole number from 1 to 64/)
  })

  test('limits are refused, as are inline queues', async () => {
    const { hot } = await open()
    expect(await codeOf(hot.setLimits({ concurrency: 2 }))).toBe('RQTS_BAD_STATE')
    expect(() => new Queue('x', { inline: true, partitions: 2 })).toThrow('partitions')
  })
})
