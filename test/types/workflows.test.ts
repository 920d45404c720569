import { describe, expectTypeOf, test } from 'vitest'
import { chain, chord, chunks, group, map, type Queue, signature, task, type WorkflowHandle } from '../../lib/index.ts'

const add = task('add', (a: number, b: number) => a + b)
const double = task('double', async (n: number) => n * 2)
const shout = task('shout', (text: string, times?: number) => text.toUpperCase().repeat(times ?? 1))
const sum = task('sum', (list: readonly number[]) => list.reduce((a, b) => a + b, 0))
const label = task('label', ([n, text]: [number, string], suffix: string) => `${n}${text}${suffix}`)
const tolerant = task('tolerant', (list: (number | undefined)[]) => list.length)
const ping = task('ping', () => 'pong')
function plain(n: number, unit: string): string {
  return n + unit
}

type ResultOfFlow<F extends { enqueue(): Promise<unknown> }> = Awaited<ReturnType<F['enqueue']>>
// Only the compiler looks at what is enqueued here.
const never = Date.now() < 0

describe('signatures', () => {
  test('take all arguments, or all but the first', () => {
    add.s(1, 2)
    add.s(2)
    shout.s()
    shout.s(3)
    // @ts-expect-error a text where a number belongs
    add.s('1', 2)
    // @ts-expect-error one argument too many
    add.s(1, 2, 3)
    // @ts-expect-error none is given by a step before it
    add.si(1)
    signature(plain, 1, 'kg')
    signature(plain, 'kg')
    // @ts-expect-error not the type of the second argument
    signature(plain, true)
  })

  test('can be enqueued when nothing is missing', () => {
    if (never) {
      expectTypeOf(add.s(1, 2).enqueue()).toEqualTypeOf<Promise<WorkflowHandle<number>>>()
      expectTypeOf(double.s(2).enqueue()).toEqualTypeOf<Promise<WorkflowHandle<number>>>()
      // @ts-expect-error the first argument is missing
      void add.s(2).enqueue()
      // @ts-expect-error the first step needs a result of a step before it
      void chain(add.s(2), double.s()).enqueue()
      void group([add.s(1, 2), add.s(2, 3)]).enqueue()
      // @ts-expect-error one of them needs a result of a step before it
      void group([add.s(1, 2), add.s(2)]).enqueue()
    }
  })
})

describe('chains', () => {
  test('have the result of the last step', () => {
    const flow = chain(add.s(1, 2), double.s(), add.s(3))
    if (never) expectTypeOf(flow.enqueue()).toEqualTypeOf<Promise<WorkflowHandle<number>>>()
    expectTypeOf<ResultOfFlow<typeof flow>>().toEqualTypeOf<WorkflowHandle<number>>()
  })

  test('do not compile when a step does not take the result before it', () => {
    // @ts-expect-error a number where a text belongs
    chain(add.s(1, 2), shout.s())
    // @ts-expect-error the third step
    chain(add.s(1, 2), double.s(), shout.s())
    // @ts-expect-error it already has both arguments
    chain(add.s(1, 2), add.s(1, 2))
    // @ts-expect-error ping takes nothing; si says that this is meant
    chain(add.s(1, 2), ping.s())
    chain(add.s(1, 2), ping.si(), shout.s(2))
    // @ts-expect-error ping gives a text
    chain(add.s(1, 2), ping.si(), double.s())
    chain(chain(add.s(1, 2), double.s()), add.s(1))
    // @ts-expect-error the inner chain begins with a step that takes a number
    chain(ping.s(), chain(double.s(), double.s()))
  })

  test('lead through groups', () => {
    chain(add.s(1, 2), group([double.s(), add.s(1)]), sum.s())
    // @ts-expect-error one member takes a text
    chain(add.s(1, 2), group([double.s(), shout.s()]), sum.s())
    // @ts-expect-error the list holds a text
    chain(group([double.s(1), ping.s()]), sum.s())
    chain(group([double.s(1), ping.s()]), label.s('!'))
  })
})

describe('chords', () => {
  test('give the list of results to the callback, in order', () => {
    const flow = chord([add.s(1, 2), double.s(4)], sum.s())
    expectTypeOf<ResultOfFlow<typeof flow>>().toEqualTypeOf<WorkflowHandle<number>>()
    chord([double.s(1), ping.s()], label.s('x'))
    // @ts-expect-error the other way round
    chord([ping.s(), double.s(1)], label.s('x'))
    // @ts-expect-error it takes one number, not a list
    chord([add.s(1, 2)], double.s())
    chord([add.s(1, 2)], double.si(1))
  })

  test('with allowFailure, results may be missing', () => {
    chord([add.s(1, 2)], tolerant.s().set({ allowFailure: true }))
    // @ts-expect-error sum does not expect undefined
    chord([add.s(1, 2)], sum.s().set({ allowFailure: true }))
    // @ts-expect-error neither does double
    chain(add.s(1, 2), double.s().set({ allowFailure: true }))
    chord([add.s(1, 2)], sum.s().set({ retry: 2 }))
    // @ts-expect-error no such option
    sum.s().set({ retries: 2 })
  })
})

describe('groups, map and chunks', () => {
  test('have lists of results', () => {
    const both = group([add.s(1, 2), ping.s()])
    expectTypeOf<ResultOfFlow<typeof both>>().toEqualTypeOf<WorkflowHandle<[number, string]>>()
    const many = group([1, 2, 3].map((n) => double.s(n)))
    expectTypeOf<ResultOfFlow<typeof many>>().toEqualTypeOf<WorkflowHandle<number[]>>()
    const mapped = map(double, [1, 2, 3])
    expectTypeOf<ResultOfFlow<typeof mapped>>().toEqualTypeOf<WorkflowHandle<number[]>>()
    const chunked = chunks(add.s(1), [1, 2, 3], 2)
    expectTypeOf<ResultOfFlow<typeof chunked>>().toEqualTypeOf<WorkflowHandle<number[][]>>()
    chain(map(double, [1, 2]), sum.s())
    // @ts-expect-error texts
    map(double, ['1'])
    // @ts-expect-error a list of lists
    chain(chunks(double, [1, 2], 1), sum.s())
  })
})

describe('callbacks of a single job', () => {
  test('take its result', () => {
    const check = (queue: Queue): void => {
      void queue.enqueue(add, [1, 2], { onSuccess: double, onFailure: ping })
      void queue.enqueue(add, [1, 2], { onSuccess: add.s(3) })
      void queue.enqueue(add, [1, 2], { onSuccess: ping.si() })
      // @ts-expect-error shout takes a text
      void queue.enqueue(add, [1, 2], { onSuccess: shout })
      // @ts-expect-error shout takes a text
      void queue.enqueue(add, [1, 2], { onSuccess: shout.s() })
    }
    expectTypeOf(check).returns.toBeVoid()
  })
})
