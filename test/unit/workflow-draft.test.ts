import { describe, expect, it } from 'vitest'
import { Router } from '../../lib/client/routes.ts'
import { draftFlow } from '../../lib/client/workflow-draft.ts'
import { chain, chord, type Flow, group, task } from '../../lib/index.ts'
import { planFlow } from '../../lib/workflow/plan.ts'

const inc = task('inc', (n: number) => n + 1)
const sum = task('sum', (list: readonly number[]) => list.length)

/** Characters that travel to Redis. */
async function sizeOf(flow: { spec: Flow<true, never, unknown>['spec'] }): Promise<number> {
  const jobs = await draftFlow('W', planFlow(flow.spec), new Router(), 'default')
  return jobs.reduce((size, { job }) => size + job.fields.join('').length + JSON.stringify(job.control ?? '').length, 0)
}

const chainOf = (n: number) => chain(inc.s(1), ...(Array.from({ length: n - 1 }, () => inc.s()) as []))
const chordOf = (n: number) =>
  chord(
    Array.from({ length: n - 1 }, (_, i) => inc.s(i)),
    sum.s(),
  )
const layersOf = (n: number) =>
  chain(group(Array.from({ length: n / 2 }, (_, i) => inc.s(i))), group(Array.from({ length: n / 2 - 1 }, () => sum.s())))
const spreadOf = (n: number) =>
  chord(
    Array.from({ length: n - 1 }, (_, i) => inc.s(i).set({ queue: 'other' })),
    sum.s(),
  )

describe('what a workflow writes', () => {
  it.each([
    ['a chain', chainOf],
    ['a chord', chordOf],
    ['two layers', layersOf],
    ['two queues', spreadOf],
  ])('grows with the number of its jobs: %s', async (_, make) => {
    const [small, large] = [await sizeOf(make(1_000)), await sizeOf(make(10_000))]
    expect(large / small).toBeLessThan(10.5)
    expect(large / 10_000).toBeLessThan(400)
  })
})
