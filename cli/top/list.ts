import { stripVTControlCharacters } from 'node:util'
import { paint } from '../output/color.ts'

/** Rows with one that is chosen. The choice follows its row, wherever the next reading puts it. */
export class List<Row> {
  readonly #idOf: (row: Row) => string
  #rows: readonly Row[] = []
  #at = 0
  #top = 0
  #room = 1

  constructor(idOf: (row: Row) => string) {
    this.#idOf = idOf
  }

  set rows(rows: readonly Row[]) {
    const id = this.chosen === undefined ? undefined : this.#idOf(this.chosen)
    const found = rows.findIndex((row) => this.#idOf(row) === id)
    this.#rows = rows
    this.#at = Math.max(0, found >= 0 ? found : Math.min(this.#at, rows.length - 1))
  }

  get rows(): readonly Row[] {
    return this.#rows
  }

  get chosen(): Row | undefined {
    return this.#rows[this.#at]
  }

  choose(index: number): void {
    this.#at = Math.max(0, Math.min(index, this.#rows.length - 1))
  }

  /** Whether the key was one that moves; at an end, nothing moves. */
  move(key: string): boolean {
    const step = { up: -1, k: -1, down: 1, j: 1, 'page-up': -this.#room, 'page-down': this.#room }[key]
    if (step !== undefined) this.choose(this.#at + step)
    else if (key === 'home' || key === 'g') this.choose(0)
    else if (key === 'end') this.choose(this.#rows.length - 1)
    else return false
    return true
  }

  get atFirst(): boolean {
    return this.#at === 0
  }

  get atLast(): boolean {
    return this.#at >= this.#rows.length - 1
  }

  /** The part of a table (its titles first) that fits, with the chosen row marked. */
  window(table: readonly string[], room: number, focused = true): string[] {
    const [titles = '', ...lines] = table
    this.#room = Math.max(1, room - 1)
    this.#top = Math.max(0, Math.min(this.#top, this.#at, lines.length - this.#room))
    if (this.#at >= this.#top + this.#room) this.#top = this.#at - this.#room + 1
    const shown = lines.slice(this.#top, this.#top + this.#room)
    return [`  ${titles}`, ...shown.map((line, i) => (focused && this.#top + i === this.#at ? marked(line) : `  ${line}`))]
  }
}

/** A sign too, for terminals without colours. */
function marked(line: string): string {
  return paint('inverse', `› ${stripVTControlCharacters(line)} `)
}
