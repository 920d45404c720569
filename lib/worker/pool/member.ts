import { clock } from '../../clock.ts'
import { RqtsError } from '../../errors.ts'
import { decodeError, encodeError } from '../../payload/stored-error.ts'
import type { ClaimedJob, Outcome } from '../../store/attempts.ts'
import { type Interruption, interrupted, interruptionError, type TaskRetry } from '../ending.ts'
import { attemptOf, Run, type RunListener } from '../run.ts'
import type { ChildFacts, ChildInit, FromChild } from './protocol.ts'
import type { Launch, Transport } from './transport.ts'

/** An attempt in a child. Its time runs from when the child gets it. */
export class ChildRun extends Run {
  member: Member | undefined
  interruption: Interruption | undefined

  constructor(job: ClaimedJob, listener: RunListener) {
    super(job, listener)
  }

  override get deadline(): number {
    if (this.job.timeoutMs <= 0) return Number.POSITIVE_INFINITY
    return (this.member === undefined ? clock.monotonic() : this.startedAt) + this.job.timeoutMs
  }
}

export interface MemberPort {
  ready(member: Member, facts: ChildFacts): void
  /** Free for the next job, unless it retires. */
  free(member: Member): void
  /** `error`: why it never became ready, when it said so. */
  gone(member: Member, how: string, error: Error | undefined): void
  retryOf(task: string): TaskRetry
}

export interface MemberOptions {
  launch: Launch
  init: ChildInit
  graceMs: number
  maxLost: number
  maxJobs: number
  maxMemory: number
}

/** For orders other than a timeout: who is asked to stop by a person or a shutdown has a moment, not a grace. */
const SHORT_GRACE_MS = 500
const TEARDOWN_MS = 5_000
/** What the way there and back costs at best. How long it takes when the machine is busy says nothing about the job. */
const MESSAGES_MS = 0.2

/** One child process or thread and what it runs: a job, or a batch of jobs that end one by one. */
export class Member {
  readonly #options: MemberOptions
  readonly #port: MemberPort
  readonly #transport: Transport
  /** By their places in the batch; those that have ended leave a hole. */
  #runs: (ChildRun | undefined)[] = []
  #left = 0
  #jobs = 0
  #memory = 0
  #retired = false
  #gone = false
  #unfit: Error | undefined
  #killTimer: NodeJS.Timeout | undefined
  #killAt = Number.POSITIVE_INFINITY
  ready = false

  constructor(options: MemberOptions, port: MemberPort) {
    this.#options = options
    this.#port = port
    this.#transport = options.launch({ message: (message) => this.#hear(message), exit: (how) => this.#exit(how) })
    this.#transport.send({ say: 'init', init: options.init })
  }

  get pid(): number | undefined {
    return this.#transport.pid
  }

  get retired(): boolean {
    return this.#retired
  }

  /** Has done its share, or has grown too large. */
  get worn(): boolean {
    return this.#jobs >= this.#options.maxJobs || this.#memory > this.#options.maxMemory
  }

  run(runs: readonly ChildRun[]): void {
    this.#runs = [...runs]
    this.#left = runs.length
    this.#jobs += runs.length
    for (const run of runs) {
      run.member = this
      run.startedAt = clock.monotonic()
    }
    if (runs.length === 1) this.#transport.send({ say: 'run', job: runs[0]!.job })
    else this.#transport.send({ say: 'batch', jobs: runs.map(({ job }) => job) })
  }

  /** The signal aborts; a handler that goes on is ended with its process. The outcome is written when it is certain that nothing runs. */
  interrupt(run: ChildRun, kind: Interruption): void {
    const at = this.#runs.indexOf(run)
    if (at === -1) return
    if (run.interruption === undefined) {
      run.interruption = kind
      const { code, message } = interruptionError(run.job, kind)
      this.#transport.send({ say: 'abort', at, code, message })
    }
    if (this.#allInterrupted) this.#killIn(this.#graceOf(kind))
    else setTimeout(() => this.#leaveBehind(run, kind), this.#graceOf(kind))
  }

  /** Of a batch, whose other jobs are not to be ended for this one: its part of the handler may go on, unheard. */
  #leaveBehind(run: ChildRun, kind: Interruption): void {
    const at = this.#runs.indexOf(run)
    if (at === -1 || this.#allInterrupted) return
    this.#runs[at] = undefined
    this.#left--
    this.#finish(run, kind, '; its signal aborted, and the others of its batch went on')
  }

  get #allInterrupted(): boolean {
    return this.#runs.every((run) => run === undefined || run.interruption !== undefined)
  }

  /** No more jobs; ends after the one that it runs. */
  retire(): void {
    if (this.#retired) return
    this.#retired = true
    // One that is still loading has nothing to tear down.
    if (!this.ready) this.kill()
    else if (this.#left === 0) this.#dismiss()
  }

  kill(): void {
    this.#transport.kill()
  }

  #dismiss(): void {
    this.#transport.send({ say: 'stop' })
    this.#killIn(TEARDOWN_MS)
  }

  #hear(message: FromChild): void {
    if (message.say === 'ready') {
      this.ready = true
      this.#port.ready(this, message.facts)
    } else if (message.say === 'unfit') {
      this.#unfit = decodeError(message.error)
    } else {
      this.#done(message)
    }
  }

  #done({ at, outcome, tookMs, last, memory }: FromChild & { say: 'done' }): void {
    const run = this.#runs[at]
    if (run === undefined || run.job.token !== outcome.token || run.job.id !== outcome.id) return
    this.#runs[at] = undefined
    this.#left--
    if (memory !== undefined) this.#memory = memory
    if (tookMs !== undefined) run.tookMs = tookMs + MESSAGES_MS
    if (this.#left === 0) this.#rest(last === true)
    else if (this.#allInterrupted) this.#killIn(this.#options.graceMs)
    if (run.interruption === undefined) run.end(outcome, 'error' in outcome ? decodeError(outcome.error) : undefined)
    else this.#finish(run, run.interruption, '; it stopped when its signal aborted')
  }

  /** Nothing runs. Free first: whoever hears of the end may have the next job at hand. */
  #rest(last: boolean): void {
    this.#keep()
    if (last) this.#retired = true
    else if (this.#retired) this.#dismiss()
    else this.#port.free(this)
  }

  #exit(how: string): void {
    const runs = this.#runs
    this.#gone = true
    this.#runs = []
    this.#left = 0
    this.#keep()
    this.#port.gone(this, how, this.#unfit)
    for (const run of runs) {
      if (run === undefined) continue
      if (run.interruption === undefined) this.#lose(run, how)
      else
        this.#finish(
          run,
          run.interruption,
          `; it did not stop within ${this.#graceOf(run.interruption)} ms after its signal had aborted, so it was ended by force`,
        )
    }
  }

  #finish(run: ChildRun, kind: Interruption, how: string): void {
    const error = interruptionError(run.job, kind, kind === 'timeout' ? how : '')
    const ending = interrupted(run.job, kind, error, this.#port.retryOf(run.job.task))
    run.end(ending.outcome, ending.error)
  }

  /** It took its process down, which counts as lost and not as a failed attempt: whether the job did it, nobody knows. */
  #lose(run: ChildRun, how: string): void {
    const error = new RqtsError('RQTS_LOST', `The ${this.pid === undefined ? 'thread' : 'process'} that ran the job ${how}`, {
      jobId: run.job.id,
    })
    error.stack = ''
    const outcome: Outcome = { ...attemptOf(run.job), kind: 'lost', maxLost: this.#options.maxLost, error: encodeError(error) }
    run.end(outcome, error)
  }

  #graceOf(kind: Interruption): number {
    return kind === 'timeout' ? this.#options.graceMs : Math.min(this.#options.graceMs, SHORT_GRACE_MS)
  }

  /** The earliest order counts. */
  #killIn(ms: number): void {
    const at = clock.monotonic() + ms
    if (this.#gone || at >= this.#killAt) return
    this.#keep()
    this.#killAt = at
    this.#killTimer = setTimeout(() => this.kill(), ms)
  }

  #keep(): void {
    clearTimeout(this.#killTimer)
    this.#killAt = Number.POSITIVE_INFINITY
  }
}
