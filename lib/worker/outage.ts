import { clock } from '../clock.ts'
import { RqtsError } from '../errors.ts'
import { formatMs } from '../format.ts'
import type { Logger } from '../logger.ts'

/** Says once that Redis is away and once that it is back, however many calls stumble over it. */
export class Outage {
  readonly #logger: Logger
  #since: number | undefined
  #told = false

  constructor(logger: Logger) {
    this.#logger = logger
  }

  get lasts(): boolean {
    return this.#since !== undefined
  }

  began(error: unknown): void {
    if (this.#since !== undefined) return
    this.#since = clock.monotonic()
    const away = error instanceof RqtsError && error.code === 'RQTS_REDIS_UNAVAILABLE'
    const what = away ? 'Redis cannot be reached' : 'Redis refuses a call, which is repeated'
    this.#logger.error({ err: error }, `${what}; running jobs go on, their outcomes are kept`)
  }

  /** Said once: what a worker waits for that ends. */
  waiting(jobs: readonly string[], leftMs: number): void {
    if (this.#told || leftMs <= 0) return
    this.#told = true
    this.#logger.warn({ jobs }, `Waiting up to ${formatMs(leftMs)} for Redis, to write down how these jobs have ended`)
  }

  /** For services that meet the same outage: it is said once for all of them. */
  get logger(): Logger {
    const { debug, info, error } = bound(this.#logger)
    const warn = (fields: object, message: string): void => {
      const { err } = fields as { err?: unknown }
      if (err instanceof RqtsError && err.code === 'RQTS_REDIS_UNAVAILABLE') this.began(err)
      else this.#logger.warn(fields, message)
    }
    return { debug, info, warn, error }
  }

  over(): void {
    if (this.#since === undefined) return
    this.#logger.info({ awayMs: Math.round(clock.monotonic() - this.#since) }, 'Redis answers again')
    this.#since = undefined
  }
}

/** A given logger may need its `this`. */
function bound(logger: Logger): Logger {
  return {
    debug: (fields, message) => logger.debug(fields, message),
    info: (fields, message) => logger.info(fields, message),
    warn: (fields, message) => logger.warn(fields, message),
    error: (fields, message) => logger.error(fields, message),
  }
}
