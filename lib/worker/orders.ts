import { VACANT } from '../service/leader.ts'
import type { Store } from '../store/store.ts'

export interface OrderPort {
  /** Stop the attempt with this token, if it runs here. */
  stop(id: string, token: string): void
  shutdown(force: boolean): void
  /** People want something: see control.ts. */
  look(): void
  /** Somebody asks how things are. */
  tell(): void
  due(queue: string, vacant: boolean): void
}

/** Messages to this worker. They only make things quicker: each wish is also kept in Redis and found by the next pulse or tick. */
export class Orders {
  readonly #store: Store
  readonly #name: string
  readonly #port: OrderPort
  readonly #ends = new Map<string, () => void>()

  constructor(store: Store, name: string, port: OrderPort) {
    this.#store = store
    this.#name = name
    this.#port = port
  }

  async start(): Promise<void> {
    const channel = this.#store.keys.worker(this.#name)
    this.#ends.set(
      channel,
      await this.#store.connections.subscriber.listen(channel, {
        message: (text) => this.#obey(text),
        gap: () => this.#port.look(),
      }),
    )
  }

  /** Hears of new earliest run times in these queues. */
  async follow(queues: readonly string[]): Promise<void> {
    for (const queue of queues) {
      const channel = this.#store.keys.queuePart(queue, 'due')
      if (this.#ends.has(channel)) continue
      this.#ends.set(channel, () => undefined)
      const due = (text = ''): void => this.#port.due(queue, text === VACANT)
      this.#ends.set(channel, await this.#store.connections.subscriber.listen(channel, { message: due, gap: due }))
    }
  }

  #obey(text: string): void {
    const [order, ...rest] = text.split(' ')
    if (order === 'stop' && rest[0]) this.#port.stop(rest[0], rest[1] ?? '')
    else if (order === 'shutdown') this.#port.shutdown(rest[0] === 'force')
    else if (order === 'look') this.#port.look()
    else if (order === 'tell') this.#port.tell()
  }

  close(): void {
    for (const end of this.#ends.values()) end()
    this.#ends.clear()
  }
}
