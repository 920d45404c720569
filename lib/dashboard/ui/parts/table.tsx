import type { ComponentChildren, JSX } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import { t } from '../i18n/index.ts'

export interface Column<Row> {
  key: string
  title: ComponentChildren
  cell(row: Row): ComponentChildren
  /** Numbers stand at the right. */
  right?: boolean
  /** How narrow a screen may be before the column goes: 0 stays always, 1 goes on phones, 2 on tablets. */
  hide?: 0 | 1 | 2
  /** Takes what room the others leave. */
  wide?: boolean
}

export interface TableProps<Row> {
  label: string
  columns: readonly Column<Row>[]
  rows: readonly Row[]
  id(row: Row): string
  /** Marks a row for the eye. */
  tone?(row: Row): string | undefined
  /** The row that the keyboard is at. */
  cursor?: string | undefined
  selected?: ReadonlySet<string>
  onSelect?(id: string): void
  onOpen?(row: Row): void
}

export function Table<Row>(props: TableProps<Row>): JSX.Element {
  const { columns, rows } = props
  const selectable = props.onSelect !== undefined
  return (
    <div class="table-wrap">
      <table aria-label={props.label}>
        <thead>
          <tr>
            {selectable && (
              <th class="check">
                <span class="sr">{t.select}</span>
              </th>
            )}
            {columns.map((column) => (
              <th key={column.key} scope="col" class={columnClass(column)}>
                {column.title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <TableRow key={props.id(row)} row={row} table={props} />
          ))}
        </tbody>
      </table>
    </div>
  )
}

function TableRow<Row>({ row, table }: { row: Row; table: TableProps<Row> }): JSX.Element {
  const id = table.id(row)
  const here = table.cursor === id
  const line = useRef<HTMLTableRowElement>(null)
  useEffect(() => {
    if (here) line.current?.scrollIntoView({ block: 'nearest' })
  }, [here])
  const tone = table.tone?.(row)
  return (
    <tr
      ref={line}
      class={`${here ? 'cursor ' : ''}${table.onOpen === undefined ? '' : 'opens '}${tone === undefined ? '' : `tone-${tone}`}`}
      aria-selected={table.selected?.has(id)}
      data-id={id}
      onClick={(event) => opens(event) && table.onOpen?.(row)}
    >
      {table.onSelect !== undefined && (
        <td class="check">
          <input type="checkbox" aria-label={`${t.select} ${id}`} checked={table.selected?.has(id)} onChange={() => table.onSelect?.(id)} />
        </td>
      )}
      {table.columns.map((column) => (
        <td key={column.key} class={columnClass(column)}>
          {column.cell(row)}
        </td>
      ))}
    </tr>
  )
}

/** Links and buttons in a row do their own thing, and who marks text wants to copy it. */
function opens(event: MouseEvent): boolean {
  if (event.target instanceof Element && event.target.closest('a, button, input, label, select') !== null) return false
  return getSelection()?.isCollapsed !== false
}

function columnClass<Row>({ right, hide = 0, wide }: Column<Row>): string {
  return `${right === true ? 'right ' : ''}${wide === true ? 'wide ' : ''}hide-${hide}`
}
