import { describe, expect, it, vi } from 'vitest'
import { sharedStore } from '../../lib/client/shared-store.ts'
import { chain, chord, type FlowOptions, group, type Job, task, type WorkflowHandle } from '../../lib/index.ts'
import { checkInvariants } from '../../lib/testing/invariants.ts'
import { random } from '../support/random.ts'
import { add, double, echo, flowStage, list, sum, TASKS, until } from './support.ts'

const QUEUES = ['a', 'b', 'c']

/** The same step on another queue. */
const on = (queue: string) => ({ queue })

describe('a workflow over several queues', () => {
  it('passes results between them, in order', async () => {
    const { to, start } = await flowStage()
    start(QUEUES)
    const flow = await chain(
      add.s(1, 2).set(on('a')),
      group([double.s().set(on('b')), add.s(10).set(on('c')), chain(double.s().set(on('c')), double.s().set(on('a')))]),
      sum.s().set(on('b')),
      double.s().set(on('c')),
    ).enqueue(to)
    expect(flow.jobs.map((job) => job.queue)).toEqual(['a', 'b', 'c', 'c', 'a', 'b', 'c'])
    expect(await flow.result()).toBe((6 + 13 + 12) * 2)
  })

  it('begins in all of them, though the results of none are kept', async () => {
    const { to, start, store } = await flowStage()
    const headers = Array.from({ length: 30 }, (_, i) => double.s(i).set({ queue: QUEUES[i % 3]!, resultTtl: 0 }))
    const flow = await chord(headers, list.s().set(on('c'))).enqueue(to)
    expect(await checkInvariants(store)).toEqual([])
    start(['a'])
    start(['b'])
    start(['c'])
    expect(await flow.result()).toEqual([Array.from({ length: 30 }, (_, i) => i * 2)])
  })

  it('begins where there is a worker, even if the first queue has none', async () => {
    const { to, start } = await flowStage()
    start(['b'])
    const flow = await group([echo.s('a').set(on('a')), echo.s('b').set(on('b'))]).enqueue(to)
    expect(await flow.jobs[1]!.result()).toBe('b')
  })

  it('is canceled over all queues when a step fails, and goes on when that is requeued', async () => {
    const { to, start } = await flowStage()
    let good = false
    const moody = task({ name: 'moody', queue: 'b' }, (n: number) => {
      if (!good) throw new Error('not today')
      return n
    })
    start(QUEUES, { tasks: [...TASKS, moody] })
    const flow = await chain(
      add.s(1, 2).set({ ...on('a'), resultTtl: 0 }),
      group([moody.s(), double.s().set(on('a'))]),
      sum.s().set(on('c')),
      double.s().set(on('a')),
    ).enqueue(to)
    await expect(flow.result()).rejects.toThrow('not today')
    await until('all is canceled', async () => (await flow.progress()).done === 5)
    good = true
    await flow.jobs[1]!.requeue()
    expect(await flow.result()).toBe(18)
  })

  it('is not written at all when one queue refuses', async () => {
    const { to, queue, store } = await flowStage()
    await queue('b').enqueue(echo, ['other'], { jobId: 'taken' })
    const flow = group([echo.s(1).set(on('a')), echo.s(2).set({ ...on('b'), jobId: 'taken' }), echo.s(3).set(on('c'))])
    await expect(flow.enqueue(to)).rejects.toMatchObject({ code: 'RQTS_DUPLICATE_JOB', existingId: 'taken' })
    const last = group([echo.s(2).set({ ...on('b'), jobId: 'taken' }), echo.s(1).set(on('a'))])
    await expect(last.enqueue(to)).rejects.toMatchObject({ code: 'RQTS_DUPLICATE_JOB' })
    for (const name of ['a', 'c']) expect(await queue(name).counts()).toMatchObject({ queued: 0, deferred: 0, canceled: 0 })
    expect(await queue('b').count()).toBe(1)
    expect(await store.client.call('LLEN', store.keys.queuePart('a', 'outbox'))).toBe(0)
  })
})

describe('queues of steps', () => {
  const own = task({ name: 'mail.own', queue: 'task' }, () => undefined)
  const free = task('mail.free', () => undefined)
  const other = task('other', () => undefined)
  const routes = [
    { match: 'mail.*', queue: 'route' },
    { match: '*', queue: 'rest' },
  ]

  it.each([
    ['call', own.si().set(on('call')), { routes, queue: 'flow' }],
    ['task', own.si(), { routes, queue: 'flow' }],
    ['route', free.si(), { routes, queue: 'flow' }],
    ['rest', other.si(), { routes, queue: 'flow' }],
    ['flow', other.si(), { routes: routes.slice(0, 1), queue: 'flow' }],
    ['default', other.si(), { routes: routes.slice(0, 1) }],
  ] as [string, ReturnType<typeof own.si>, FlowOptions][])('%s', async (queue, step, options) => {
    const { to } = await flowStage()
    const flow = await step.enqueue({ ...to, ...options })
    expect(flow.jobs[0]!.queue).toBe(queue)
  })
})

describe('at random', () => {
  it('every body runs exactly once, with workers that die and outcomes that come twice', async () => {
    const { to, start, worker, store } = await flowStage()
    const dice = random('workflow')
    const runs = new Map<string, number>()
    const body = task('body', function (this: { id: string }, values: (number | undefined)[]) {
      runs.set(this.id, (runs.get(this.id) ?? 0) + 1)
      return values.length
    })
    const unsure = task('unsure', (n: number) => {
      if (dice.next() < 0.2) throw new Error('bad luck')
      return n
    })
    const tasks = [...TASKS, body, unsure]
    const flows: WorkflowHandle<number>[] = []
    for (let n = 0; n < 12; n++) {
      const members = Array.from({ length: dice.int(1, 8) }, (_, i) => unsure.s(i).set({ queue: dice.pick(QUEUES), retry: 2 }))
      flows.push(await chord(members, body.s().set({ queue: dice.pick(QUEUES), allowFailure: true })).enqueue(to))
    }
    start(QUEUES, { tasks, concurrency: 3 })
    for (let kill = 0; kill < 6; kill++) {
      const short = worker(QUEUES, { tasks, concurrency: 3 })
      const ran = short.run()
      await until('it is up', () => short.state === 'idle' || short.state === 'busy')
      await short.stop({ force: true })
      await ran
    }
    for (const flow of flows) expect(await flow.result({ timeout: '60s' })).toBe(flow.jobs.length - 1)
    const bodies = flows.map((flow): Job => flow.jobs.at(-1)!)
    expect(bodies.map(({ id }) => runs.get(id))).toEqual(bodies.map(() => 1))
    expect(await checkInvariants(store)).toEqual([])
  })
})

describe('a crash between two queues', () => {
  it('leaves nothing that could run, and what it leaves is canceled after a while', async () => {
    const { to, store, queue, worker } = await flowStage()
    const shared = sharedStore(to)
    let steps = 0
    vi.spyOn(shared, 'run').mockImplementation((...call) => (steps++ === 0 ? store.run(...call) : Promise.reject(new Error('crashed'))))
    const flow = group([echo.s(1).set(on('a')), chain(echo.s(2).set(on('b')), double.si(1).set(on('b')))])
    await expect(flow.enqueue(to)).rejects.toThrow('crashed')
    expect(await queue('a').counts()).toMatchObject({ queued: 0, deferred: 0 })
    expect(await queue('b').counts()).toMatchObject({ queued: 0, deferred: 2 })
    const ids = await queue('b').registry('deferred').ids()
    await worker('b', { tasks: TASKS, burst: true }).run()
    expect(await queue('b').counts()).toMatchObject({ finished: 0, deferred: 2 })
    // As if it had been a minute ago.
    for (const id of ids) await store.client.call('ZINCRBY', store.keys.container('b', 'deferred'), -61_000, id)
    await worker('b', { tasks: TASKS, burst: true }).run()
    expect(await queue('b').counts()).toMatchObject({ finished: 0, deferred: 0, canceled: 2 })
  })

  it('after the last of them strands nobody', async () => {
    const { to, store, worker } = await flowStage()
    const shared = sharedStore(to)
    vi.spyOn(shared, 'run').mockImplementation((script, ...call) =>
      script === 'enqueue' ? store.run(script, ...call) : Promise.reject(new Error('crashed')),
    )
    const flow = await group([echo.s(1).set(on('a')), echo.s(2).set(on('b'))]).enqueue(to)
    vi.restoreAllMocks()
    await worker('a', { tasks: TASKS, burst: true }).run()
    await worker('b', { tasks: TASKS, burst: true }).run()
    expect(await flow.result()).toEqual([1, 2])
  })
})
