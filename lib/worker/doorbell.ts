import type { Driver } from '../store/driver-options.ts'
import type { Store } from '../store/store.ts'
import { putMarker, takeMarker } from '../store/wake.ts'

export interface DoorbellOptions {
  /** A lost marker costs at most this, when no leader puts it back sooner. */
  pollMs: number
  queues(): readonly string[]
  /** The queue of this worker alone. Its marker also means that there are other queues to listen to now. */
  own: string
  refresh(): void
  /** A marker came, or the poll interval passed. False: no slot is free, so the marker is for someone else. */
  ring(): boolean
}

/**
 * Blocks on the wake markers of the queues with a connection of its own. Only markers are popped this way, never jobs:
 * what a blocking pop hands to a dead socket is gone.
 */
export class Doorbell {
  readonly #store: Store
  readonly #options: DoorbellOptions
  readonly #connection: { driver: Driver; end: () => void }
  readonly #pops = new Map<string, Promise<boolean>>()
  #armed = false
  #closed = false

  constructor(store: Store, options: DoorbellOptions) {
    this.#store = store
    this.#options = options
    this.#connection = store.connections.blocking()
  }

  /** Waits once, in the background. */
  arm(): void {
    if (this.#armed || this.#closed) return
    this.#armed = true
    void this.#wait().finally(() => {
      this.#armed = false
    })
  }

  /** The queues have changed: whoever waits for the former ones begins anew. */
  async rearm(): Promise<void> {
    if (!this.#armed || this.#closed) return
    await putMarker(this.#store, this.#options.own, this.#options.pollMs)
  }

  async #wait(): Promise<void> {
    const { driver } = this.#connection
    const queues = [...new Set([this.#options.own, ...this.#options.queues()])]
    try {
      if (this.#store.client.isCluster) await this.#waitOnCluster(driver, queues)
      else await this.#pop(driver, queues, this.#options.pollMs)
    } catch {
      // Redis is away: the pump says so and goes on asking at its own pace.
      await pause(Math.min(this.#options.pollMs, 200))
      this.#armed = false
      if (!this.#closed) this.#options.ring()
    }
  }

  /**
   * Each list is on a node of its own, and a wait holds up all others on the same connection: short ones then, one per list,
   * and a look after a second whatever came of them.
   */
  async #waitOnCluster(driver: Driver, queues: readonly string[]): Promise<void> {
    const late = pause(CLUSTER_POLL_MS).then(() => 'late' as const)
    for (let rang: boolean | 'late' = false; rang !== 'late' && !this.#closed; ) {
      for (const queue of queues) {
        if (this.#pops.has(queue)) continue
        const pop = this.#pop(driver, [queue], CLUSTER_BLOCK_MS).finally(() => this.#pops.delete(queue))
        this.#pops.set(queue, pop)
      }
      rang = await Promise.race([...this.#pops.values(), late])
      if (rang === true) return
    }
    this.#armed = false
    if (!this.#closed) this.#options.ring()
  }

  /** Whether somebody was told: always, except when a short wait was in vain. */
  async #pop(driver: Driver, queues: readonly string[], blockMs: number): Promise<boolean> {
    const queue = await takeMarker(this.#store, driver, queues, blockMs)
    if (queue === undefined && blockMs < this.#options.pollMs) return false
    this.#armed = false
    const own = queue === this.#options.own
    if (own) this.#options.refresh()
    if (this.#closed || this.#options.ring() || queue === undefined) return true
    // Back for someone who has a free slot. One of its own nobody else takes, and this worker may be gone before it does.
    await putMarker(this.#store, queue, own ? this.#options.pollMs : undefined)
    return true
  }

  close(): void {
    this.#closed = true
    this.#connection.end()
  }
}

const CLUSTER_BLOCK_MS = 200
const CLUSTER_POLL_MS = 1_000

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
