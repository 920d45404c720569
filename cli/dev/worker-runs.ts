import { Staff } from '../../lib/worker/supervisor/staff.ts'

export interface WorkerRunsPort {
  /** A worker process is dead: what it held may run again at once. `how` completes "The worker …". */
  lost(name: string, maxLost: number, how: string): Promise<void>
  say(text: string): void
  /** It cannot even begin, and no change of a file will help: the exit code is for whoever started us. */
  hopeless(code: number): void
}

const EXIT_USAGE = 2

/**
 * The worker process of `rqts dev`. A reload starts another one: a process that has imported a module never forgets it. The old one
 * goes on until the new one is ready, and for good when the new one cannot load its tasks.
 */
export class WorkerRuns {
  readonly #command: readonly string[]
  readonly #port: WorkerRunsPort
  readonly #ended = new Set<() => void>()
  readonly #all = new Set<Staff>()
  readonly #reports = new Set<Promise<void>>()
  #current: Staff | undefined
  #next: Staff | undefined
  #count = 0
  #everReady = false
  #stopping = false
  #aborting = false
  paused = false

  constructor(command: readonly string[], port: WorkerRunsPort) {
    this.#command = command
    this.#port = port
  }

  start(): void {
    if (this.#stopping) return
    // Only the newest change counts.
    if (this.#next !== undefined) this.#dismiss(this.#next)
    const staff: Staff = new Staff(++this.#count, this.#command, {
      ready: () => this.#took(staff),
      exit: (_, code, signal) => this.#left(staff, code, signal),
    })
    this.#all.add(staff)
    this.#next = staff
  }

  pause(): void {
    this.paused = !this.paused
    for (const staff of this.#all) staff.signal(this.paused ? 'SIGTSTP' : 'SIGCONT')
  }

  /** First: running jobs finish. Second: they go back at once. Third: by force. */
  stop(): void {
    const forced = this.#stopping
    this.#stopping = true
    for (const staff of this.#all) {
      if (this.#aborting) staff.kill()
      else staff.signal('SIGINT')
      staff.leaving = true
    }
    this.#aborting = forced
    this.#tellEnd()
  }

  async ended(): Promise<void> {
    if (this.#all.size > 0 || this.#reports.size > 0) await new Promise<void>((resolve) => this.#ended.add(resolve))
  }

  #took(staff: Staff): void {
    this.#everReady = true
    if (this.#next === staff) this.#next = undefined
    if (this.#current !== undefined) {
      this.#dismiss(this.#current)
      this.#port.say('reloaded; running jobs finish on the old code')
    }
    this.#current = staff
    if (this.paused) staff.signal('SIGTSTP')
  }

  #dismiss(staff: Staff): void {
    staff.leaving = true
    staff.signal('SIGTERM')
  }

  #left(staff: Staff, code: number | null, signal: NodeJS.Signals | null): void {
    this.#all.delete(staff)
    const wasNext = this.#next === staff
    const wasCurrent = this.#current === staff
    if (wasNext) this.#next = undefined
    if (wasCurrent) this.#current = undefined
    // One that left as it was told has put back its jobs itself.
    const reported = staff.leaving && signal === null ? Promise.resolve() : this.#report(staff, code, signal)
    if (staff.leaving) return this.#tellEnd()
    const how = signal === null ? `exit code ${code}` : `signal ${signal}`
    if (wasNext && this.#current !== undefined) this.#port.say('the change cannot be loaded: the worker goes on with the code before it')
    else if (!this.#everReady && code !== null && code >= EXIT_USAGE) this.#port.hopeless(code)
    else if (wasCurrent) {
      this.#port.say(`the worker ended (${how}) and is started again`)
      // The report also frees the name.
      void reported.then(() => this.start())
    } else this.#port.say(`the worker ended (${how}): it starts again with the next change, or r`)
  }

  #report({ name, maxLost }: Staff, code: number | null, signal: NodeJS.Signals | null): Promise<void> {
    if (name === undefined) return Promise.resolve()
    const how = signal === null ? `ended with exit code ${code}` : `was killed by signal ${signal}`
    const report: Promise<void> = this.#port.lost(name, maxLost, how).finally(() => {
      this.#reports.delete(report)
      this.#tellEnd()
    })
    this.#reports.add(report)
    return report
  }

  #tellEnd(): void {
    if (this.#all.size === 0 && this.#reports.size === 0) for (const tell of this.#ended) tell()
  }
}
