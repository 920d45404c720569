import { describe, expect, it } from 'vitest'
import { chain, chord, chunks, group, map, signature, tasks } from '../../lib/index.ts'
import { add, double, echo, flowStage, list, sum, where } from './support.ts'

function plain(n: number, unit: string): string {
  return n + unit
}

describe('results', () => {
  it('go from step to step as the first argument', async () => {
    const { to, start } = await flowStage()
    start()
    const flow = await chain(add.s(1, 2), double.s(), add.s(10)).enqueue(to)
    expect(flow.jobs.map((job) => job.status)).toEqual(['queued', 'deferred', 'deferred'])
    expect(await flow.result({ timeout: '60s' })).toBe(16)
    expect(await flow.status()).toBe('finished')
    expect(await flow.progress()).toEqual({ done: 3, total: 3 })
  })

  it('are passed over by immutable signatures', async () => {
    const { to, start } = await flowStage()
    start()
    expect(await (await chain(add.s(1, 2), list.si('own'), list.s('after')).enqueue(to)).result()).toEqual([['own'], 'after'])
  })

  it('of a group come in the order in which it was written', async () => {
    const { to, start } = await flowStage()
    start()
    const flow = await group([double.s(1), list.s('a'), chain(add.s(1, 1), double.s())]).enqueue(to)
    expect(await flow.result()).toEqual([2, ['a'], 4])
  })

  it('of a chord go to its callback in the order in which it was written', async () => {
    const { to, start } = await flowStage()
    start('default', { concurrency: 20 })
    const numbers = Array.from({ length: 50 }, (_, i) => i)
    const flow = await chord(
      numbers.map((n) => double.s(n)),
      list.s('all'),
    ).enqueue(to)
    expect(await flow.result()).toEqual([numbers.map((n) => n * 2), 'all'])
  })

  it('keep the shape of what is nested', async () => {
    const { to, start } = await flowStage()
    start()
    const inner = group([chain(add.s(1, 1), double.s()), group([echo.s('x'), echo.s('y')]), group([])])
    expect(await (await chain(inner, list.s()).enqueue(to)).result()).toEqual([[4, ['x', 'y'], []]])
    expect(await (await chain(add.s(3, 4), group([chord([add.s(1), add.s(2)], sum.s()), double.s()])).enqueue(to)).result()).toEqual([
      17, 14,
    ])
  })

  it('of a group go to each member of the next one', async () => {
    const { to, start } = await flowStage()
    start()
    const flow = await chain(group([double.s(1), double.s(2)]), group([sum.s(), list.s('b'), list.si('c')])).enqueue(to)
    expect(flow.jobs).toHaveLength(6)
    expect(await flow.result()).toEqual([6, [[2, 4], 'b'], ['c']])
  })

  it('of nothing: an empty chord calls back at once', async () => {
    const { to, start } = await flowStage()
    start()
    expect(await (await chord([], sum.s()).enqueue(to)).result()).toBe(0)
    expect(await (await group([]).enqueue(to)).result()).toEqual([])
  })

  it('are carried whatever they are, and undefined too', async () => {
    const { to, start } = await flowStage()
    start()
    const value = { at: new Date(5), big: 7n, set: new Set([1, undefined]), text: 'a "b"\n', list: [] }
    expect(await (await chain(echo.s(value), echo.s()).enqueue(to)).result()).toEqual(value)
    const flow = await chord([echo.s(undefined), echo.s(null), echo.s(value)], list.s()).enqueue(to)
    expect(await flow.result()).toEqual([[undefined, null, value]])
  })

  it('need not be kept by the steps that made them', async () => {
    const { to, start, queue } = await flowStage()
    const once = { resultTtl: 0 }
    const flow = await chord([double.s(1).set(once), chain(double.s(2).set(once), double.s().set(once))], sum.s()).enqueue(to)
    start()
    expect(await flow.result()).toBe(10)
    expect((await queue().counts()).finished).toBe(1)
    expect(await flow.progress()).toEqual({ done: 4, total: 4 })
    expect(await flow.status()).toBe('finished')
  })

  it('of plain functions, and of tasks known by name', async () => {
    const { to, worker } = await flowStage()
    void worker('default', { tasks: [plain, add] }).run()
    expect(await (await chain(signature(tasks<{ add: typeof add }>().add, 1, 2), signature(plain, 'kg')).enqueue(to)).result()).toBe('3kg')
  })
})

describe('map and chunks', () => {
  it('make a job per item, or per so many', async () => {
    const { to, start } = await flowStage()
    start()
    const mapped = await map(add.s(100), [1, 2, 3]).enqueue(to)
    expect([mapped.jobs.length, await mapped.result()]).toEqual([3, [101, 102, 103]])
    const chunked = await chunks(double, [1, 2, 3, 4, 5], 2).enqueue(to)
    expect([chunked.jobs.length, await chunked.result()]).toEqual([3, [[2, 4], [6, 8], [10]]])
    expect(await (await chain(map(double, [1, 2]), sum.s()).enqueue(to)).result()).toBe(6)
  })

  it('refuse what is no list, and sizes that are none', () => {
    expect(() => map(double, 5 as never)).toThrow(/list of items/)
    expect(() => chunks(double, [1], 0)).toThrow(/whole number/)
    expect(() => group(double.s(1) as never)).toThrow(/takes a list/)
    expect(() => chain(5 as never)).toThrow(/step 1 of the chain must be a signature/)
    expect(() => signature(() => 1)).toThrow(/has no name/)
  })
})

describe('inside a handler', () => {
  it('workflow tells the place and what remains', async () => {
    const { to, start, queue } = await flowStage()
    start()
    const flow = await chain(where.s(), where.si(), where.si()).enqueue(to)
    await flow.result()
    const places = await Promise.all(flow.jobs.map((job) => job.result()))
    expect(places).toEqual([1, 2, 3].map((step) => ({ id: flow.id, step, steps: 3, remaining: 3 - step })))
    const alone = await queue().enqueue(list, [])
    expect((await alone.refresh()).status).not.toBe('failed')
  })
})
