import { split } from '../split.ts'
import type { Container } from './keys.ts'
import { listIds } from './queues.ts'
import type { Store } from './store.ts'

/** A job that has not ended, and what it is known by. */
export interface OpenJob {
  queue: string
  id: string
  status: 'deferred' | 'scheduled' | 'queued' | 'started'
  tags: readonly string[]
  /** Of the workflow that it is a step of. */
  workflow?: string
}

/** In the direction in which jobs move: one that moves on is met again rather than missed. */
const PLACES: readonly (readonly [Container, OpenJob['status']])[] = [
  ['deferred', 'deferred'],
  ['scheduled', 'scheduled'],
  ['queue', 'queued'],
  ['started', 'started'],
]
const PAGE = 1_000

/** All jobs of a queue that wait or run, page by page; one that moves meanwhile may come twice. */
export async function* openJobs(store: Store, queue: string): AsyncGenerator<OpenJob> {
  for (const [container, status] of PLACES) {
    const ids = await listIds(store, queue, container)
    for (const page of split(ids, PAGE)) {
      const rows = await store.client.callAll(page.map((id) => ['HMGET', store.keys.job(queue, id), 'tags', 'workflow'] as const))
      for (const [i, row] of rows.entries()) yield openJob(queue, page[i]!, status, row as (string | null)[])
    }
  }
}

function openJob(queue: string, id: string, status: OpenJob['status'], [tags, workflow]: (string | null)[]): OpenJob {
  const job: OpenJob = { queue, id, status, tags: (read(tags) as string[] | undefined) ?? [] }
  const place = read(workflow) as { id?: string } | undefined
  if (place?.id !== undefined) job.workflow = place.id
  return job
}

/** Someone else may have written there; what cannot be read matches nothing. */
function read(text: string | null | undefined): unknown {
  if (!text) return undefined
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}
