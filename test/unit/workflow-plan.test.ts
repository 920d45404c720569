import { describe, expect, it } from 'vitest'
import { childrenOf, chunksOf, planFlow } from '../../lib/workflow/plan.ts'
import { decodeTakes, encodeTakes, mapShape, placesOf, type Shape } from '../../lib/workflow/shape.ts'
import type { FlowSpec, Step } from '../../lib/workflow/spec.ts'

const step = (name: string, special: Partial<Step> = {}): Step => ({
  kind: 'task',
  task: name,
  args: [],
  immutable: false,
  options: {},
  ...special,
})
const chain = (...steps: FlowSpec[]): FlowSpec => ({ kind: 'chain', steps })
const group = (...members: FlowSpec[]): FlowSpec => ({ kind: 'group', members })

/** name: parents, takes, depth, remaining. */
function graph(spec: FlowSpec): { jobs: unknown[]; shape: Shape; depth: number } {
  const { nodes, shape, depth } = planFlow(spec)
  return { jobs: nodes.map((node) => [node.step.task, node.parents, node.takes ?? '-', node.depth, node.remaining]), shape, depth }
}

describe('a plan', () => {
  it.each([
    ['one step', step('a'), [['a', [], '-', 1, 0]], 0, 1],
    [
      'a chain',
      chain(step('a'), step('b', { immutable: true }), step('c')),
      [
        ['a', [], '-', 1, 2],
        ['b', [0], '-', 2, 1],
        ['c', [1], 1, 3, 0],
      ],
      2,
      3,
    ],
    [
      'a chord',
      chain(group(step('a'), step('b')), step('c')),
      [
        ['a', [], '-', 1, 1],
        ['b', [], '-', 1, 1],
        ['c', [0, 1], [0, 1], 2, 0],
      ],
      2,
      2,
    ],
    [
      'two groups, one after the other',
      chain(group(step('a'), step('b')), group(step('c'), step('d'))),
      [
        ['a', [], '-', 1, 2],
        ['b', [], '-', 1, 2],
        ['rqts.collect', [0, 1], [0, 1], 2, 1],
        ['c', [2], 2, 3, 0],
        ['d', [2], 2, 3, 0],
      ],
      [3, 4],
      3,
    ],
    [
      'groups and chains in a group',
      chain(step('a'), group(chain(step('b'), step('c')), group(step('d')), group())),
      [
        ['a', [], '-', 1, 2],
        ['b', [0], 0, 2, 1],
        ['c', [1], 1, 3, 0],
        ['d', [0], 0, 2, 0],
        ['rqts.collect', [0], [], 2, 0],
      ],
      [2, [3], 4],
      3,
    ],
    ['an empty group', group(), [['rqts.collect', [], [], 1, 0]], 0, 1],
  ] as const)('of %s', (_, spec, jobs, shape, depth) => {
    expect(graph(spec as FlowSpec)).toEqual({ jobs, shape, depth })
  })

  it('is linear in the size of what it is made from', () => {
    const wide = group(...Array.from({ length: 5_000 }, () => step('a')))
    const plan = planFlow(chain(wide, wide))
    expect(plan.nodes).toHaveLength(10_001)
    expect(childrenOf(plan).flat()).toHaveLength(10_000)
  })
})

describe('a shape', () => {
  it.each([
    [7, [7], '0'],
    [[3, 5], [3, 5], '*'],
    [[3, [5, 9]], [3, 5, 9], '[0,[1,2]]'],
    [[], [], '[]'],
    [[[], 4], [4], '[[],0]'],
  ] as [Shape, number[], string][])('%j is stored as it is read', (shape, parents, stored) => {
    expect(placesOf(shape)).toEqual(parents)
    expect(encodeTakes(shape, parents)).toBe(stored)
    expect(mapShape(decodeTakes(stored, parents.length), (at) => parents[at])).toEqual(shape)
  })
})

it('chunksOf makes parts of a size', () => {
  expect(chunksOf([1, 2, 3, 4, 5], 2)).toEqual([[1, 2], [3, 4], [5]])
  expect(chunksOf([], 2)).toEqual([])
  expect(() => chunksOf([1], 1.5)).toThrow(/whole number/)
})
