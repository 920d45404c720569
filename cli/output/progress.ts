import { formatCount } from './text.ts'

const WIDTH = 24
const EVERY_MS = 100

/** A bar on stderr for work that takes a while; nothing where nobody watches. */
export class Progress {
  #total: number
  readonly #label: string
  readonly #shown: boolean
  #done = 0
  #drawnAt = 0

  constructor(label: string, total: number, wanted: boolean) {
    this.#label = label
    this.#total = total
    this.#shown = wanted && process.stderr.isTTY === true
  }

  /** With a `total`, of so many: it may only be known by then. */
  add(count: number, total: number = this.#total): void {
    this.#done += count
    this.#total = total
    const now = Date.now()
    if (!this.#shown || now - this.#drawnAt < EVERY_MS) return
    this.#drawnAt = now
    const full = Math.min(WIDTH, Math.round((this.#done / Math.max(1, this.#total)) * WIDTH))
    process.stderr.write(
      `\r${this.#label} ${'█'.repeat(full)}${'░'.repeat(WIDTH - full)} ${formatCount(this.#done)}/${formatCount(this.#total)}\u001b[K`,
    )
  }

  end(): void {
    if (this.#shown && this.#drawnAt > 0) process.stderr.write('\r\u001b[K')
  }
}
