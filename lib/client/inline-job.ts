import type { JobSnapshot } from '../job/record.ts'
import { type AttemptRecord, attemptsOf } from './attempts.ts'
import { Job } from './job.ts'
import { type Settled, settledOf } from './waiter.ts'

/** A job that ran inline: it has ended, and all there is to know of it is here. What needs Redis is refused. */
export class InlineJob extends Job {
  readonly #history: readonly string[]
  readonly #lines: readonly string[]

  constructor(snapshot: JobSnapshot, history: readonly string[], lines: readonly string[]) {
    super(undefined, snapshot)
    this.#history = history
    this.#lines = lines
  }

  override async refresh(): Promise<this> {
    return this
  }

  override async exists(): Promise<boolean> {
    return true
  }

  override async settle(): Promise<Settled> {
    return settledOf(this, this.task, this.snapshot)
  }

  override async attempts(): Promise<AttemptRecord[]> {
    return attemptsOf(this.snapshot, this.#history)
  }

  override async logs(): Promise<string[]> {
    return [...this.#lines]
  }
}
