import { clock } from '../clock.ts'
import type { Store } from '../store/store.ts'
import { Doorbell } from './doorbell.ts'
import type { NormalWorkerOptions } from './options.ts'
import type { Pump } from './pump.ts'
import type { QueueOrder } from './queue-order.ts'

export interface LookoutPort {
  /** The list of queues has changed. */
  follow(): Promise<void>
  /** Once a second. */
  looked(): void
  /** People may want something: somebody rang, or this worker is too busy to hear the bell. */
  called(): void
  /** There is nothing more to wait for. */
  stop(): void
}

const LOOK_MS = 1_000
/** Without stars only what is sent to this worker alone could be new, and that rings. */
const REFRESH_IDLE_MS = 10_000
const POLL_WITH_LEADER_MS = 5_000
const POLL_ALONE_MS = 1_000

/** Watches for work while there is none: waits at the doorbell, finds new queues, and says when waiting is over. */
export class Lookout {
  readonly #store: Store
  readonly #order: QueueOrder
  readonly #options: NormalWorkerOptions
  readonly #pump: Pump
  readonly #port: LookoutPort
  #doorbell: Doorbell | undefined
  #timer: NodeJS.Timeout | undefined
  #lastJobAt = clock.monotonic()
  #refreshedAt = 0

  constructor(store: Store, order: QueueOrder, options: NormalWorkerOptions, pump: Pump, port: LookoutPort) {
    this.#store = store
    this.#order = order
    this.#options = options
    this.#pump = pump
    this.#port = port
  }

  open(): void {
    this.#doorbell = new Doorbell(this.#store, {
      pollMs: this.#options.scheduler ? POLL_WITH_LEADER_MS : POLL_ALONE_MS,
      queues: () => this.#order.all,
      own: this.#order.own,
      refresh: () => {
        this.#port.called()
        void this.#refresh()
      },
      ring: () => this.#ring(),
    })
    this.#timer = setInterval(() => this.#look(), LOOK_MS)
  }

  jobEnded(): void {
    this.#lastJobAt = clock.monotonic()
  }

  /** The claim came back empty. */
  idle(): void {
    if (this.#options.burst && this.#pump.drained) this.#port.stop()
    else this.#doorbell?.arm()
  }

  close(): void {
    clearInterval(this.#timer)
    this.#doorbell?.close()
  }

  #ring(): boolean {
    if (!this.#pump.hasFreeSlot) return false
    this.#pump.wake()
    return true
  }

  /** New queues, and whether it is time to stop. */
  #look(): void {
    const { maxIdleMs, maxJobs, burst } = this.#options
    if (this.#pump.running.size > 0) this.#lastJobAt = clock.monotonic()
    const idleFor = clock.monotonic() - this.#lastJobAt
    if (idleFor > maxIdleMs || (this.#pump.taken >= maxJobs && this.#pump.quiet) || (burst && this.#pump.drained)) this.#port.stop()
    else if (this.#order.hasWildcard || !this.#pump.hasFreeSlot || clock.monotonic() - this.#refreshedAt > REFRESH_IDLE_MS)
      void this.#refresh()
    if (this.#pump.hasFreeSlot) this.#doorbell?.arm()
    else this.#port.called()
    this.#port.looked()
  }

  async #refresh(): Promise<void> {
    this.#refreshedAt = clock.monotonic()
    try {
      if (!(await this.#order.refresh(this.#store))) return
      await this.#port.follow()
      this.#pump.wake()
      await this.#doorbell?.rearm()
    } catch {
      // Redis is away; the pump says so.
    }
  }
}
