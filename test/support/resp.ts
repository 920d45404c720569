/** Cuts a client's byte stream into commands: arrays of bulk strings, which is all that clients send. */
export class RequestParser {
  #rest: Buffer = Buffer.alloc(0)

  /** The commands that this chunk completes, each with its bytes as they came. */
  add(chunk: Buffer): { words: string[]; bytes: Buffer }[] {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    const commands: { words: string[]; bytes: Buffer }[] = []
    for (;;) {
      const found = this.#first()
      if (found === undefined) return commands
      commands.push({ words: found.words, bytes: this.#rest.subarray(0, found.end) })
      this.#rest = this.#rest.subarray(found.end)
    }
  }

  #first(): { words: string[]; end: number } | undefined {
    const header = this.#number(0)
    if (header === undefined) return undefined
    const words: string[] = []
    let at = header.end
    for (let n = 0; n < header.value; n++) {
      const length = this.#number(at)
      if (length === undefined || this.#rest.length < length.end + length.value + 2) return undefined
      words.push(this.#rest.toString('utf8', length.end, length.end + Math.min(length.value, 200)))
      at = length.end + length.value + 2
    }
    return { words, end: at }
  }

  /** A line such as `*3` or `$12`. */
  #number(at: number): { value: number; end: number } | undefined {
    const end = this.#rest.indexOf('\r\n', at)
    return end === -1 ? undefined : { value: Number(this.#rest.toString('latin1', at + 1, end)), end: end + 2 }
  }
}
