import { StringDecoder } from 'node:string_decoder'

/** Cuts what comes in pieces into whole lines, so that several writers of one stream do not end up in each other's. */
export class WholeLines {
  readonly #write: (lines: string) => void
  readonly #decoder = new StringDecoder()
  #rest = ''

  constructor(write: (lines: string) => void) {
    this.#write = write
  }

  take(piece: Buffer): void {
    const text = this.#rest + this.#decoder.write(piece)
    const end = text.lastIndexOf('\n') + 1
    this.#rest = text.slice(end)
    if (end > 0) this.#write(text.slice(0, end))
  }

  end(): void {
    if (this.#rest !== '') this.#write(`${this.#rest}\n`)
    this.#rest = ''
  }
}
