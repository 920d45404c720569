import { describe, expect, it } from 'vitest'
import { shortStack, userFrame } from '../../cli/output/stack.ts'
import { type Column, table } from '../../cli/output/table.ts'
import { cut, formatBytes, formatCount, formatMs, safe, safeLines, width, wrap } from '../../cli/output/text.ts'

describe('table', () => {
  const rows = [
    { name: 'default', count: 1_204, note: 'a note that is rather long' },
    { name: '邮件', count: 3, note: '' },
  ]
  const columns: Column<(typeof rows)[number]>[] = [
    { title: 'NAME', cell: ({ name }) => name },
    { title: 'COUNT', cell: ({ count }) => String(count), align: 'right' },
    { title: 'NOTE', cell: ({ note }) => note },
  ]

  it('aligns, wide characters included', () => {
    expect(table(rows, columns)).toEqual(['NAME     COUNT  NOTE', 'default   1204  a note that is rather long', '邮件         3'])
  })

  it.each([
    [40, ['NAME     COUNT  NOTE', 'default   1204  a note that is rather l…', '邮件         3']],
    [30, ['NAME     COUNT', 'default   1204', '邮件         3']],
    [10, ['NAME', 'default', '邮件']],
    [4, ['NAME', 'def…', '邮件']],
    [3, ['NA…', 'de…', '邮…']],
  ])('in %i columns cuts the last text, or drops columns from the right', (most, lines) => {
    const fitted = table(rows, columns, { width: most })
    expect(fitted).toEqual(lines)
    for (const line of fitted) expect(width(line)).toBeLessThanOrEqual(most)
  })
})

describe('text', () => {
  it.each([
    [0, '0 ms'],
    [0.42, '0.4 ms'],
    [17.6, '18 ms'],
    [999, '999 ms'],
    [3_140, '3.1 s'],
    [9_960, '10 s'],
    [59_400, '59 s'],
    [59_600, '1m'],
    [124_000, '2m 04s'],
    [7_440_000, '2h 04m'],
    [86_400_000, '1d'],
    [276_000_000, '3d 4h'],
  ])('%d ms is %s', (ms, text) => {
    expect(formatMs(ms)).toBe(text)
  })

  it.each([0, 7, 999, 1_000, 12_345, 999_999, 1_000_000, 123_456_789_012, -1_000, -999, 0.5, 1_234.5678])(
    '%d has commas as in English',
    (value) => {
      expect(formatCount(value)).toBe(value.toLocaleString('en-US'))
    },
  )

  it.each([
    ['', 0],
    ['default · 3', 11],
    ['–', 1],
    ['█▍…', 3],
    ['Zoë', 3],
    ['Zoe\u0308', 3],
    ['so\u00adft', 4],
    ['邮件', 4],
    ['🎉', 2],
  ])('%j takes %i columns', (text, columns) => {
    expect(width(text)).toBe(columns)
  })

  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1_024, '1.0 kB'],
    [1_992_294, '1.9 MB'],
    [5e12, '4.5 TB'],
  ])('%d bytes are %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text)
  })

  it.each(['\u001b[2J', '\u001b]0;title\u0007', '\u0007', '\u009b31m', '\r', '\u202e', '\u0000', '\n'])('%j does not pass', (evil) => {
    // oxlint-disable-next-line no-control-regex
    expect(safe(`a${evil}b`)).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202e]/)
    expect(safeLines(`a${evil}b\nc`).at(-1)).toBe('c')
  })

  it('passwords in URLs do not pass', () => {
    expect(safe('redis://:geheim@host')).toBe('redis://:***@host')
  })

  it('is cut and wrapped by columns', () => {
    expect(cut('abcdef', 4)).toBe('abc…')
    expect(cut('邮件队列', 5)).toBe('邮件…')
    expect(wrap('one two three', 8)).toEqual(['one two', '  three'])
    expect(wrap('one two three', undefined)).toEqual(['one two three'])
    expect(wrap('a-word-too-long', 8)).toEqual(['a-word-…'])
  })
})

describe('stacks', () => {
  const error = Object.assign(new TypeError('no'), {
    stack: `TypeError: no
    at helper (/app/node_modules/left-pad/index.js:1:1)
    at send (file:///app/src/mail.ts?fresh=1:12:7)
    at Executor.execute (file:///app/node_modules/rqts/dist/lib/worker/executor.js:10:5)
    at process.processTicksAndRejections (node:internal/process/task_queues:95:5)`,
  })

  it('are shown without the frames of Node and of this package', () => {
    expect(shortStack(error)).toEqual([
      'TypeError: no',
      '    at helper (/app/node_modules/left-pad/index.js:1:1)',
      '    at send (file:///app/src/mail.ts?fresh=1:12:7)',
    ])
  })

  it('tell the first frame that is the own code of the user', () => {
    expect(userFrame(error)).toBe('/app/src/mail.ts:12')
    expect(userFrame('thrown text')).toBeUndefined()
  })
})
