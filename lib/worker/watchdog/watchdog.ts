import { Worker } from 'node:worker_threads'
import type { RetryPolicy } from '../../job/backoff.ts'
import type { Logger } from '../../logger.ts'
import type { ConnectionOption } from '../../store/connect.ts'
import { transferable } from '../../store/transferable.ts'
import { entryOf } from '../entry.ts'
import type { Beat, Blocked, WatchdogInit } from './messages.ts'
import { TURNS_BYTES } from './turns.ts'

export interface WatchdogOptions extends Omit<WatchdogInit, 'pulse' | 'turns' | 'connection' | 'policies'> {
  connection: ConnectionOption | undefined
  policies(): Readonly<Record<string, RetryPolicy>>
  logger: Logger
  blocked(blocked: Blocked): void
}

const COUNT_MS = 100
const AFTER_MS = 1_000
const TURNS = new SharedArrayBuffer(TURNS_BYTES)

/** The main thread's side: counts, tells what the thread must know, and hears how long it was away. */
export class Watchdog {
  readonly #options: WatchdogOptions
  #thread: Worker | undefined
  #counting: NodeJS.Timeout | undefined
  #starting: NodeJS.Timeout | undefined
  #beat: Beat | undefined
  #active = false

  constructor(options: WatchdogOptions) {
    this.#options = options
  }

  get active(): boolean {
    return this.#active
  }

  /** A thread costs more than a short run is worth; a process that is there for jobs only has one from the start. */
  start(): void {
    if (this.#options.exit) this.#launch()
    else this.#starting = setTimeout(() => this.#launch(), AFTER_MS).unref()
  }

  /** What was last written about the worker. */
  hear(beat: Beat): void {
    this.#beat = beat
    this.#thread?.postMessage(beat)
  }

  async stop(): Promise<void> {
    clearTimeout(this.#starting)
    clearInterval(this.#counting)
    const thread = this.#thread
    if (thread === undefined) return
    thread.ref()
    const ended = new Promise((resolve) => thread.once('exit', resolve))
    thread.postMessage('stop')
    await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, AFTER_MS).unref())])
    await thread.terminate()
  }

  #launch(): void {
    const { logger, blocked, connection, policies, ...init } = this.#options
    const place = transferable(connection)
    if (place === null) {
      const what = 'No watchdog: a second connection cannot be made from the one that was given. Give a URL or plain options'
      logger[init.exit ? 'warn' : 'debug']({ worker: init.worker }, what)
      return
    }
    const pulse = new SharedArrayBuffer(4)
    const counter = new Int32Array(pulse)
    const workerData: WatchdogInit = {
      ...init,
      ...(place.connection !== undefined && { connection: place.connection }),
      policies: policies(),
      pulse,
      turns: TURNS,
    }
    const thread = new Worker(entryOf('watchdog/watchdog-thread'), { workerData })
    thread.on('message', (told: Blocked | 'up') => {
      if (told === 'up') this.#active = true
      else blocked(told)
    })
    thread.on('error', (error) =>
      logger.warn({ err: error }, 'The watchdog thread has ended: a handler that blocks the event loop loses its lease'),
    )
    // Neither keeps a process alive on its own.
    thread.unref()
    this.#counting = setInterval(() => Atomics.add(counter, 0, 1), COUNT_MS).unref()
    this.#thread = thread
    if (this.#beat !== undefined) this.hear(this.#beat)
  }
}
