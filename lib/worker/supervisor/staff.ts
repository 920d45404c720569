import { type ChildProcess, fork } from 'node:child_process'
import { WholeLines } from './whole-lines.ts'

/** What a worker process tells its supervisor over IPC. */
export type Report = { rqts: 'name'; name: string; maxLost: number } | { rqts: 'ready' }

/** What it is told there: to put back what runs. Not by a signal, for those come from anybody. */
export interface Order {
  rqts: 'abort'
}

/** Set for a worker process that a supervisor has started. */
export const SUPERVISED = 'RQTS_SUPERVISED'

const LAST_LINES_MS = 500

export interface StaffPort {
  ready(staff: Staff): void
  exit(staff: Staff, code: number | null, signal: NodeJS.Signals | null): void
}

/** One worker process, from its start to its end. */
export class Staff {
  readonly slot: number
  readonly startedAt: number = performance.now()
  name: string | undefined
  maxLost = 3
  ready = false
  /** Asked to leave: its end is no loss. */
  leaving = false
  readonly #child: ChildProcess

  /** With `lines` what it prints comes there, in whole lines; else it prints for itself. */
  constructor(slot: number, command: readonly string[], port: StaffPort, lines?: (text: string) => void) {
    this.slot = slot
    const [script, ...args] = command
    // A group of its own: Ctrl-C reaches the supervisor alone, and whatever the process leaves behind can be ended with it.
    this.#child = fork(script!, args, {
      env: { ...process.env, [SUPERVISED]: String(slot) },
      stdio: ['ignore', lines === undefined ? 'inherit' : 'pipe', 'inherit', 'ipc'],
      detached: true,
    })
    if (lines !== undefined) {
      const whole = new WholeLines(lines)
      this.#child.stdout!.on('data', (piece: Buffer) => whole.take(piece)).on('end', () => whole.end())
    }
    this.#child.on('message', (message) => {
      const report = message as Report
      if (report.rqts === 'name') [this.name, this.maxLost] = [report.name, report.maxLost]
      else if (report.rqts === 'ready') {
        this.ready = true
        port.ready(this)
      }
    })
    this.#child.on('error', () => undefined)
    this.#child.on('exit', (code, signal) => {
      this.#killGroup()
      const over = (): void => port.exit(this, code, signal)
      if (lines === undefined) return over()
      // Its last lines may still be on their way; whoever else holds the pipe is not waited for.
      const late = setTimeout(() => this.#child.stdout!.destroy(), LAST_LINES_MS)
      this.#child.once('close', () => {
        clearTimeout(late)
        over()
      })
    })
  }

  get pid(): number | undefined {
    return this.#child.pid
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  abort(): void {
    const order: Order = { rqts: 'abort' }
    // One that is just ending hears nothing, and need not.
    this.#child.send(order, () => undefined)
  }

  kill(): void {
    this.#killGroup()
    this.#child.kill('SIGKILL')
  }

  #killGroup(): void {
    try {
      if (this.pid !== undefined) process.kill(-this.pid, 'SIGKILL')
    } catch {
      // Nobody is left in it.
    }
  }
}
