import { inspect } from 'node:util'
import { createLogger, type Logger } from '../../lib/logger.ts'
import type { WorkerEvents } from '../../lib/worker/events.ts'
import { paint, type Style } from './color.ts'
import { userFrame } from './stack.ts'
import { formatMs, safe } from './text.ts'

export interface WorkerLogOptions {
  format: 'pretty' | 'json'
  stream: { write(text: string): unknown; isTTY?: boolean }
  quiet: boolean
  verbose: boolean
}

/** What `rqts worker` prints: a line per job for people, or the same facts as JSON lines. */
export class WorkerLog {
  /** For the worker's own warnings, between the lines of the jobs. */
  readonly logger: Logger
  readonly #options: WorkerLogOptions
  #lines = ''
  #signature: object = {}

  constructor(options: WorkerLogOptions) {
    this.#options = options
    const level = options.verbose ? 'debug' : options.quiet ? 'warn' : 'info'
    const stream = { write: (text: string) => this.#write(text), isTTY: options.stream.isTTY === true }
    const logger = createLogger({ format: options.format, level, stream })
    const signed =
      (of: keyof Logger): Logger[keyof Logger] =>
      (fields, message) =>
        logger[of]({ ...this.#signature, ...fields }, message)
    this.logger =
      options.format === 'pretty' ? logger : { debug: signed('debug'), info: signed('info'), warn: signed('warn'), error: signed('error') }
  }

  /** Each line for programs says from now on who it is of: lines of several workers come in one stream. */
  sign(signature: { worker: string } | { supervisor: number }): void {
    this.#signature = signature
  }

  /** Something about the worker: text for people (none when the banner has said it), a message with its facts for programs. */
  say(text: string, message: string, facts: object = {}): void {
    if (this.#options.format === 'json') this.logger.info(facts, message)
    else if (!this.#options.quiet && text !== '') this.#line('dim', text)
  }

  warn(text: string): void {
    this.logger.warn({}, text)
  }

  banner(lines: readonly string[]): void {
    if (this.#options.format === 'pretty' && !this.#options.quiet) this.#write(lines.map((line) => `${line}\n`).join(''))
  }

  started(facts: WorkerEvents['started']): void {
    if (this.#options.verbose) this.#job('cyan', '▸', facts, 'started', `${safe(facts.queue)}  waited ${formatMs(facts.waitedMs)}`)
  }

  finished(facts: WorkerEvents['finished']): void {
    this.#job('green', '✓', facts, 'finished', formatMs(facts.elapsedMs))
  }

  retry(facts: WorkerEvents['retry']): void {
    const when = facts.delayMs > 0 ? `retry in ${formatMs(facts.delayMs)}` : 'retry at once'
    this.#job(
      'yellow',
      '✗',
      facts,
      'failed, will be retried',
      `${formatMs(facts.elapsedMs)}  attempt ${facts.attempt}  ${errorText(facts.error)}  ${when}`,
    )
  }

  failed(facts: WorkerEvents['failed']): void {
    const attempt = facts.attempt > 1 ? `  attempt ${facts.attempt}` : ''
    const reason = facts.reason === 'error' ? '' : `  (${safe(facts.reason)})`
    this.#job('red', '✗', facts, 'failed', `${formatMs(facts.elapsedMs)}${attempt}  ${errorText(facts.error)}${reason}`)
  }

  stopped(facts: WorkerEvents['stopped']): void {
    this.#job('yellow', '■', facts, 'stopped', `${formatMs(facts.elapsedMs)}  canceled while it ran`)
  }

  #job(style: Style, sign: string, facts: { id: string; task: string }, message: string, text: string): void {
    const level = style === 'red' ? 'error' : style === 'yellow' ? 'warn' : 'info'
    if (this.#options.format === 'json') this.logger[level](jsonFacts(facts), message)
    else if (!this.#options.quiet || level === 'error') this.#line(style, `${sign} ${safe(facts.task)}`, `  ${safe(facts.id)}  ${text}`)
  }

  #line(style: Style, marked: string, rest = ''): void {
    const { stream } = this.#options
    this.#write(`${paint('dim', new Date().toTimeString().slice(0, 8), stream)} ${paint(style, marked, stream)}${rest}\n`)
  }

  /** Lines of one tick travel together: a worker may end tens of thousands of jobs a second. */
  #write(text: string): void {
    if (this.#lines === '') setImmediate(() => this.flush())
    this.#lines += text
  }

  flush(): void {
    const lines = this.#lines
    this.#lines = ''
    if (lines !== '') this.#options.stream.write(lines)
  }
}

/** A stack over many lines is for `rqts job ID`. */
function jsonFacts(facts: object): object {
  const { error, ...others } = facts as { error?: unknown; elapsedMs?: number }
  const rest = others.elapsedMs === undefined ? others : { ...others, elapsedMs: Number(others.elapsedMs.toFixed(2)) }
  if (error === undefined) return rest
  const { name, message } = error instanceof Error ? error : { name: 'Error', message: inspect(error) }
  return { ...rest, error: { name, message, at: userFrame(error) } }
}

function errorText(error: unknown): string {
  if (!(error instanceof Error)) return safe(inspect(error))
  const frame = userFrame(error)
  return `${safe(error.name)}: ${safe(error.message)}${frame === undefined ? '' : `  (${safe(frame)})`}`
}
