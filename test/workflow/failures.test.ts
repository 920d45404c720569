import { describe, expect, it } from 'vitest'
import {
  chain,
  chord,
  group,
  JobCanceled,
  type JobContext,
  task,
  WaitTimeout,
  type WorkflowFailed,
  type WorkflowHandle,
} from '../../lib/index.ts'
import { gate } from '../support/stage.ts'
import { add, broken, double, echo, flowStage, list, sum, TASKS, until } from './support.ts'

async function statuses(flow: WorkflowHandle): Promise<string[]> {
  return Promise.all(
    flow.jobs.map(async (job) => (await job.refresh()).status + (job.snapshot.reason === 'dependency' ? ' dependency' : '')),
  )
}

it('a unique key that is held is named, and nothing is written', async () => {
  const { to, queue } = await flowStage()
  const holder = await queue().enqueue(echo, [1], { unique: { key: 'once' } })
  await expect(chain(echo.s(1), echo.s().set({ unique: { key: 'once' } })).enqueue(to)).rejects.toMatchObject({
    code: 'RQTS_DUPLICATE_JOB',
    existingId: holder.id,
    message: `The workflow was not enqueued: the unique key 'once' of its step echo is held by job ${holder.id}`,
  })
  expect(await queue().counts()).toMatchObject({ queued: 1, deferred: 0 })
})

describe('a failed step', () => {
  it('cancels the later ones, and the result says what it threw', async () => {
    const { to, start } = await flowStage()
    start()
    const flow = await chain(add.s(1, 2), broken.si('boom'), double.s(), double.s()).enqueue(to)
    const error = await flow.result().catch((thrown: unknown) => thrown as WorkflowFailed)
    expect(error).toMatchObject({ name: 'WorkflowFailed', code: 'RQTS_JOB_FAILED', jobId: flow.jobs[1]!.id, cause: { message: 'boom' } })
    await until('the rest is canceled', async () => (await flow.progress()).done === 4)
    expect(await statuses(flow)).toEqual(['finished', 'failed', 'canceled dependency', 'canceled dependency'])
    expect(await flow.status()).toBe('failed')
  })

  it('fails a chord with the first error, and lists the outcomes of the others', async () => {
    const { to, start, queue } = await flowStage()
    start('default', { concurrency: 1 })
    const flow = await chord([double.s(1), broken.s('first'), broken.s('second'), double.s(4)], sum.s()).enqueue(to)
    await flow.result().catch(() => undefined)
    await until('all have ended', async () => (await flow.progress()).done === 5)
    const error = await flow.result().catch((thrown: unknown) => thrown as WorkflowFailed)
    expect(error).toMatchObject({ name: 'WorkflowFailed', cause: { message: 'first' } })
    expect((error as WorkflowFailed).outcomes.map(({ task, status, error: own }) => [task, status, own?.message])).toEqual([
      ['double', 'finished', undefined],
      ['broken', 'failed', 'first'],
      ['broken', 'failed', 'second'],
      ['double', 'finished', undefined],
      ['sum', 'canceled', undefined],
    ])
    expect((await queue().counts()).canceled).toBe(1)
  })

  it('rejects the result of a group as soon as it is known', async () => {
    const { to, start } = await flowStage()
    const { promise, open } = gate()
    const slow = task('slow', () => promise)
    start('default', { tasks: [...TASKS, slow] })
    const flow = await group([slow.s(), broken.s('early')]).enqueue(to)
    await expect(flow.result()).rejects.toMatchObject({ cause: { message: 'early' } })
    expect(await flow.status()).toBe('failed')
    open()
  })

  it('is no end for a step that allows failure: what is missing is undefined', async () => {
    const { to, start } = await flowStage()
    start()
    const flow = await chord([double.s(1), broken.s('x'), double.s(3)], list.s().set({ allowFailure: true })).enqueue(to)
    expect(await flow.result()).toEqual([[2, undefined, 6]])
    expect(await flow.status()).toBe('finished')
    const next = chain(broken.s('x'), echo.s().set({ allowFailure: true, retry: 1 }))
    expect(await (await next.enqueue(to)).result()).toBeUndefined()
  })

  it('is tried again first, if it may', async () => {
    const { to, start } = await flowStage()
    const flaky = task('flaky', function (this: JobContext, n: number) {
      if (this.attempt < 3) throw new Error('not yet')
      return n
    })
    start('default', { tasks: [...TASKS, flaky] })
    const flow = await chord([flaky.s(1).set({ retry: 2 }), flaky.s(2).set({ retry: 2 }), double.s(2)], sum.s()).enqueue(to)
    expect(await flow.result()).toBe(7)
    expect(flow.jobs.at(-1)!.attempt).toBeLessThanOrEqual(1)
  })
})

describe('requeueing a failed step', () => {
  it('goes on from there, with the results that are known', async () => {
    const { to, start } = await flowStage()
    let good = false
    const moody = task('moody', (n: number) => {
      if (!good) throw new Error('not today')
      return n + 1
    })
    start('default', { tasks: [...TASKS, moody] })
    const forgotten = { resultTtl: 0 }
    const flow = await chain(add.s(1, 2).set(forgotten), group([moody.s(), double.s().set(forgotten)]), list.s(), list.s('end')).enqueue(to)
    await expect(flow.result()).rejects.toMatchObject({ cause: { message: 'not today' } })
    await until('the rest is canceled', async () => (await flow.progress()).done === 5)
    good = true
    await flow.jobs[1]!.requeue()
    expect(await flow.result()).toEqual([[[4, 6]], 'end'])
    expect(await flow.status()).toBe('finished')
  })

  it('waits until each failed one was requeued', async () => {
    const { to, queue, worker } = await flowStage()
    let good = false
    const moody = task('moody', (n: number) => {
      if (!good) throw new Error('not today')
      return n
    })
    const burst = async (): Promise<unknown> => await worker('default', { tasks: [...TASKS, moody], burst: true }).run()
    const flow = await chord([moody.s(1), moody.s(2), double.s(2)], chain(sum.s(), double.s())).enqueue(to)
    await burst()
    const [one, two, , body, last] = flow.jobs
    expect(await statuses(flow)).toEqual(['failed', 'failed', 'finished', 'canceled dependency', 'canceled dependency'])
    await expect(body!.requeue()).rejects.toMatchObject({ code: 'RQTS_BAD_STATE' })
    good = true
    await one!.requeue()
    expect(await statuses(flow)).toEqual(['queued', 'failed', 'finished', 'canceled dependency', 'canceled dependency'])
    await burst()
    expect((await body!.refresh()).status).toBe('canceled')
    await two!.requeue()
    expect(await statuses(flow)).toEqual(['finished', 'queued', 'finished', 'deferred', 'deferred'])
    await burst()
    expect(await flow.result()).toBe(14)
    expect((await last!.refresh()).attempt).toBe(1)
    expect((await queue().counts()).finished).toBe(5)
  })

  it('and failing again cancels the rest again; all at once works too', async () => {
    const { to, queue, worker } = await flowStage()
    const burst = async (): Promise<unknown> => await worker('default', { tasks: TASKS, burst: true }).run()
    const flow = await chain(broken.s('a'), double.s(), double.s()).enqueue(to)
    for (let round = 1; round <= 3; round++) {
      await burst()
      expect(await statuses(flow), `round ${round}`).toEqual(['failed', 'canceled dependency', 'canceled dependency'])
      expect(await queue().registry('failed').requeueAll()).toBe(1)
      expect(await queue().registry('canceled').requeueAll()).toBe(0)
      expect(await statuses(flow)).toEqual(['queued', 'deferred', 'deferred'])
    }
  })
})

describe('cancel', () => {
  it('ends what waits and stops what runs', async () => {
    const { to, start } = await flowStage()
    const { promise, open } = gate()
    const slow = task('slow', () => promise)
    start('default', { tasks: [...TASKS, slow], concurrency: 2 })
    const flow = await chain(group([slow.s(), slow.s(), slow.s()]), list.s(), list.s()).enqueue(to)
    expect(await flow.progress()).toEqual({ done: 0, total: 5 })
    await until('two run', async () => (await statuses(flow)).filter((status) => status === 'started').length === 2)
    expect(await flow.status()).toBe('started')
    await flow.cancel()
    await expect(flow.result()).rejects.toBeInstanceOf(JobCanceled)
    open()
    await until('all have ended', async () => (await flow.progress()).done === 5)
    expect((await statuses(flow)).slice(2)).toEqual(['canceled', 'canceled', 'canceled'])
    expect(await flow.status()).toBe('canceled')
  })

  it('of one that has not begun', async () => {
    const { to } = await flowStage()
    const flow = await chain(echo.s(1), list.s()).enqueue(to)
    expect(await flow.status()).toBe('queued')
    await expect(flow.result({ timeout: 20 })).rejects.toBeInstanceOf(WaitTimeout)
    await flow.cancel()
    expect(await statuses(flow)).toEqual(['canceled', 'canceled'])
    await flow.cancel()
  })
})

describe('refused, and nothing is written', () => {
  it.each([
    ['an id twice', () => chain(echo.s(1).set({ jobId: 'x' }), echo.s().set({ jobId: 'x' })), 'RQTS_DUPLICATE_JOB'],
    [
      'an argument that cannot be stored',
      () =>
        chain(
          echo.s(1),
          echo.si(() => 1),
        ),
      'RQTS_BAD_PAYLOAD',
    ],
    ['an option that does not exist', () => chain(echo.s(1), echo.s().set({ retries: 1 } as never)), 'RQTS_BAD_OPTION'],
    ['dependsOn', () => chain(echo.s(1), echo.s().set({ dependsOn: 'x' } as never)), 'RQTS_BAD_OPTION'],
    ['a step unique by arguments that are not known', () => chain(echo.s(1), echo.s().set({ unique: true })), 'RQTS_BAD_OPTION'],
    [
      'a step that may turn out to be another job',
      () => chain(echo.s(1).set({ jobId: 'x', ifExists: 'return' }), echo.s()),
      'RQTS_BAD_OPTION',
    ],
    ['too many jobs for one step', () => group(Array.from({ length: 10_001 }, () => echo.s(1))), 'RQTS_BAD_ARGS'],
    ['a route without a queue', () => echo.s(1), 'RQTS_BAD_NAME', { routes: [{ match: '*' } as never] }],
  ] as [string, () => { enqueue: unknown }, string, object?][])('%s', async (_, make, code, options = {}) => {
    const { to, queue } = await flowStage()
    const flow = make() as { enqueue(to: object): Promise<unknown> }
    await expect(flow.enqueue({ ...to, ...options })).rejects.toMatchObject({ code })
    expect(await queue().counts()).toEqual({ queued: 0, started: 0, deferred: 0, scheduled: 0, finished: 0, failed: 0, canceled: 0 })
  })
})
