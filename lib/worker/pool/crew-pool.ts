import { RqtsError } from '../../errors.ts'
import type { RetryPolicy } from '../../job/backoff.ts'
import type { Logger } from '../../logger.ts'
import type { ClaimedJob } from '../../store/attempts.ts'
import type { BatchRule } from '../../task/batch.ts'
import { type Interruption, interrupted, interruptionError } from '../ending.ts'
import type { LoadedTasks } from '../load-tasks.ts'
import type { RunListener } from '../run.ts'
import { ChildRun, Member, type MemberOptions } from './member.ts'
import type { Pool, PoolKind } from './pool.ts'
import type { ChildFacts } from './protocol.ts'

export interface CrewOptions {
  kind: PoolKind
  concurrency: number
  /** Resolved at the first start: where the task files are is not known before. */
  member: () => Promise<MemberOptions>
  ended: RunListener
  logger: Logger
  /** Children do not start any more: there is nothing left to do but to stop. */
  failed(error: Error): void
}

const MAX_FAILED_STARTS = 5
const RESTART_MS = 100
const MAX_RESTART_MS = 5_000
const CLOSE_MS = 6_000

/** Handlers run in children, one each, started ahead and used again: what one of them does to its process harms no other. */
export class CrewPool implements Pool {
  readonly kind: PoolKind
  names: readonly string[] = []
  policies: Readonly<Record<string, RetryPolicy>> = {}
  batches: ReadonlyMap<string, BatchRule> = new Map()
  schemas = ''
  readonly #options: CrewOptions
  readonly #members = new Set<Member>()
  readonly #free: Member[] = []
  readonly #waiting: (readonly ChildRun[])[] = []
  #memberOptions: MemberOptions | undefined
  #concurrency: number
  #facts: ChildFacts | undefined
  #loading: { promise: Promise<ChildFacts>; resolve: (facts: ChildFacts) => void; reject: (error: Error) => void } | undefined
  #failedStarts = 0
  #draining = false
  #closing = false
  #closed: (() => void) | undefined
  readonly #timers = new Set<NodeJS.Timeout>()

  constructor(options: CrewOptions) {
    this.#options = options
    this.kind = options.kind
    this.#concurrency = options.concurrency
  }

  get pids(): readonly number[] {
    return [...this.#members].flatMap(({ pid }) => pid ?? [])
  }

  /** Asks a first child, which then runs jobs too: the files are never loaded here. */
  async load(): Promise<readonly LoadedTasks[]> {
    this.#memberOptions ??= await this.#options.member()
    if (this.#facts === undefined) {
      if (this.#loading === undefined) {
        this.#loading = withResolvers()
        this.#hire()
      }
      await this.#loading.promise
    }
    return this.#facts!.loaded
  }

  async open(): Promise<void> {
    await this.load()
    this.#staff()
  }

  prepare(job: ClaimedJob): ChildRun {
    return new ChildRun(job, this.#options.ended)
  }

  execute(run: ChildRun): void {
    this.executeBatch([run])
  }

  executeBatch(runs: readonly ChildRun[]): void {
    const member = this.#free.pop()
    if (member === undefined) this.#waiting.push(runs)
    else member.run(runs)
  }

  interrupt(run: ChildRun, kind: Interruption): void {
    if (run.ended) return
    if (run.member !== undefined) return run.member.interrupt(run, kind)
    const at = this.#waiting.findIndex((runs) => runs.includes(run))
    const others = this.#waiting[at]!.filter((other) => other !== run)
    this.#waiting.splice(at, 1, ...(others.length > 0 ? [others] : []))
    const ending = interrupted(run.job, kind, interruptionError(run.job, kind))
    run.end(ending.outcome, ending.error)
  }

  resize(concurrency: number): void {
    this.#concurrency = concurrency
    this.#staff()
    for (const member of this.#free.splice(0, Math.max(0, this.#present - concurrency))) member.retire()
  }

  /** New children read the new files; each old one leaves when its job is done. */
  async reload(): Promise<readonly LoadedTasks[]> {
    const [old, facts] = [[...this.#members], this.#facts]
    this.#facts = undefined
    this.#loading = undefined
    const loaded = await this.load().catch((error: unknown) => {
      // The new files are broken: the old children go on.
      this.#facts = facts
      throw error
    })
    this.#free.splice(0, this.#free.length, ...this.#free.filter((member) => !old.includes(member)))
    for (const member of old) member.retire()
    this.#staff()
    return loaded
  }

  drain(): void {
    this.#draining = true
  }

  async close(): Promise<void> {
    this.#closing = true
    for (const timer of this.#timers) clearTimeout(timer)
    const done = new Promise<void>((resolve) => {
      this.#closed = resolve
    })
    for (const member of this.#members) member.retire()
    if (this.#members.size === 0) return
    const late = setTimeout(() => {
      for (const member of this.#members) member.kill()
    }, CLOSE_MS)
    await done
    clearTimeout(late)
  }

  get #present(): number {
    return [...this.#members].filter((member) => !member.retired).length
  }

  #staff(): void {
    const wanted = this.#draining ? Math.min(this.#concurrency, this.#members.size + this.#waiting.length) : this.#concurrency
    while (!this.#closing && this.#members.size < wanted) this.#hire()
  }

  #hire(): void {
    const member: Member = new Member(this.#memberOptions!, {
      ready: (_, facts) => this.#welcome(member, facts),
      free: () => this.#next(member),
      gone: (_, how, error) => this.#leave(member, how, error),
      retryOf: (task) => ({ policy: this.policies[task] }),
    })
    this.#members.add(member)
  }

  #welcome(member: Member, facts: ChildFacts): void {
    this.#failedStarts = 0
    this.#facts = facts
    this.names = facts.loaded.flatMap(({ names }) => names)
    this.policies = facts.policies
    this.batches = new Map(Object.entries(facts.batches))
    this.schemas = facts.schemas
    this.#loading?.resolve(facts)
    this.#next(member)
  }

  #next(member: Member): void {
    if (member.worn || this.#closing || (this.#members.size > this.#concurrency && this.#present > this.#concurrency)) {
      member.retire()
      return
    }
    const runs = this.#waiting.shift()
    if (runs !== undefined) member.run(runs)
    else this.#free.push(member)
  }

  #leave(member: Member, how: string, error: Error | undefined): void {
    this.#members.delete(member)
    const at = this.#free.indexOf(member)
    if (at !== -1) this.#free.splice(at, 1)
    if (this.#closing) {
      if (this.#members.size === 0) this.#closed?.()
      return
    }
    if (member.ready) return this.#staff()
    const reason = error ?? new RqtsError('RQTS_TASK_FILE', `A child ${how} before it was ready to run jobs`)
    this.#failedStarts++
    if (this.#facts === undefined) this.#loading?.reject(reason)
    else if (this.#failedStarts >= MAX_FAILED_STARTS) this.#options.failed(reason)
    else this.#again(reason)
  }

  #again(reason: Error): void {
    const waitMs = Math.min(RESTART_MS * 2 ** (this.#failedStarts - 1), MAX_RESTART_MS)
    this.#options.logger.error({ err: reason, waitMs }, 'A child of the pool did not start and is started again')
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      this.#staff()
    }, waitMs)
    this.#timers.add(timer)
  }
}

function withResolvers(): { promise: Promise<ChildFacts>; resolve: (facts: ChildFacts) => void; reject: (error: Error) => void } {
  let resolve!: (facts: ChildFacts) => void
  let reject!: (error: Error) => void
  const promise = new Promise<ChildFacts>((accept, refuse) => {
    resolve = accept
    reject = refuse
  })
  return { promise, resolve, reject }
}
