import { stripVTControlCharacters } from 'node:util'
import { paint } from '../output/color.ts'

/**
 * Rows with one that is chosen. The choice follows its row, wherever the next reading puts it. A row on its way from one list of Redis to
 * another may be in neither when they are read: only when a second reading misses it too does the choice go to its neighbour. Till then
 * nothing is chosen, so that no key does to the neighbour what was meant for the row.
 */
export class List<Row> {
  readonly #idOf: (row: Row) => string
  #rows: readonly Row[] = []
  #at = 0
  #chosenId: string | undefined
  #missed = false
  #top = 0
  #room = 1

  constructor(idOf: (row: Row) => string) {
    this.#idOf = idOf
  }

  set rows(rows: readonly Row[]) {
    const found = rows.findIndex((row) => this.#idOf(row) === this.#chosenId)
    const missed = found < 0 && this.#chosenId !== undefined && !this.#missed
    this.#rows = rows
    if (missed) this.#missed = true
    else this.choose(found >= 0 ? found : this.#at)
  }

  get rows(): readonly Row[] {
    return this.#rows
  }

  get chosen(): Row | undefined {
    return this.#missed ? undefined : this.#rows[this.#at]
  }

  /** Whether a second reading has to say if the chosen row is gone. */
  get missed(): boolean {
    return this.#missed
  }

  /** For other rows than those before, of which the first is chosen. */
  clear(): void {
    this.#rows = []
    this.choose(0)
  }

  choose(index: number): void {
    this.#at = Math.max(0, Math.min(index, this.#rows.length - 1))
    this.#missed = false
    const row = this.chosen
    this.#chosenId = row === undefined ? undefined : this.#idOf(row)
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
    return [`  ${titles}`, ...shown.map((line, i) => (focused && !this.#missed && this.#top + i === this.#at ? marked(line) : `  ${line}`))]
  }
}

/** A sign too, for terminals without colours. */
function marked(line: string): string {
  return paint('inverse', `› ${stripVTControlCharacters(line)} `)
}
