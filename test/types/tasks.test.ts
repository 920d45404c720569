import { describe, expectTypeOf, test } from 'vitest'
import * as z from 'zod'
import type { AnyFunction, ArgsOf, NamedTask, ResultOf, TasksOf } from '../../lib/task/infer.ts'
import { tasks } from '../../lib/task/reference.ts'
import { defineTask, type Task } from '../../lib/task/task.ts'

// The shape of `queue.enqueue`: what users see is decided by these types alone.
function enqueue<F extends AnyFunction = AnyFunction>(
  _fn: F | string,
  _args: Readonly<ArgsOf<F>>,
): Promise<{ result(): Promise<ResultOf<F>> }> {
  return Promise.resolve({ result: () => Promise.resolve(undefined as ResultOf<F>) })
}

interface JobContext {
  id: string
}

const plainAdd = (a: number, b: number): number => a + b
const add = defineTask('math.add', async (a: number, b: number) => a + b)
const mail = (to: string, subject = 'hi', ...cc: string[]): Promise<{ sent: boolean }> => Promise.resolve({ sent: to + subject !== cc[0] })
const withContext = defineTask('ctx', function (this: JobContext, n: number): string {
  return this.id + n
})
const parsed = defineTask(
  { name: 'parsed', args: z.tuple([z.string().transform(Number), z.boolean().default(true)]) },
  (n, flag) => [n, flag] as const,
)

describe('ArgsOf and ResultOf', () => {
  test('come from the function', () => {
    expectTypeOf<ArgsOf<typeof plainAdd>>().toEqualTypeOf<[a: number, b: number]>()
    expectTypeOf<ResultOf<typeof plainAdd>>().toEqualTypeOf<number>()
    expectTypeOf<ArgsOf<typeof mail>>().toEqualTypeOf<[to: string, subject?: string | undefined, ...cc: string[]]>()
    expectTypeOf<ResultOf<typeof mail>>().toEqualTypeOf<{ sent: boolean }>()
  })

  test('come from a task, awaited', () => {
    expectTypeOf<ArgsOf<typeof add>>().toEqualTypeOf<[a: number, b: number]>()
    expectTypeOf<ResultOf<typeof add>>().toEqualTypeOf<number>()
    expectTypeOf(add.taskName).toEqualTypeOf<'math.add'>()
    expectTypeOf(add(1, 2)).toEqualTypeOf<Promise<number>>()
  })

  test('leave `this` out', () => {
    expectTypeOf<ArgsOf<typeof withContext>>().toEqualTypeOf<[n: number]>()
    expectTypeOf<ArgsOf<(this: JobContext, a: Date) => void>>().toEqualTypeOf<[a: Date]>()
    expectTypeOf<ResultOf<(this: JobContext, a: Date) => Promise<void>>>().toEqualTypeOf<void>()
  })

  test('a schema types the handler with its output and enqueue with its input', () => {
    expectTypeOf<Parameters<typeof parsed>>().toEqualTypeOf<[number, boolean]>()
    expectTypeOf<ArgsOf<typeof parsed>>().toEqualTypeOf<[string, (boolean | undefined)?]>()
    expectTypeOf<ResultOf<typeof parsed>>().toEqualTypeOf<readonly [number, boolean]>()
  })

  test('of an unknown task are unknown, never any', () => {
    expectTypeOf<ArgsOf<AnyFunction>>().toEqualTypeOf<unknown[]>()
    expectTypeOf<ResultOf<AnyFunction>>().toEqualTypeOf<unknown>()
  })

  test('any task is a Task and an AnyFunction', () => {
    expectTypeOf(add).toExtend<Task>()
    expectTypeOf(parsed).toExtend<Task>()
    expectTypeOf(withContext).toExtend<AnyFunction>()
    expectTypeOf(plainAdd).not.toExtend<Task>()
    expectTypeOf(add).toExtend<Task<[a: number, b: number], Promise<number>>>()
  })
})

describe('enqueue', () => {
  test('checks count and types of the arguments', () => {
    const jobs = [
      enqueue(add, [1, 2]),
      enqueue(plainAdd, [1, 2]),
      enqueue(plainAdd, [1, 2] as const),
      enqueue(mail, ['a']),
      enqueue(mail, ['a', 'b', 'c', 'd']),
      enqueue(withContext, [1]),
      enqueue(parsed, ['12']),
      // @ts-expect-error too few
      enqueue(add, [1]),
      // @ts-expect-error too many
      enqueue(add, [1, 2, 3]),
      // @ts-expect-error the wrong type
      enqueue(add, [1, '2']),
      // @ts-expect-error the wrong type of a rest parameter
      enqueue(mail, ['a', 'b', 3]),
      // @ts-expect-error an argument list is a list
      enqueue(plainAdd, 1),
      // @ts-expect-error the schema takes a string
      enqueue(parsed, [12]),
    ]
    expectTypeOf(jobs).toBeArray()
  })

  test('gives the result its type', async () => {
    expectTypeOf(await (await enqueue(add, [1, 2])).result()).toEqualTypeOf<number>()
    expectTypeOf(await (await enqueue(mail, ['a'])).result()).toEqualTypeOf<{ sent: boolean }>()
  })

  test('by name: typed when the type is said, unknown otherwise', async () => {
    expectTypeOf(await (await enqueue<typeof add>('math.add', [1, 2])).result()).toEqualTypeOf<number>()
    // @ts-expect-error the type says two numbers
    void enqueue<typeof add>('math.add', [1])
    expectTypeOf(await (await enqueue('math.add', [1, 'x', null])).result()).toBeUnknown()
  })
})

describe('tasks<typeof import(…)>()', () => {
  interface Module {
    add: typeof add
    plainAdd: typeof plainAdd
    parsed: typeof parsed
    version: string
    Thing: new () => object
  }
  const remote = tasks<Module>()

  test('has the tasks by their own names and nothing else', () => {
    expectTypeOf<keyof TasksOf<Module>>().toEqualTypeOf<'math.add' | 'plainAdd' | 'parsed'>()
    expectTypeOf(remote.plainAdd.taskName).toEqualTypeOf<'plainAdd'>()
    expectTypeOf(remote['math.add'].taskName).toEqualTypeOf<'math.add'>()
    // @ts-expect-error not a function
    void remote.version
  })

  test('is enqueued like the tasks themselves', async () => {
    expectTypeOf(await (await enqueue(remote['math.add'], [1, 2])).result()).toEqualTypeOf<number>()
    expectTypeOf<ArgsOf<typeof remote.parsed>>().toEqualTypeOf<[string, (boolean | undefined)?]>()
    expectTypeOf<NamedTask<typeof plainAdd>>().toExtend<AnyFunction>()
    // @ts-expect-error the wrong type
    void enqueue(remote.plainAdd, [1, '2'])
  })
})

describe('defineTask', () => {
  test('takes known options only', () => {
    defineTask({ name: 'a', timeout: '3m', retry: { max: 3, backoff: (attempt) => attempt * 10 } }, plainAdd)
    // @ts-expect-error unknown option
    expectTypeOf(() => defineTask({ name: 'a', timout: 3 }, plainAdd)).toBeFunction()
    // @ts-expect-error a number is no backoff
    expectTypeOf(() => defineTask({ name: 'a', retry: { max: 1, backoff: 3 } }, plainAdd)).toBeFunction()
    // @ts-expect-error the handler does not take what the schema gives
    expectTypeOf(() => defineTask({ name: 'a', args: z.tuple([z.string()]) }, (n: number) => n)).toBeFunction()
  })

  test('extends the task', () => {
    const extended = defineTask('extended', plainAdd, { extend: () => ({ delay: (n: number) => n }) })
    expectTypeOf(extended.delay).toEqualTypeOf<(n: number) => number>()
    expectTypeOf<ArgsOf<typeof extended>>().toEqualTypeOf<[a: number, b: number]>()
    expectTypeOf(extended(1, 2)).toBeNumber()
  })
})

test('a function without arguments or result is no unknown function', () => {
  expectTypeOf<ArgsOf<() => void>>().toEqualTypeOf<[]>()
  expectTypeOf<ArgsOf<(...args: never[]) => unknown>>().toEqualTypeOf<unknown[]>()
})
