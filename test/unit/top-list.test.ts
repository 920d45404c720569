import { expect, test } from 'vitest'
import { List } from '../../cli/top/list.ts'

function listOf(...rows: string[]): List<string> {
  const list = new List<string>((row) => row)
  list.rows = rows
  return list
}

const marked = (list: List<string>): string | undefined => list.window(['titles', ...list.rows], 10).find((line) => line.includes('›'))

test('the choice follows its row', () => {
  const list = listOf('a', 'b', 'c')
  list.move('down')
  list.rows = ['x', 'y', 'a', 'b', 'c']
  expect(list.chosen).toBe('b')
  expect(marked(list)).toContain('b')
})

test('a row that one reading misses stays the chosen one, and meanwhile none is', () => {
  const list = listOf('a', 'b', 'c')
  list.rows = ['b', 'c']
  expect(list.missed).toBe(true)
  expect(list.chosen).toBeUndefined()
  expect(marked(list)).toBeUndefined()
  list.rows = ['b', 'a', 'c']
  expect(list.missed).toBe(false)
  expect(list.chosen).toBe('a')
})

test('when a second reading misses it too, its neighbour is chosen', () => {
  const list = listOf('a', 'b', 'c')
  list.move('end')
  list.rows = ['a', 'b']
  list.rows = ['a', 'b']
  expect(list.missed).toBe(false)
  expect(list.chosen).toBe('b')
})

test('a key that moves chooses anew at once', () => {
  const list = listOf('a', 'b', 'c')
  list.rows = ['b', 'c']
  list.move('down')
  expect(list.chosen).toBe('c')
})

test('a list that was cleared begins with the first row of what comes next', () => {
  const list = listOf('a', 'b', 'c')
  list.move('end')
  list.clear()
  list.rows = ['d', 'e', 'f']
  expect(list.chosen).toBe('d')
})

test('an emptied list has nothing to choose, and the first row of the next one is chosen', () => {
  const list = listOf('a')
  list.rows = []
  list.rows = []
  expect([list.missed, list.chosen]).toEqual([false, undefined])
  list.rows = ['b', 'c']
  expect(list.chosen).toBe('b')
})
