import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { chain, chunks, group, signature, tasks } from '../../lib/index.ts'
import { flowStage } from './support.ts'

const file = fileURLToPath(new URL('fixtures/tasks.mjs', import.meta.url))

interface Tasks {
  double(n: number): number
  sum(list: readonly number[]): number
  place(n: number): [number, number]
  spread(n: number): number
}

it.each(['threads', 'processes'] as const)('a workflow runs in %s as it does in the event loop', async (pool) => {
  const { to, start } = await flowStage()
  const { double, sum, place, spread } = tasks<Tasks>()
  start('default', { tasks: [file], pool, concurrency: 2 })
  const flow = chain(
    group([signature(double, 1), signature(spread, 4)]),
    group([signature(sum), signature(sum)]),
    signature(sum),
    signature(place),
  )
  expect(await (await flow.enqueue(to)).result()).toEqual([28, 0])
  expect(await (await chunks(double, [1, 2, 3], 2).enqueue(to)).result()).toEqual([[2, 4], [6]])
})
