import { RqtsError } from '../errors.ts'
import { hasEnded, type JobStatus } from '../job/state.ts'
import { checkJobId, checkName, matcher } from '../names.ts'
import { queueOf } from '../partition.ts'
import { split } from '../split.ts'
import { cancelJobs as cancelIn, type Place } from '../store/jobs.ts'
import { deliverOutbox } from '../store/maintain.ts'
import { type OpenJob, openJobs } from '../store/open-jobs.ts'
import { queueNames } from '../store/queues.ts'
import type { Store } from '../store/store.ts'
import { type ConnectOptions, sharedStore } from './shared-store.ts'

/** Which jobs are meant: all that fit everything that is said. At least `tag` or `workflow` is. */
export interface CancelFilter {
  tag?: string
  /** The `id` of a WorkflowHandle, also `currentJob().workflow.id`. */
  workflow?: string
  /** Names, or patterns with `*`. Default: all queues. */
  queues?: readonly string[]
}

const CANCELS_AT_ONCE = 500
/** A job may be retried, or slip from one list to the next, while they are read. */
const MAX_ROUNDS = 5

/**
 * Cancels the jobs that wait and asks those that run to stop; returns the ids of both. They are searched for: nothing is kept by
 * tag, so this costs as much as there are unfinished jobs in the queues.
 */
export async function cancelJobs(filter: CancelFilter, options: ConnectOptions = {}): Promise<string[]> {
  const found = await cancelMatching(sharedStore(options), filter)
  return found.map(({ id }) => id)
}

export async function cancelMatching(
  store: Store,
  filter: CancelFilter,
  { dryRun = false }: { dryRun?: boolean } = {},
): Promise<OpenJob[]> {
  const fits = fitting(filter)
  const known = await queueNames(store)
  const patterns = filter.queues?.map(matcher)
  const queues = patterns === undefined ? known : known.filter((name) => patterns.some((matches) => matches(queueOf(name))))
  const seen = new Map<string, OpenJob>()
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const fresh: OpenJob[] = []
    for (const queue of queues) {
      for await (const job of openJobs(store, queue)) if (fits(job) && !seen.has(`${queue}/${job.id}`)) fresh.push(job)
    }
    for (const job of fresh) seen.set(`${job.queue}/${job.id}`, job)
    if (fresh.length === 0 || dryRun) break
    for (const gone of await cancelAll(store, fresh)) seen.delete(`${gone.queue}/${gone.id}`)
  }
  return [...seen.values()].map((job) => ({ ...job, queue: queueOf(job.queue) }))
}

function fitting(filter: CancelFilter): (job: OpenJob) => boolean {
  const { tag, workflow, queues } = (filter ?? {}) as CancelFilter
  if (queues !== undefined && !(Array.isArray(queues) && queues.every((name) => typeof name === 'string')))
    throw new RqtsError('RQTS_BAD_OPTION', 'queues of cancelJobs must be a list of names or patterns')
  if (tag === undefined && workflow === undefined)
    throw new RqtsError('RQTS_BAD_OPTION', 'Say which jobs to cancel: cancelJobs({ tag }), cancelJobs({ workflow }), or both')
  if (tag !== undefined) checkName('tag', tag)
  if (workflow !== undefined) checkJobId(workflow)
  return (job) => (tag === undefined || job.tags.includes(tag)) && (workflow === undefined || job.workflow === workflow)
}

/**
 * Children first: what is canceled with its parent says `dependency`, and would come back with it. Returns those that had ended
 * before they were reached.
 */
async function cancelAll(store: Store, jobs: readonly OpenJob[]): Promise<OpenJob[]> {
  const deferred = jobs.filter(({ status }) => status === 'deferred').reverse()
  const order = [...deferred, ...jobs.filter(({ status }) => status !== 'deferred')]
  const before = await cancelInOrder(store, order)
  return order.filter((_, i) => before[i] === null || hasEnded(before[i]!))
}

/** One before the other, as given. Returns how each stood before. */
export async function cancelInOrder(store: Store, jobs: readonly Place[]): Promise<(JobStatus | null)[]> {
  const before: (JobStatus | null)[] = []
  for (const part of split(jobs, CANCELS_AT_ONCE)) {
    // Sent in this order on one connection, so done in this order.
    const runs = await Promise.all(runsOf(part).map((run) => cancelRun(store, run)))
    before.push(...runs.flat())
  }
  for (const queue of new Set(jobs.map((job) => job.queue))) await deliverOutbox(store, queue)
  return before
}

/** Neighbours of one queue go in one call. */
function runsOf(jobs: readonly Place[]): Place[][] {
  const runs: Place[][] = []
  for (const job of jobs) {
    const run = runs.at(-1)
    if (run?.[0]?.queue === job.queue) run.push(job)
    else runs.push([job])
  }
  return runs
}

function cancelRun(store: Store, run: readonly Place[]): Promise<(JobStatus | null)[]> {
  const ids = run.map(({ id }) => id)
  return cancelIn(store, run[0]!.queue, ids, { reason: 'canceled', release: false })
}
