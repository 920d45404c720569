import type { Logger } from '../logger.ts'
import { Service } from '../service/service.ts'
import { forgetWishes, readWishes } from '../store/control.ts'
import type { Store } from '../store/store.ts'
import type { PausedBy } from './phase.ts'

export interface ControlPort {
  pause(by: PausedBy, paused: boolean): void
  resize(concurrency: number): void
  stop(force: boolean): void
}

/** Whoever wishes rings, and who is too busy to hear looks every second: this is for what is lost all the same. */
const ASK_MS = 6_000
/** A pause may end by time. */
const ASK_PAUSED_MS = 1_000

/** Does what people want of this worker. The wishes and the bell are in Redis; messages only make it look sooner. */
export class Control {
  readonly #store: Store
  readonly #name: string
  readonly #port: ControlPort
  readonly #service: Service
  #concurrency: number | undefined
  /** Until Redis has answered once, there is nothing of ours to forget. */
  #known = false

  constructor(store: Store, name: string, logger: Logger, port: ControlPort) {
    this.#store = store
    this.#name = name
    this.#port = port
    this.#service = new Service('remote control', logger, async () => {
      return (await this.look()) ? ASK_PAUSED_MS : ASK_MS
    })
  }

  start(): void {
    this.#service.start()
  }

  hurry(): void {
    this.#service.hurry()
  }

  async stop(): Promise<void> {
    await this.#service.stop()
    if (this.#known) await forgetWishes(this.#store, this.#name, 'paused', 'concurrency', 'stop').catch(() => undefined)
  }

  /** Also before the first claim: a pause for all holds for those that start later. Tells whether there is a pause. */
  async look(): Promise<boolean> {
    const { paused, suspended, concurrency, stop } = await readWishes(this.#store, this.#name)
    this.#known = true
    this.#port.pause('others', paused)
    this.#port.pause('all', suspended)
    if (concurrency !== undefined && concurrency !== this.#concurrency) {
      this.#concurrency = concurrency
      this.#port.resize(concurrency)
    }
    if (stop !== undefined) {
      await forgetWishes(this.#store, this.#name, 'stop')
      this.#port.stop(stop === 'force')
    }
    return paused || suspended
  }
}
