import { describe, expect, it } from 'vitest'
import { checkInvariants, drain, enqueued, expectEnqueued, inlineQueue } from '../../lib/testing/index.ts'
import { stage } from '../support/stage.ts'

function add(a: number, b: number): number {
  return a + b
}

function fail(): never {
  throw new Error('no')
}

describe('rqts/testing', () => {
  it('inlineQueue runs a job at once, without Redis', async () => {
    const queue = inlineQueue()
    const job = await queue.enqueue(add, [2, 3])
    expect(job.status).toBe('finished')
    expect(await job.result()).toBe(5)
    expect(await (await queue.enqueue(fail, [])).settle()).toMatchObject({ status: 'failed', error: { cause: { message: 'no' } } })
  })

  it('drain runs what is queued and what it leads to', async () => {
    const s = await stage()
    const queue = s.queue()
    const job = await queue.enqueue(add, [1, 2])
    await queue.enqueue(fail, [], { dependsOn: job })
    expect(await drain('default', { connection: s.url, prefix: s.prefix, tasks: [add, fail] })).toEqual({
      processed: 2,
      succeeded: 1,
      failed: 1,
    })
    expect(await checkInvariants({ connection: s.url, prefix: s.prefix })).toEqual([])
  })

  it('expectEnqueued finds a waiting job by task and arguments, or lists what there is', async () => {
    const s = await stage()
    const queue = s.queue()
    await queue.enqueue(add, [1, 2])
    const later = await queue.enqueueIn('1h', add, [3, 4])
    expect(await enqueued(queue, add)).toHaveLength(2)
    expect((await expectEnqueued(queue, add, [3, 4])).id).toBe(later.id)
    await expect(expectEnqueued(queue, add, [9, 9])).rejects.toMatchObject({ code: 'ERR_ASSERTION', actual: ['add(1, 2)', 'add(3, 4)'] })
    await expect(expectEnqueued(queue, fail)).rejects.toThrow('no waiting job fail')
  })
})
