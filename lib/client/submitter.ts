import { channels } from '../channels.ts'
import { show } from '../duration.ts'
import { DuplicateJob, RqtsError } from '../errors.ts'
import { type EnqueueOutcome, type EnqueueReply, enqueueJobs, type NewJob, taskOf } from '../store/enqueue.ts'
import { readJobs } from '../store/jobs.ts'
import { deliverOutbox } from '../store/maintain.ts'
import type { Store } from '../store/store.ts'
import { traceEnqueue } from '../tracing.ts'
import { Batcher } from './batcher.ts'
import { type Draft, toNewJob, uniqueKeyOf } from './draft.ts'
import { Job } from './job.ts'
import { checkForeignParents, findParentsElsewhere, linkForeignParents, parentsFirst, unknownParent } from './parents.ts'

/** One call of `enqueueMany` is all or nothing up to this many jobs, and up to so many characters of arguments. */
const MAX_ATOMIC_JOBS = 10_000
const MAX_ATOMIC_CHARS = 64 * 1_048_576
const MAX_TRIES = 3

/** Brings drafts to Redis and makes jobs of what it answers. Next stop: store/enqueue.ts. */
export class Submitter {
  readonly #store: Store
  readonly #queue: string
  readonly #batcher: Batcher

  constructor(store: Store, queue: string) {
    this.#store = store
    this.#queue = queue
    this.#batcher = new Batcher(store, queue)
  }

  one(draft: Draft): Promise<Job> {
    const traced = traceEnqueue(this.#queue, draft.task.name, [draft.id])
    return traced === undefined ? this.#one(draft) : under(traced, [draft], () => this.#one(draft))
  }

  async #one(draft: Draft): Promise<Job> {
    const job = toNewJob(draft)
    const { outcome, now } = await this.#batcher.add(job)
    // Nearly always: a job without parents and without rivals.
    if (outcome.kind === 'created' && job.control === undefined) return this.#born(job, outcome, now)
    return this.#finish(draft, job, outcome, now)
  }

  /** A child is written like any other job; only parents elsewhere take steps before and after. */
  async child(draft: Draft): Promise<Job> {
    await checkForeignParents(this.#store, this.#queue, [draft])
    return this.one(draft)
  }

  many(drafts: readonly Draft[]): Promise<Job[]> {
    const ids = drafts.map(({ id }) => id)
    const traced = drafts.length === 0 ? undefined : traceEnqueue(this.#queue, drafts[0]!.task.name, ids)
    return traced === undefined ? this.#many(drafts) : under(traced, drafts, () => this.#many(drafts))
  }

  async #many(drafts: readonly Draft[]): Promise<Job[]> {
    await checkForeignParents(this.#store, this.#queue, drafts)
    const jobs = new Map<Draft, Job>()
    for (const chunk of chunks(parentsFirst(drafts))) {
      for (const [i, job] of (await this.#chunk(chunk)).entries()) jobs.set(chunk[i]!, job)
    }
    return drafts.map((draft) => jobs.get(draft)!)
  }

  /** Resolves when nothing is on its way any more. */
  drain(): Promise<void> {
    return this.#batcher.drain()
  }

  async #finish(draft: Draft, job: NewJob, first: EnqueueOutcome, at: number): Promise<Job> {
    let [outcome, now, written] = [first, at, job]
    for (let tries = 1; ; tries++) {
      if (outcome.kind === 'created') {
        await this.#follow([draft])
        return this.#settled(draft, this.#born(written, outcome, now))
      }
      if (outcome.kind === 'exists') {
        const [existing] = await readJobs(this.#store, [{ queue: this.#queue, id: outcome.id }])
        if (existing) return new Job(this.#store, existing)
      } else if (outcome.kind === 'unknown-parent' && tries === 1) {
        await findParentsElsewhere(this.#store, this.#queue, [draft])
      } else {
        throw refusal(draft, outcome)
      }
      // The other job ended and went in this very moment, or a parent was found elsewhere: once more.
      if (tries === MAX_TRIES) throw refusal(draft, outcome)
      written = toNewJob(draft)
      ;({ outcome, now } = await this.#batcher.add(written))
    }
  }

  async #chunk(drafts: readonly Draft[]): Promise<Job[]> {
    let { jobs, reply } = await this.#send(drafts)
    if (reply.outcomes.some(({ kind }) => kind === 'unknown-parent')) {
      await findParentsElsewhere(this.#store, this.#queue, drafts)
      ;({ jobs, reply } = await this.#send(drafts))
    }
    const refused = reply.outcomes.findIndex(({ kind }) => kind !== 'created' && kind !== 'exists' && kind !== 'unwritten')
    if (refused !== -1) throw refusal(drafts[refused]!, reply.outcomes[refused]!)
    await this.#follow(drafts)
    const made: Job[] = []
    const unsettled: Promise<unknown>[] = []
    for (const [i, draft] of drafts.entries()) {
      const [outcome, job] = [reply.outcomes[i]!, jobs[i]!]
      if (outcome.kind === 'created') {
        made[i] = this.#born(job, outcome, reply.now)
        if (draft.refs.length > 0) unsettled.push(this.#settled(draft, made[i]))
      } else {
        const existing = this.#finish(draft, job, outcome, reply.now)
        unsettled.push(
          existing.then((found) => {
            made[i] = found
          }),
        )
      }
    }
    await Promise.all(unsettled)
    return made
  }

  async #send(drafts: readonly Draft[]): Promise<{ jobs: NewJob[]; reply: EnqueueReply }> {
    const jobs = drafts.map(toNewJob)
    return { jobs, reply: await enqueueJobs(this.#store, this.#queue, jobs, true) }
  }

  /** What a new job asks of other queues, or of the dependents of a job that it replaced. */
  async #follow(drafts: readonly Draft[]): Promise<void> {
    try {
      await linkForeignParents(this.#store, this.#queue, drafts)
      if (drafts.some(({ options }) => options.unique?.mode === 'replace')) await deliverOutbox(this.#store, this.#queue)
    } catch (error) {
      // The jobs exist, and an error now would say that they do not. The sweep of a worker repeats these steps.
      if (!(error instanceof RqtsError) || error.code !== 'RQTS_REDIS_UNAVAILABLE') throw error
    }
  }

  #born(job: NewJob, outcome: EnqueueOutcome & { kind: 'created' }, now: number): Job {
    if (channels.enqueued.hasSubscribers) channels.enqueued.publish({ queue: this.#queue, id: job.id, task: taskOf(job) })
    return new Job(this.#store, { queue: this.#queue, job, status: outcome.status, now })
  }

  /** A child of parents elsewhere may have moved on while it was linked. */
  async #settled(draft: Draft, job: Job): Promise<Job> {
    if (draft.refs.some((ref) => ref.includes('/'))) await job.refresh().catch(() => undefined)
    return job
  }
}

/** The jobs carry the span, and it ends when Redis has them. */
async function under<T>(
  traced: NonNullable<ReturnType<typeof traceEnqueue>>,
  drafts: readonly Draft[],
  submit: () => Promise<T>,
): Promise<T> {
  if (traced.carrier !== '') for (const draft of drafts) draft.trace = traced.carrier
  try {
    const made = await traced.within(submit)
    traced.end()
    return made
  } catch (error) {
    traced.end(error)
    throw error
  }
}

function chunks(drafts: readonly Draft[]): Draft[][] {
  const all: Draft[][] = []
  let [current, chars] = [[] as Draft[], 0]
  for (const draft of drafts) {
    if (current.length === MAX_ATOMIC_JOBS || (current.length > 0 && chars + draft.argsText.length > MAX_ATOMIC_CHARS)) {
      all.push(current)
      ;[current, chars] = [[], 0]
    }
    current.push(draft)
    chars += draft.argsText.length
  }
  if (current.length > 0) all.push(current)
  return all
}

function refusal(draft: Draft, outcome: EnqueueOutcome): RqtsError {
  switch (outcome.kind) {
    case 'duplicate':
      return new DuplicateJob(
        `The job id '${outcome.id}' is in use. Choose another, or get the job that has it with ifExists: 'return'`,
        outcome.id,
      )
    case 'taken':
      return new DuplicateJob(
        `The unique key ${show(uniqueKeyOf(draft))} of ${draft.task.name}${draft.options.unique?.key === undefined ? ', made of its arguments,' : ''} is held by job ${outcome.id}, which has not ended${draft.options.unique?.throttleMs === undefined ? '' : ' or is the one that its throttle allows'}. Use unique: { mode: 'return' } or 'replace' if that is meant to happen`,
        outcome.id,
      )
    case 'unknown-parent':
      return unknownParent(outcome.id, 'this queue')
    default:
      if (outcome.kind === 'exists' && draft.options.unique?.throttleMs !== undefined)
        return new DuplicateJob(
          `${draft.task.name} is throttled: job ${outcome.id} is the one of this period, and it is no longer kept. Give it a longer resultTtl`,
          outcome.id,
        )
      return new RqtsError(
        'RQTS_BAD_STATE',
        `Job ${draft.id} could not be enqueued: the job that stands in its way ends and comes back all the time; try again`,
      )
  }
}
