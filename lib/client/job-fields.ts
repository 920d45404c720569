import { RqtsError } from '../errors.ts'
import type { JobOptions, JobRef } from '../job/options.ts'
import { type JobSnapshot, parseRecord } from '../job/record.ts'
import type { JobStatus } from '../job/state.ts'
import { queueOf } from '../partition.ts'
import { decode } from '../payload/payload.ts'
import { decodeError } from '../payload/stored-error.ts'
import { type NewJob, taskOf } from '../store/enqueue.ts'
import type { Place } from '../store/jobs.ts'
import { describeCall, optionsOf } from './describe.ts'
import { birthRecord } from './draft.ts'
import { readResult } from './waiter.ts'

/** A job that was just written: its snapshot is made when somebody looks at it. */
export interface Birth {
  queue: string
  job: NewJob
  status: JobStatus
  now: number
}

/** What there is to see of a job in the last snapshot. Payloads are decoded when they are asked for; a broken one breaks only its field. */
export abstract class JobFields<Result> implements JobRef {
  readonly id: string
  readonly queue: string
  /** @internal Where it is stored: in a partition of its queue, if that has any. */
  protected readonly place: Place
  #born: Birth | undefined
  #read: JobSnapshot | undefined

  constructor(from: Birth | JobSnapshot) {
    this.place = { queue: from.queue, id: 'job' in from ? from.job.id : from.id }
    this.queue = queueOf(from.queue)
    if ('job' in from) {
      this.id = from.job.id
      this.#born = from
    } else {
      this.id = from.id
      this.#read = from
    }
  }

  get task(): string {
    return this.#born === undefined ? this.snapshot.task : taskOf(this.#born.job)
  }

  get args(): readonly unknown[] {
    return this.#decode('arguments', this.snapshot.args) as unknown[]
  }

  get status(): JobStatus {
    return this.#born?.status ?? this.snapshot.status
  }

  get description(): string {
    return this.snapshot.description ?? describeCall(this.task, this.snapshot.args)
  }

  get meta(): Readonly<Record<string, unknown>> {
    const { meta } = this.snapshot
    return meta === undefined ? {} : (this.#decode('meta', meta) as Record<string, unknown>)
  }

  /** The options in force, defaults included. */
  get options(): JobOptions {
    return optionsOf(this.snapshot, this.meta)
  }

  /** How often it was started. */
  get attempt(): number {
    return this.snapshot.attempt
  }

  /** Of a job with `repeat`: how many of its further runs are over. */
  get repeated(): number {
    return this.snapshot.repeat?.done ?? 0
  }

  get createdAt(): Date | undefined {
    return date(this.snapshot.createdAt)
  }

  /** When it last came into the list of waiting jobs. */
  get enqueuedAt(): Date | undefined {
    return date(this.snapshot.enqueuedAt)
  }

  get startedAt(): Date | undefined {
    return date(this.snapshot.startedAt)
  }

  get endedAt(): Date | undefined {
    return date(this.snapshot.endedAt)
  }

  get runAt(): Date | undefined {
    return date(this.snapshot.runAt)
  }

  get worker(): string | undefined {
    return this.snapshot.worker
  }

  /** What the handler reported last. */
  get progress(): unknown {
    const { progress } = this.snapshot
    return progress === undefined ? undefined : this.#decode('progress', progress)
  }

  /** Undefined until it has finished; `result()` waits for it. */
  get returnValue(): Result | undefined {
    return readResult(this, this.snapshot.result) as Result | undefined
  }

  /** What the last attempt that failed threw, rebuilt as an `Error`. */
  get error(): Error | undefined {
    const { error } = this.snapshot
    return error === undefined ? undefined : decodeError(error)
  }

  /** Everything as it was read, payloads still as text. */
  get snapshot(): JobSnapshot {
    if (this.#read === undefined) {
      const { queue, job, status, now } = this.#born!
      this.#read = parseRecord(queue, job.id, birthRecord(job, status, now), now)
    }
    return this.#read
  }

  protected show(snapshot: JobSnapshot): void {
    this.#born = undefined
    this.#read = snapshot
  }

  #decode(what: string, text: string): unknown {
    try {
      return decode(text)
    } catch (cause) {
      throw new RqtsError('RQTS_CORRUPT', `The ${what} of job ${this.id} cannot be read: ${(cause as Error).message}`, {
        cause,
        jobId: this.id,
      })
    }
  }
}

function date(ms: number | undefined): Date | undefined {
  return ms === undefined ? undefined : new Date(ms)
}
