import { stripVTControlCharacters } from 'node:util'
import { onSignal } from '../signals.ts'
import { Keys } from './keys.ts'
import { width } from './text.ts'

// The other screen, no cursor, no line wrapping: what is too wide is clipped, and nothing scrolls.
const ENTER = '\u001b[?1049h\u001b[?25l\u001b[?7l'
const LEAVE = '\u001b[?7h\u001b[?25h\u001b[?1049l'
// Terminals that know it show a frame only when all of it has arrived; the others ignore it.
const BEGIN = '\u001b[?2026h'
const END = '\u001b[?2026l'

export interface ScreenSize {
  rows: number
  columns: number
}

/** The whole terminal, drawn frame by frame, and given back as it was however the process ends. */
export class Screen {
  #shown: string[] = []
  #open = false
  #raw = false
  readonly #leave = (): void => this.close()

  get size(): ScreenSize {
    return { rows: process.stdout.rows || 24, columns: process.stdout.columns || 80 }
  }

  open(): void {
    if (this.#open) return
    this.#open = true
    this.#shown = []
    process.on('exit', this.#leave)
    process.stdout.write(ENTER)
  }

  /** Only lines that differ are written, in one piece, each wiping its own rest: nothing flickers. */
  draw(lines: readonly string[]): void {
    if (!this.#open) return
    const { rows, columns } = this.size
    // Behind the last column, wiping would take that column too.
    const wipe = (line: string): string => (width(stripVTControlCharacters(line)) < columns ? '\u001b[K' : '')
    const frame = lines.slice(0, rows)
    let text = ''
    for (let row = 0; row < Math.max(frame.length, this.#shown.length); row++) {
      const line = frame[row] ?? ''
      if (line !== (this.#shown[row] ?? '')) text += `\u001b[${row + 1};1H${line}\u001b[0m${wipe(line)}`
    }
    this.#shown = frame
    if (text !== '') process.stdout.write(BEGIN + text + END)
  }

  /** Calls with each size after the first; what is on the screen then is not known any more. */
  onResize(resized: () => void): void {
    process.stdout.on('resize', () => {
      this.#shown = []
      if (this.#open) process.stdout.write('\u001b[2J')
      resized()
    })
  }

  /** Takes the keyboard over: Ctrl-C and the like come as keys too. */
  onKey(pressed: (key: string) => void): void {
    const keys = new Keys(pressed)
    this.#raw = true
    process.stdin.setRawMode(true)
    process.stdin.on('data', (data: Buffer) => keys.hear(data))
    // The keyboard is gone, and with it whoever could press q.
    process.stdin.on('end', () => pressed('end-of-input'))
    onSignal(() => pressed('ctrl-c'))
  }

  /** To the shell, as Ctrl-Z does; back with `fg`. */
  suspend(resumed: () => void): void {
    const raw = this.#raw
    this.close()
    process.once('SIGCONT', () => {
      if (raw) process.stdin.setRawMode(true)
      this.#raw = raw
      this.open()
      resumed()
    })
    process.kill(process.pid, 'SIGTSTP')
  }

  close(): void {
    if (!this.#open) return
    this.#open = false
    process.off('exit', this.#leave)
    if (this.#raw && process.stdin.isTTY) process.stdin.setRawMode(false)
    this.#raw = false
    process.stdout.write(LEAVE)
  }
}
