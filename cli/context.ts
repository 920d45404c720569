import type { Store } from '../lib/client/inspector.ts'
import type { Queue } from '../lib/client/queue.ts'
import type { Settings } from './config.ts'
import type { RqtsConfig } from './define-config.ts'
import { CliError, EXIT } from './exit-codes.ts'
import { paint } from './output/color.ts'
import { writeOut } from './output/stdout.ts'

/** What a command works with: its settings, its output, one connection. */
export class Context {
  readonly settings: Settings
  #store: Promise<Store> | undefined
  #connected: Store | undefined
  readonly #queues = new Map<string, Queue>()

  constructor(settings: Settings) {
    this.settings = settings
  }

  get json(): boolean {
    return this.settings.globals.json === true
  }

  get quiet(): boolean {
    return this.settings.globals.quiet === true
  }

  get verbose(): boolean {
    return this.settings.globals.verbose === true
  }

  get config(): RqtsConfig {
    return this.settings.config
  }

  /** What queues, workers and readers are opened with. A URL from the environment the library finds by itself, and names it so. */
  get connection(): { connection?: NonNullable<RqtsConfig['connection']> | string; prefix: string } {
    const { url, prefix } = this.settings.globals
    const { connection } = this.config
    if (url === undefined && connection !== undefined) return { connection, prefix }
    return url === undefined || this.settings.urlOrigin === undefined ? { prefix } : { connection: url, prefix }
  }

  /** The result, for people; with `--json` there is another one. */
  print(...lines: readonly string[]): void {
    if (!this.json) process.stdout.write(lines.map((line) => `${line}\n`).join(''))
  }

  /** The result, for programs. */
  printJson(value: unknown): void {
    writeOut(`${JSON.stringify(value, null, process.stdout.isTTY ? 2 : undefined)}\n`)
  }

  /** One value, two forms. */
  result(value: unknown, lines: readonly string[]): void {
    if (this.json) this.printJson(value)
    else this.print(...lines)
  }

  /** What is good to know but not the result. */
  note(line: string): void {
    if (!this.quiet) process.stderr.write(`${line}\n`)
  }

  warn(line: string): void {
    process.stderr.write(`${paint('yellow', 'warning:', process.stderr)} ${line}\n`)
  }

  /** Connected, or the error says why not. */
  store(): Promise<Store> {
    this.#store ??= this.#connect()
    return this.#store
  }

  async #connect(): Promise<Store> {
    const { openStore } = await import('../lib/client/open-store.ts')
    try {
      this.#connected = await openStore(this.connection)
      return this.#connected
    } catch (error) {
      // A server that refuses who we are is as far away as one that is down.
      throw error instanceof Error ? Object.assign(error, { exitCode: EXIT.unreachable }) : error
    }
  }

  /** After an attempt to connect that failed: the next one tries anew. */
  forgetStore(): void {
    this.#store = undefined
  }

  /** From now on this server, whatever the settings say. */
  useRedis(url: string, origin: string): void {
    this.settings.globals.url = url
    this.settings.urlOrigin = origin
    this.forgetStore()
  }

  async queue(name: string): Promise<Queue> {
    await this.store()
    const open = this.#queues.get(name)
    if (open !== undefined) return open
    const { Queue } = await import('../lib/client/queue.ts')
    const queue = new Queue(name, this.connection)
    this.#queues.set(name, queue)
    return queue
  }

  /** Asks on the terminal; where nobody can answer, it is refused. */
  async confirm(question: string, options: { yes?: boolean | undefined }): Promise<void> {
    if (options.yes === true) return
    if (this.json || !process.stdin.isTTY || !process.stderr.isTTY) {
      throw new CliError('RQTS_REFUSED', `${question} Nobody can be asked here: say --yes, or look first with --dry-run`)
    }
    const { createInterface } = await import('node:readline/promises')
    const terminal = createInterface({ input: process.stdin, output: process.stderr })
    // readline takes Ctrl-C for itself while it asks.
    terminal.on('SIGINT', () => process.kill(process.pid, 'SIGINT'))
    const answer = await terminal.question(`${question} [y/N] `)
    terminal.close()
    if (!/^y(es)?$/i.test(answer.trim())) throw new CliError('RQTS_REFUSED', 'Nothing was done')
  }

  async close(): Promise<void> {
    for (const queue of this.#queues.values()) await queue.close()
    // One that is still to be reached is not waited for.
    await this.#connected?.close()
  }
}
