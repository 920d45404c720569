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
  const line = (cellOf: (column: Built) => Measured): string => {
    let text = indent
    built.forEach((column, i) => (text += (i === 0 ? '' : GAP) + pad(cellOf(column), column, i === built.length - 1)))
    return text.trimEnd()
  }
  const titles = line(({ title }) => ({ text: title, style: 'dim', width: title.length }))
  return [titles, ...rows.map((_, row) => line(({ cells }) => cells[row]!))]
}

/** Measured once, however often it is asked. */
interface Measured extends Cell {
  width: number
}

interface Built {
  title: string
  cells: Measured[]
  width: number
  right: boolean
}

function build<Row>(rows: readonly Row[], column: Column<Row>): Built {
  const cells = rows.map((row) => {
    const cell = column.cell(row)
    return measured(typeof cell === 'string' ? { text: cell } : cell, column.max)
  })
  const widest = cells.reduce((most, cell) => Math.max(most, cell.width), column.title.length)
  return { title: column.title, cells, width: widest, right: column.align === 'right' }
}

function measured({ text, style }: Cell, most = Number.POSITIVE_INFINITY): Measured {
  const columns = width(text)
  if (columns <= most) return { text, style, width: columns }
  const short = cut(text, most)
  return { text: short, style, width: width(short) }
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
    cells: column.cells.map((cell) => measured(cell, columns)),
  }
}

function pad({ text, style, width: columns }: Measured, column: Built, last: boolean): string {
  const space = ' '.repeat(Math.max(0, column.width - columns))
  if (column.right) return space + paint(style, text)
  return last ? paint(style, text) : paint(style, text) + space
}
