import { paint, type Style } from './color.ts'
import { cut, width } from './text.ts'

export interface Cell {
  text: string
  style?: Style | undefined
}

export interface Column<Row> {
  title: string
  /** What comes from data must be made safe here. */
  cell(row: Row): string | Cell
  align?: 'left' | 'right'
  /** Longest text; what is beyond is cut. */
  max?: number
}

export interface TableOptions {
  /** Columns of the terminal; a table that does not fit loses columns from the right. Default: no limit. */
  width?: number | undefined
  indent?: string
}

const GAP = '  '

/** Aligned lines under a line of titles. */
export function table<Row>(rows: readonly Row[], columns: readonly Column<Row>[], options: TableOptions = {}): string[] {
  const { indent = '' } = options
  const built = fit(
    columns.map((column) => build(rows, column)),
    (options.width ?? Number.POSITIVE_INFINITY) - indent.length,
  )
  const line = (cells: Cell[]): string =>
    (indent + cells.map((cell, i) => pad(cell, built[i]!, i === built.length - 1)).join(GAP)).trimEnd()
  const lines = [line(built.map(({ title }) => ({ text: title, style: 'dim' })))]
  rows.forEach((_, row) => lines.push(line(built.map(({ cells }) => cells[row]!))))
  return lines
}

interface Built {
  title: string
  cells: Cell[]
  width: number
  right: boolean
}

function build<Row>(rows: readonly Row[], column: Column<Row>): Built {
  const cells = rows.map((row) => {
    const cell = column.cell(row)
    const { text, style } = typeof cell === 'string' ? { text: cell, style: undefined } : cell
    return { text: column.max === undefined ? text : cut(text, column.max), style }
  })
  const widest = cells.reduce((most, { text }) => Math.max(most, width(text)), column.title.length)
  return { title: column.title, cells, width: widest, right: column.align === 'right' }
}

/** Whole columns go, from the right; the first one stays and is cut, and so is a last one with a little too much text. */
function fit(columns: Built[], most: number): Built[] {
  const total = (list: readonly Built[]): number => list.reduce((sum, column) => sum + column.width, GAP.length * (list.length - 1))
  const kept = [...columns]
  while (kept.length > 1 && total(kept) > most) {
    const last = kept.at(-1)!
    const room = last.width - (total(kept) - most)
    if (!last.right && room >= Math.max(last.title.length, 16)) return [...kept.slice(0, -1), narrowed(last, room)]
    kept.pop()
  }
  return kept.length === 1 && total(kept) > most ? [narrowed(kept[0]!, Math.max(1, most))] : kept
}

function narrowed(column: Built, columns: number): Built {
  return {
    ...column,
    title: cut(column.title, columns),
    width: columns,
    cells: column.cells.map((cell) => ({ ...cell, text: cut(cell.text, columns) })),
  }
}

function pad({ text, style }: Cell, column: Built, last: boolean): string {
  const space = ' '.repeat(Math.max(0, column.width - width(text)))
  if (column.right) return space + paint(style, text)
  return last ? paint(style, text) : paint(style, text) + space
}
