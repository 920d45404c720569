import type { Driver } from './driver-options.ts'
import { endDriver } from './redis.ts'
import { holdSubscriber, unrefSentinels } from './sockets.ts'

export interface Listener {
  message(text: string): void
  /** The connection was away: messages may have been missed, so read again what you wait for. */
  gap(): void
}

/** A connection that is dead without a word keeps nobody waiting longer. */
const CATCH_UP_MS = 1_000

/** One pub/sub connection for all listeners of a process. Subscriptions of one tick travel together. */
export class Subscriber {
  readonly #driver: Driver
  readonly #listeners = new Map<string, Set<Listener>>()
  #joining: { channels: Set<string>; done: Promise<void> } | undefined
  readonly #leaving = new Set<string>()
  #wasReady = false

  constructor(driver: Driver) {
    this.#driver = driver
    driver.on('message', (channel: string, text: string) => {
      for (const listener of this.#listeners.get(channel) ?? []) listener.message(text)
    })
    driver.on('ready', () => {
      if (this.#wasReady) void this.#afterGap()
      this.#wasReady = true
      unrefSentinels(driver)
      this.#hold()
      this.#leave()
    })
  }

  /** Resolves once Redis has confirmed: from then on nothing is missed while the connection stands. */
  async listen(channel: string, listener: Listener): Promise<() => void> {
    const present = this.#listeners.get(channel)
    if (present) present.add(listener)
    else this.#listeners.set(channel, new Set([listener]))
    this.#hold()
    const stop = (): void => this.#drop(channel, listener)
    try {
      await this.#join(channel)
    } catch (error) {
      stop()
      throw error
    }
    return stop
  }

  #join(channel: string): Promise<void> {
    if (this.#joining === undefined) {
      const channels = new Set<string>()
      const done = Promise.resolve().then(async () => {
        this.#joining = undefined
        await this.#driver.subscribe(...channels)
      })
      this.#joining = { channels, done }
    }
    this.#joining.channels.add(channel)
    return this.#joining.done
  }

  #drop(channel: string, listener: Listener): void {
    const set = this.#listeners.get(channel)
    if (!set?.delete(listener) || set.size > 0) return
    this.#listeners.delete(channel)
    this.#hold()
    if (this.#leaving.size === 0) setImmediate(() => this.#leave())
    this.#leaving.add(channel)
  }

  /** While the connection is away this waits: ioredis subscribes again to all it ever subscribed to. */
  #leave(): void {
    if (this.#driver.status !== 'ready') return
    const channels = [...this.#leaving].filter((channel) => !this.#listeners.has(channel))
    this.#leaving.clear()
    if (channels.length > 0) this.#driver.unsubscribe(...channels).catch(() => undefined)
  }

  /** Not before Redis has carried out the subscriptions anew: a message between a reading and them would be missed. */
  async #afterGap(): Promise<void> {
    await this.#driver.ping().catch(() => undefined)
    for (const set of this.#listeners.values()) for (const listener of set) listener.gap()
  }

  /** Resolves once all that was published before this call has been heard, as far as the connection stands. */
  async caughtUp(): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, CATCH_UP_MS)
    })
    await Promise.race([this.#driver.ping().catch(() => undefined), late])
    clearTimeout(timer)
  }

  #hold(): void {
    holdSubscriber(this.#driver, this.#listeners.size > 0)
  }

  async close(): Promise<void> {
    this.#listeners.clear()
    await endDriver(this.#driver)
  }
}
