import type { Logger } from '../logger.ts'

/**
 * Something that happens again and again until it is stopped. Starting twice, stopping unstarted and stopping twice are safe.
 * An error is logged once per run of errors and never ends the loop.
 */
export class Service {
  readonly #name: string
  readonly #logger: Logger
  readonly #tick: () => Promise<number>
  #timer: NodeJS.Timeout | undefined
  #running: Promise<void> | undefined
  #stopped = true
  #again = false
  #failing = false

  /** `tick` returns the milliseconds until the next one. */
  constructor(name: string, logger: Logger, tick: () => Promise<number>) {
    this.#name = name
    this.#logger = logger
    this.#tick = tick
  }

  start(): void {
    if (!this.#stopped) return
    this.#stopped = false
    this.#run()
  }

  /** Now rather than later; if a tick is under way, once more after it. */
  hurry(): void {
    if (this.#stopped) return
    if (this.#running) this.#again = true
    else this.#run()
  }

  async stop(): Promise<void> {
    this.#stopped = true
    clearTimeout(this.#timer)
    await this.#running
  }

  #run(): void {
    clearTimeout(this.#timer)
    this.#running = this.#once().then((waitMs) => {
      this.#running = undefined
      if (this.#stopped) return
      const wait = this.#again ? 0 : waitMs
      this.#again = false
      this.#timer = setTimeout(() => this.#run(), wait)
    })
  }

  async #once(): Promise<number> {
    try {
      const waitMs = await this.#tick()
      this.#failing = false
      return waitMs
    } catch (error) {
      if (!this.#failing) this.#logger.warn({ err: error, service: this.#name }, `${this.#name} failed and is tried again`)
      this.#failing = true
      return AFTER_ERROR_MS
    }
  }
}

const AFTER_ERROR_MS = 500
