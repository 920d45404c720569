import { describe, expectTypeOf, test } from 'vitest'
import { type Job, type JobContext, Queue, task } from '../../lib/index.ts'

const index = task({ name: 'index', batch: { size: 10, wait: '50ms' } }, async (calls: [id: string, boost?: number][], jobs) => {
  expectTypeOf(jobs).toEqualTypeOf<readonly JobContext[]>()
  return calls.map(([id]) => (id === '' ? new Error('no id') : { indexed: id }))
})
const settled = task(
  { name: 'settled', batch: { size: 10 } },
  async (calls: [number][]) => await Promise.allSettled(calls.map(async ([n]) => n + 1)),
)
const promised = task({ name: 'promised', batch: { size: 10 } }, (calls: [Date][]) => calls.map(async ([date]) => date.getTime()))

describe('a task that takes batches', () => {
  const queue = new Queue('types', { inline: true })

  test('is enqueued with the arguments of one job, and gives the result of one', () => {
    const use = async (): Promise<void> => {
      expectTypeOf(await queue.enqueue(index, ['a'])).toEqualTypeOf<Job<{ indexed: string }>>()
      expectTypeOf(await queue.enqueue(index, ['a', 2])).toEqualTypeOf<Job<{ indexed: string }>>()
      expectTypeOf(await queue.enqueue(settled, [1])).toEqualTypeOf<Job<number>>()
      expectTypeOf(await queue.enqueue(promised, [new Date()])).toEqualTypeOf<Job<number>>()
      expectTypeOf(await index.delay('a')).toEqualTypeOf<Job<{ indexed: string }>>()
      expectTypeOf(index('a')).toEqualTypeOf<Promise<{ indexed: string }>>()
      // @ts-expect-error the arguments of one job, not a list of them
      await queue.enqueue(index, [['a']])
      // @ts-expect-error a number is no id
      await queue.enqueue(index, [1])
      // @ts-expect-error its result is no string
      const text: string = await (await queue.enqueue(index, ['a'])).result()
      void text
    }
    void use
  })

  test('must return a list', () => {
    const use = (): void => {
      // @ts-expect-error one value is not an outcome for each
      task({ name: 'wrong', batch: { size: 2 } }, (calls: [string][]) => calls.length)
      // @ts-expect-error a batch has a size
      task({ name: 'wrong', batch: {} }, (calls: [string][]) => calls)
    }
    void use
  })
})
