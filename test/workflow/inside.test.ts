import { describe, expect, it } from 'vitest'
import { chain, chord, group, type JobContext, Queue, task } from '../../lib/index.ts'
import { gate } from '../support/stage.ts'
import { add, broken, double, flowStage, list, sum, TASKS, until } from './support.ts'

describe('a handler that replaces its job by a workflow', () => {
  it('gives what that gives to the step after it', async () => {
    const { to, start } = await flowStage()
    const spread = task('spread', async function (this: JobContext, n: number): Promise<number> {
      return await this.replaceWith(
        chord(
          Array.from({ length: n }, (_, i) => double.s(i)),
          sum.s().set({ queue: 'other' }),
        ),
      )
    })
    start(['default', 'other'], { tasks: [...TASKS, spread] })
    const flow = await chain(add.s(1, 3), spread.s(), list.s('after')).enqueue(to)
    expect(await flow.result()).toEqual([12, 'after'])
    expect((await flow.jobs[1]!.refresh()).returnValue).toBe(12)
    expect(flow.jobs[1]!.attempt).toBe(1)
  })

  it('works for a single job, with a list, and with a task that was done before', async () => {
    const { queue, start } = await flowStage()
    const { promise, open } = gate()
    const split = task('split', async function (this: JobContext): Promise<number[]> {
      const result = await this.replaceWith(group([double.s(1), double.s(2)]))
      await promise
      return result
    })
    start('default', { tasks: [...TASKS, split] })
    const job = await queue().enqueue(split, [])
    await until('its workflow has ended', async () => (await queue().counts()).finished === 3)
    open()
    expect(await job.result()).toEqual([2, 4])
  })

  it('fails with it, and may be requeued', async () => {
    const { to, start } = await flowStage()
    let good = false
    const risky = task('risky', async function (this: JobContext): Promise<number> {
      return good ? 7 : await this.replaceWith(chain(broken.s('inside'), double.s()))
    })
    start('default', { tasks: [...TASKS, risky] })
    const flow = await chain(risky.s(), double.s()).enqueue(to)
    await expect(flow.result()).rejects.toMatchObject({ name: 'WorkflowFailed', jobId: flow.jobs[0]!.id })
    await until('the rest is canceled', async () => (await flow.progress()).done === 2)
    good = true
    await flow.jobs[0]!.requeue()
    expect(await flow.result()).toBe(14)
  })
})

describe('a handler that adds jobs', () => {
  it('keeps its own result, and the next step waits for them', async () => {
    const { to, start } = await flowStage()
    const seen: string[] = []
    const child = task('child', (name: string) => void seen.push(name))
    const parent = task('parent', async function (this: JobContext): Promise<string> {
      await this.waitFor(group([child.s('a'), child.s('b').set({ queue: 'other' })]))
      await this.waitFor(child.s('c'))
      seen.push('parent')
      return 'own'
    })
    const next = task('next', (text: string) => {
      seen.push('next')
      return text
    })
    start(['default', 'other'], { tasks: [...TASKS, child, parent, next] })
    const flow = await chain(parent.s(), next.s()).enqueue(to)
    expect(await flow.result()).toBe('own')
    expect([seen.at(-1), seen.sort()]).toEqual(['next', ['a', 'b', 'c', 'next', 'parent']])
  })

  it('fails when one of them does', async () => {
    const { queue, start } = await flowStage()
    const parent = task('parent', async function (this: JobContext): Promise<string> {
      await this.waitFor(broken.s('child'))
      return 'own'
    })
    start('default', { tasks: [...TASKS, parent] })
    const job = await queue().enqueue(parent, [])
    await expect(job.result()).rejects.toMatchObject({ code: 'RQTS_JOB_FAILED' })
    expect((await job.refresh()).returnValue).toBeUndefined()
  })
})

it('inline queues say that they cannot', async () => {
  const parent = task('parent', async function (this: JobContext): Promise<void> {
    await this.waitFor(add.s(1, 2))
  })
  const job = await new Queue('here', { inline: true }).enqueue(parent, [])
  expect(job.error).toMatchObject({ code: 'RQTS_BAD_STATE' })
})
