import { clock } from '../clock.ts'
import { DuplicateJob, RqtsError } from '../errors.ts'
import { newToken } from '../job/id.ts'
import type { JobOptions } from '../job/options.ts'
import { decideFailure } from '../job/outcome.ts'
import { parseRecord } from '../job/record.ts'
import { decode, encode } from '../payload/payload.ts'
import { encodeError, parseStoredError } from '../payload/stored-error.ts'
import type { ClaimedJob } from '../store/attempts.ts'
import { parseRef } from '../store/keys.ts'
import type { Target } from '../task/call.ts'
import { resolveTask } from '../task/resolve.ts'
import { definePlain, type TaskDefinition } from '../task/task.ts'
import { readCallback } from './callbacks.ts'
import { birthRecord, type Draft, draftJob, MAX_META_BYTES, toNewJob } from './draft.ts'
import { InlineJob } from './inline-job.ts'
import type { Job } from './job.ts'
import { parentsFirst, unknownParent } from './parents.ts'

/** What a handler that runs inline can know and do, in the shape of a job that a worker has claimed. */
export interface InlineFacts {
  readonly job: ClaimedJob
  write(kind: 'progress' | 'log', text: string): Promise<void>
  mergeMeta(patch: Record<string, unknown>): Promise<Record<string, unknown>>
  /** On the same inline queue. */
  enqueue(task: Target, args: unknown, options?: JobOptions): Promise<Job>
}

/** How a handler is run, its context, middleware and timeout included. rqts.ts puts the worker's way in: the client does not know the worker. */
export const inlinePort: { run?: (definition: TaskDefinition, args: unknown[], facts: InlineFacts) => Promise<unknown> } = {}

/** A test that enqueues for hours must not fill the memory. */
const MAX_KEPT = 1_000

/**
 * Jobs that run at once in this process. Arguments and result pass through the codec all the same, so what would not survive Redis
 * does not survive here. Failures are stored, not thrown; retries follow at once; delays are not waited for.
 */
export class InlineJobs {
  readonly #queue: string
  readonly #enqueue: InlineFacts['enqueue']
  readonly #jobs = new Map<string, InlineJob>()

  constructor(queue: string, enqueue: InlineFacts['enqueue']) {
    this.#queue = queue
    this.#enqueue = enqueue
  }

  get(id: string): Job | null {
    return this.#jobs.get(id) ?? null
  }

  async many(drafts: readonly Draft[]): Promise<Job[]> {
    const jobs = new Map<Draft, Job>()
    for (const draft of parentsFirst(drafts)) jobs.set(draft, await this.one(draft))
    return drafts.map((draft) => jobs.get(draft)!)
  }

  async one(draft: Draft): Promise<Job> {
    const known = this.#jobs.get(draft.id)
    if (known !== undefined) {
      if (draft.options.ifExists === 'return') return known
      throw new DuplicateJob(
        `The job id '${draft.id}' is in use. Choose another, or get the job that has it with ifExists: 'return'`,
        draft.id,
      )
    }
    const definition = definitionOf(draft)
    const parents = draft.refs.map((ref) => this.#jobs.get(parseRef(ref, this.#queue).id) ?? missing(ref))
    const dead = !draft.options.allowFailure && parents.some((parent) => parent.status !== 'finished')
    const run = new InlineRun(this.#queue, draft, definition, this.#enqueue)
    const job = dead ? run.cancel() : await run.run()
    this.#jobs.set(job.id, job)
    const oldest = this.#jobs.size > MAX_KEPT ? this.#jobs.keys().next().value : undefined
    if (oldest !== undefined) this.#jobs.delete(oldest)
    await this.#callBack(draft, job)
    return job
  }

  async #callBack({ options }: Draft, job: Job): Promise<void> {
    const name = job.status === 'finished' ? 'onSuccess' : 'onFailure'
    const callback = job.status === 'finished' || job.status === 'failed' ? options[name] : undefined
    if (callback === undefined) return
    const { step, options: own } = readCallback(name, callback)
    const outcome = job.status === 'finished' ? job.returnValue : parseStoredError(job.snapshot.error ?? '{}')
    const args = step.immutable ? [...step.args] : [outcome, ...step.args]
    await this.one(await draftJob(this.#queue, step.task, resolveTask(step.task), args, own))
  }
}

function definitionOf({ task, target }: Draft): TaskDefinition {
  if (task.definition !== undefined) return task.definition
  if (typeof target === 'function') return definePlain(task.name, target, 'an inline queue')
  throw new RqtsError(
    'RQTS_UNKNOWN_TASK',
    `An inline queue runs functions, and '${task.name}' is only a name: enqueue the function or task itself`,
  )
}

function missing(ref: string): never {
  throw unknownParent(ref, 'this inline queue')
}

/** One job from its first attempt to its end; its hash is kept as Redis would keep it. */
class InlineRun {
  readonly #queue: string
  readonly #draft: Draft
  readonly #definition: TaskDefinition
  readonly #enqueue: InlineFacts['enqueue']
  readonly #fields: Record<string, string>
  readonly #history: string[] = []
  readonly #logs: string[] = []

  constructor(queue: string, draft: Draft, definition: TaskDefinition, enqueue: InlineFacts['enqueue']) {
    this.#queue = queue
    this.#draft = draft
    this.#definition = definition
    this.#enqueue = enqueue
    this.#fields = { ...birthRecord(toNewJob(draft), 'queued', clock.now()), worker: 'inline' }
  }

  cancel(): InlineJob {
    return this.#end('canceled', { reason: 'dependency' })
  }

  async run(): Promise<InlineJob> {
    const { repeat } = this.#draft.options
    for (let attempt = 1, run = 0, first = 1; ; attempt++) {
      Object.assign(this.#fields, { status: 'started', attempt: String(attempt), started_at: String(clock.now()) })
      try {
        const result = await this.#attempt(attempt, attempt - first)
        if (repeat !== undefined && run < repeat.times) {
          this.#fields['repeated'] = String(++run)
          first = attempt + 1
          this.#remember(attempt, 'finished')
          continue
        }
        return this.#end('finished', result === '' ? {} : { result })
      } catch (thrown) {
        const { backoff, normal } = this.#definition
        const policy = this.#draft.options.retry ?? normal.retry
        const decision = decideFailure({
          error: thrown,
          failures: attempt - first,
          random: 0,
          ...(policy !== undefined && { policy }),
          ...(backoff !== undefined && { taskBackoff: backoff }),
        })
        const error = encodeError(decision.error)
        this.#remember(attempt, decision.kind === 'retry' ? 'retry' : 'failed', error)
        this.#fields['failures'] = String(attempt - first + 1)
        if (decision.kind === 'fail') return this.#end('failed', { error, reason: 'error' })
      }
    }
  }

  async #attempt(attempt: number, failures: number): Promise<string> {
    if (inlinePort.run === undefined)
      throw new RqtsError('RQTS_BAD_STATE', "Nothing here can run a handler: import { Queue } from 'rqts', not from a file inside it")
    const value = await inlinePort.run(this.#definition, decode(this.#draft.argsText) as unknown[], this.#facts(attempt, failures))
    try {
      return value === undefined ? '' : encode(value, 'result')
    } catch (cause) {
      throw new RqtsError(
        'RQTS_RESULT_NOT_STORED',
        `Task ${this.#definition.name} returned what cannot be stored: ${(cause as Error).message}`,
        { cause },
      )
    }
  }

  #facts(attempt: number, failures: number): InlineFacts {
    const fields = this.#fields
    const { id, argsText, options } = this.#draft
    const more: NonNullable<ClaimedJob['more']> = { failures }
    for (const name of ['retry', 'meta', 'parents', 'tags'] as const) if (fields[name] !== undefined) more[name] = fields[name]
    return {
      job: {
        queue: this.#queue,
        id,
        token: newToken(),
        attempt,
        task: this.#definition.name,
        args: argsText,
        timeoutMs: options.timeoutMs,
        enqueuedAt: Number(fields['enqueued_at']),
        more,
      },
      write: async (kind, text) => {
        if (kind === 'log') this.#logs.push(text)
        else fields['progress'] = text
      },
      mergeMeta: async (patch) => {
        const merged = { ...(fields['meta'] === undefined ? {} : (decode(fields['meta']) as object)), ...patch }
        fields['meta'] = encode(merged, 'meta', MAX_META_BYTES)
        return merged
      },
      enqueue: this.#enqueue,
    }
  }

  #remember(attempt: number, outcome: 'retry' | 'failed' | 'finished', error?: string): void {
    const entry = {
      attempt,
      worker: 'inline',
      startedAt: Number(this.#fields['started_at']),
      endedAt: clock.now(),
      outcome,
      ...(error !== undefined && { error: JSON.parse(error) as unknown }),
    }
    this.#history.push(JSON.stringify(entry))
  }

  #end(status: string, fields: Record<string, string>): InlineJob {
    const now = clock.now()
    Object.assign(this.#fields, { status, ended_at: String(now) }, fields)
    return new InlineJob(parseRecord(this.#queue, this.#draft.id, this.#fields, now), this.#history, this.#logs)
  }
}
