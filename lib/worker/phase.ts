/** What a worker is at. Redis shows one that has not been heard of for a while as `lost`, which no worker says of itself. */
export type WorkerState = 'starting' | 'idle' | 'busy' | 'paused' | 'suspended' | 'stopping'

/** Who can make a worker pause: its own program or a signal, people elsewhere, people elsewhere who mean all workers. */
export type PausedBy = 'here' | 'others' | 'all'

export interface PhasePort {
  /** Whether any job runs. */
  busy(): boolean
  /** Take jobs from now on, or take no more. */
  take(jobs: boolean): void
}

/** The state of a worker. Each who paused it must resume it; nobody can take back the word of another. */
export class Phase {
  readonly #port: PhasePort
  readonly #pausedBy = new Set<PausedBy>()
  #at: 'starting' | 'working' | 'stopping' = 'starting'

  constructor(port: PhasePort) {
    this.#port = port
  }

  get state(): WorkerState {
    if (this.#at !== 'working') return this.#at
    if (this.#pausedBy.has('all')) return 'suspended'
    if (this.#pausedBy.size > 0) return 'paused'
    return this.#port.busy() ? 'busy' : 'idle'
  }

  /** A pause may have come before the start. */
  begin(): void {
    if (this.#at !== 'starting') return
    this.#at = 'working'
    if (this.#pausedBy.size > 0) this.#port.take(false)
  }

  /** Returns whether the state has changed. */
  pause(by: PausedBy, paused: boolean): boolean {
    if (this.#pausedBy.has(by) === paused) return false
    const [before, had] = [this.state, this.#pausedBy.size]
    if (paused) this.#pausedBy.add(by)
    else this.#pausedBy.delete(by)
    if (this.#at === 'working' && had + this.#pausedBy.size === 1) this.#port.take(!paused)
    return this.state !== before
  }

  stop(): void {
    this.#at = 'stopping'
    this.#port.take(false)
  }
}
