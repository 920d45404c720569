import { describe, expect, test } from 'vitest'
import { layOut } from '../../lib/dashboard/ui/parts/layout.ts'
import { linearScale, logScale } from '../../lib/dashboard/ui/parts/scale.ts'

const graphOf = (ids: string, edges: string) => ({
  nodes: [...ids].map((id) => ({ id, queue: 'q', task: id, state: 'queued' as const, description: '', workflow: null })),
  edges: edges.split(' ').flatMap((pair) => (pair === '' ? [] : [{ from: `q/${pair[0]}`, to: `q/${pair[1]}` }])),
  truncated: false,
})

describe('the layout of a graph', () => {
  test('each job stands right of its last parent, none on another', () => {
    const { places, columns, rows } = layOut(graphOf('abcde', 'ab ac bd cd ad de'))
    expect([...places].map(([key, { column }]) => `${key.slice(2)}${column}`)).toEqual(['a0', 'b1', 'c1', 'd2', 'e3'])
    expect([columns, rows]).toEqual([4, 2])
    expect(new Set([...places.values()].map(({ column, row }) => `${column} ${row}`)).size).toBe(5)
  })

  test('what is not there and what goes in circles is drawn all the same', () => {
    expect(layOut(graphOf('ab', 'ab ba xa bx')).places.size).toBe(2)
    expect(layOut(graphOf('', '')).columns).toBe(1)
  })
})

describe('the scales of charts', () => {
  const pixels = { from: 100, to: 0 }

  test.each([
    [0, [0, 1]],
    [1, [0, 1]],
    [7, [0, 2, 4, 6, 8]],
    [1_234, [0, 500, 1_000, 1_500]],
  ])('up to %d the marks are %j', (peak, ticks) => {
    expect(linearScale(peak, pixels).ticks).toEqual(ticks)
    expect(linearScale(peak, pixels).y(ticks.at(-1)!)).toBe(0)
  })

  test('the log scale has a mark per power of ten, and thins them out', () => {
    expect(logScale(900, pixels).ticks).toEqual([1, 10, 100, 1_000])
    expect(logScale(900, pixels).y(1)).toBe(100)
    expect(logScale(0, pixels).y(0)).toBe(100)
    expect(logScale(3_600_000, pixels).ticks).toEqual([1, 100, 10_000, 1_000_000])
  })
})
