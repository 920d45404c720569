type Write = typeof process.stdout.write

const FLUSH_CHARS = 8_192

/** While a job runs, what is written to stdout and stderr goes to its log too, line by line. Only where one job runs at a time. */
export class OutputCapture {
  #log: ((line: string) => Promise<void>) | undefined
  #partial = ''
  readonly #pending = new Set<Promise<void>>()

  constructor() {
    for (const stream of [process.stdout, process.stderr]) {
      const write = stream.write.bind(stream) as Write
      stream.write = ((...args: Parameters<Write>) => {
        this.#take(args[0])
        return write(...args)
      }) as Write
    }
  }

  begin(log: (line: string) => Promise<void>): void {
    this.#log = log
    this.#partial = ''
  }

  /** Resolves when all of it is written. */
  async end(): Promise<void> {
    this.#flush()
    this.#log = undefined
    await Promise.all(this.#pending)
  }

  #take(chunk: string | Uint8Array): void {
    if (this.#log === undefined) return
    const lines = (this.#partial + (typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString())).split('\n')
    this.#partial = lines.pop()!
    for (const line of lines) this.#write(line)
    if (this.#partial.length > FLUSH_CHARS) this.#flush()
  }

  #flush(): void {
    const rest = this.#partial
    this.#partial = ''
    if (rest !== '') this.#write(rest)
  }

  #write(line: string): void {
    // A log line that cannot be written must not fail the job.
    const written = this.#log!(line)
      .catch(() => undefined)
      .finally(() => this.#pending.delete(written))
    this.#pending.add(written)
  }
}
