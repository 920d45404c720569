import type { JobSnapshot } from '../job/record.ts'
import type { JobStatus } from '../job/state.ts'
import { queueOf } from '../partition.ts'
import { parseStoredError } from '../payload/stored-error.ts'
import { type Place, readJobs } from '../store/jobs.ts'
import { namesOf } from '../store/partitions.ts'
import { queueNames } from '../store/queues.ts'
import type { Store } from '../store/store.ts'
import { describeCall } from './describe.ts'
import { iso } from './inspect-job.ts'
import { START } from './search-cursor.ts'
import { briefFields, isPicky, matcherOf } from './search-match.ts'
import type { JobQuery } from './search-query.ts'
import { describeRow } from './search-rows.ts'
import { containersOf, MAX_SEARCHED, placeAt, scan, segmentsIn, sizeOf } from './search-scan.ts'

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

const NOTHING_ASKED: JobQuery = { words: [], problems: [] }

/**
 * Jobs queue by queue, in each: running, waiting in their order, ended newest first. Without a filter on single jobs a page costs
 * what it shows; with one, at most 10,000 jobs are looked at.
 */
export async function findJobs(store: Store, filter: JobFilter = {}): Promise<FoundJobs> {
  const { offset = 0, limit = 50, status, query = NOTHING_ASKED } = filter
  const segments = await segmentsIn(store, await storedNames(store, filter.queues), containersOf(status))
  const total = sizeOf(segments)
  const picky = status !== undefined || isPicky(query)
  const fits = matcherOf(query, await store.now(), describeRow)
  const found: Place[] = []
  let searched = 0
  // Where nothing is asked of single jobs, those before the page need not be read.
  let skip = picky ? offset : 0
  const batches = picky ? scan(store, segments, START, briefFields(query)) : scan(store, segments, placeAt(segments, offset), [], limit + 1)
  for await (const { queue, ids, rows } of batches) {
    searched += ids.length
    for (const [i, id] of ids.entries()) {
      if (picky && !(rows[i] && (status === undefined || rows[i].status === status) && fits(rows[i]))) continue
      if (skip > 0) skip--
      else found.push({ queue, id })
    }
    if (found.length > limit || searched >= MAX_SEARCHED) break
  }
  const more = found.length > limit
  const jobs = await readJobs(store, found.slice(0, limit))
  return {
    jobs: jobs.flatMap((job) => (job === null ? [] : [foundJob(job)])),
    searched,
    total,
    complete: more || searched < MAX_SEARCHED || searched >= total,
    nextOffset: more ? offset + limit : null,
  }
}

async function storedNames(store: Store, queues: readonly string[] | undefined): Promise<string[]> {
  return queues === undefined ? await queueNames(store) : (await Promise.all(queues.map((queue) => namesOf(store, queue)))).flat()
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
