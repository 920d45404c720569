import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Keys } from '../../cli/output/keys.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** What is pressed, when these pieces come one after another. */
function pressed(...pieces: string[]): string[] {
  const names: string[] = []
  const keys = new Keys((name) => names.push(name))
  for (const piece of pieces) keys.hear(Buffer.from(piece, 'latin1'))
  return names
}

test('keys have names, printable ones are their own', () => {
  expect(pressed('aD\r\u001b[A\u001bOB\u001b[6~\u007f\u0003')).toEqual([
    'a',
    'D',
    'enter',
    'up',
    'down',
    'page-down',
    'backspace',
    'ctrl-c',
  ])
})

test('an arrow that comes in pieces is an arrow, and no capital letter', () => {
  expect(pressed('\u001b', '[D', 'x')).toEqual(['left', 'x'])
  expect(pressed('\u001b[', 'D', 'x')).toEqual(['left', 'x'])
  expect(pressed('\u001b[1;5', 'D', 'x')).toEqual(['x'])
  expect(pressed('\u001bO', 'C')).toEqual(['right'])
})

test('so is a letter of several bytes', () => {
  expect(pressed('\xc3', '\xa9')).toEqual(['é'])
})

test('Escape is a key when nothing follows', () => {
  const names: string[] = []
  const keys = new Keys((name) => names.push(name))
  keys.hear(Buffer.from('\u001b'))
  expect(names).toEqual([])
  vi.runAllTimers()
  expect(names).toEqual(['escape'])
  keys.hear(Buffer.from('D'))
  expect(names).toEqual(['escape', 'D'])
})

test('a letter with Alt is none of ours', () => {
  expect(pressed('\u001bDx')).toEqual(['x'])
})
