import type { JobSnapshot } from '../job/record.ts'
import type { JobStatus } from '../job/state.ts'
import { queueOf } from '../partition.ts'
import { parseStoredError } from '../payload/stored-error.ts'
import { readJobs } from '../store/jobs.ts'
import type { Container } from '../store/keys.ts'
import { namesOf } from '../store/partitions.ts'
import { listIds, queueNames } from '../store/queues.ts'
import type { Store } from '../store/store.ts'
import { describeCall } from './describe.ts'
import { iso } from './inspect-job.ts'
import { briefFields, isPicky, matcherOf } from './search-match.ts'
import type { JobQuery } from './search-query.ts'
import { describeRow, readRows } from './search-rows.ts'
import { containersOf } from './search-scan.ts'

export interface JobFilter {
  /** Default: all. */
  queues?: readonly string[]
  status?: JobStatus
  /** What is asked of single jobs, as in a search. */
  query?: JobQuery
  offset?: number
  limit?: number
}

export interface FoundJob {
  id: string
  queue: string
  task: string
  status: JobStatus
  description: string
  attempt: number
  worker: string | null
  error: { name: string; message: string } | null
  createdAt: string | null
  enqueuedAt: string | null
  startedAt: string | null
  endedAt: string | null
  runAt: string | null
}

export interface FoundJobs {
  jobs: FoundJob[]
  /** Jobs looked at, of `total` that could match by their queue and status. */
  searched: number
  total: number
  /** False when the search stopped at its bound: more may match. */
  complete: boolean
  /** Where the next page begins; null after the last one. */
  nextOffset: number | null
}

const MAX_SEARCHED = 10_000
const PAGE = 500
const ENDED: ReadonlySet<Container> = new Set(['finished', 'failed', 'canceled'])

/**
 * Jobs queue by queue, in each: running, waiting in their order, ended newest first. Without a filter on single jobs a page costs
 * what it shows; with one, at most 10,000 jobs are looked at.
 */
export async function findJobs(store: Store, filter: JobFilter = {}): Promise<FoundJobs> {
  const { offset = 0, limit = 50 } = filter
  const queues =
    filter.queues === undefined ? await queueNames(store) : (await Promise.all(filter.queues.map((queue) => namesOf(store, queue)))).flat()
  const places = containersOf(filter.status)
  const segments = queues.flatMap((queue) => places.map((container) => ({ queue, container })))
  const sizes = await segmentSizes(store, segments)
  const query: JobQuery = filter.query ?? { words: [], problems: [] }
  const picky = filter.status !== undefined || isPicky(query)
  const fits = matcherOf(query, await store.now(), describeRow)
  const matches = (job: JobSnapshot): boolean => (filter.status === undefined || job.status === filter.status) && fits(job)
  const total = sizes.reduce((sum, size) => sum + size, 0)
  const found: JobSnapshot[] = []
  let searched = 0
  let skip = offset
  for (const [i, { queue, container }] of segments.entries()) {
    // Nothing is asked of single jobs, so those before the page need not be read.
    let at = picky ? 0 : Math.min(skip, sizes[i]!)
    if (!picky) skip -= at
    while (at < sizes[i]! && found.length <= limit && searched < MAX_SEARCHED) {
      const want = picky ? PAGE : limit + 1 - found.length
      const ids = await listIds(store, queue, container, { offset: at, count: want, desc: ENDED.has(container) })
      if (ids.length === 0) break
      at += ids.length
      searched += ids.length
      const jobs = picky
        ? await readRows(store, queue, ids, briefFields(query), await store.now())
        : await readJobs(
            store,
            ids.map((id) => ({ queue, id })),
          )
      for (const job of jobs) {
        if (job === null || !matches(job)) continue
        if (skip > 0) skip--
        else if (found.length <= limit) found.push(job)
      }
    }
  }
  const page = found.slice(0, limit)
  const jobs = picky
    ? await readJobs(
        store,
        page.map(({ queue, id }) => ({ queue, id })),
      )
    : page
  const more = found.length > limit
  return {
    jobs: jobs.flatMap((job) => (job === null ? [] : [foundJob(job)])),
    searched,
    total,
    complete: more || searched < MAX_SEARCHED || searched >= total,
    nextOffset: more ? offset + limit : null,
  }
}

async function segmentSizes(store: Store, segments: readonly { queue: string; container: Container }[]): Promise<number[]> {
  const now = await store.now()
  const replies = await store.client.callAll(
    segments.map(({ queue, container }) => {
      const key = store.keys.container(queue, container)
      if (container === 'queue') return ['LLEN', key] as const
      return ENDED.has(container) ? (['ZCOUNT', key, `(${now}`, '+inf'] as const) : (['ZCARD', key] as const)
    }),
  )
  return replies.map(Number)
}

function foundJob(job: JobSnapshot): FoundJob {
  const error = job.error === undefined ? null : parseStoredError(job.error)
  return {
    id: job.id,
    queue: queueOf(job.queue),
    task: job.task,
    status: job.status,
    description: job.description ?? describeCall(job.task, job.args),
    attempt: job.attempt,
    worker: job.worker ?? null,
    error: error === null ? null : { name: error.name, message: error.message },
    createdAt: iso(job.createdAt),
    enqueuedAt: iso(job.enqueuedAt),
    startedAt: iso(job.startedAt),
    endedAt: iso(job.endedAt),
    runAt: iso(job.runAt),
  }
}
