import { expectTypeOf, test } from 'vitest'
import { type JobOptions, type LimitChanges, type Limits, Queue, task } from '../../lib/index.ts'

const add = task('add', (a: number, b: number) => a + b)

// Never run: these lines are only compiled.
async function compiled(queue: Queue): Promise<void> {
  await queue.enqueue(add, [1, 2], { priority: 9, concurrencyKey: 'tenant-42', repeat: { times: 3, every: '1m' } })
  await queue.enqueue(add, [1, 2], { unique: { key: 'k', mode: 'replace', maxWait: '5s' }, delay: '1s' })
  // @ts-expect-error a level is a number
  await queue.enqueue(add, [1, 2], { priority: 'high' })
  // @ts-expect-error a key is a text
  await queue.enqueue(add, [1, 2], { concurrencyKey: 42 })
  // @ts-expect-error how often must be said
  await queue.enqueue(add, [1, 2], { repeat: { every: '1m' } })
  // @ts-expect-error there is no such mode
  await queue.enqueue(add, [1, 2], { unique: { key: 'k', mode: 'debounce' } })
  task({ name: 'urgent', priority: 5 }, () => 1)
  // @ts-expect-error a task has no key of its own: a key is of a job
  task({ name: 'keyed', concurrencyKey: 'k' }, () => 1)
  await queue.setLimits({ concurrency: 5, rate: { max: 100, per: '1m' }, tasks: { add: { concurrency: 1 } }, perKey: 2, keys: { a: null } })
  await queue.setLimits(null)
  // @ts-expect-error a rate has a time
  await queue.setLimits({ rate: { max: 100 } })
  // @ts-expect-error there is no such limit
  await queue.setLimits({ concurency: 5 })
}

test('options of jobs and limits', () => {
  expectTypeOf(compiled).toBeFunction()
  expectTypeOf<Queue['limits']>().returns.resolves.toEqualTypeOf<Limits>()
  expectTypeOf<Parameters<Queue['setLimits']>>().toEqualTypeOf<[limits: LimitChanges | null]>()
  expectTypeOf<JobOptions['priority']>().toEqualTypeOf<number | undefined>()
  expectTypeOf<Limits['perKey']>().toEqualTypeOf<number>()
})
