import { newJobId, newToken } from '../../lib/job/id.ts'
import { type ClaimedJob, type ClaimRequest, claim } from '../../lib/store/attempts.ts'
import { type Control, enqueueJobs, type NewJob } from '../../lib/store/enqueue.ts'
import type { Store } from '../../lib/store/store.ts'

export interface JobSketch {
  id?: string
  task?: string
  args?: unknown[]
  control?: Control
  /** Further fields of the hash. */
  fields?: Record<string, string | number>
}

export function newJob(sketch: JobSketch = {}): NewJob {
  const { id = newJobId(), task = 'work', args = [], control, fields = {} } = sketch
  const base = ['task', task, 'args', JSON.stringify(args), 'timeout', '-1']
  const more = Object.entries(fields).flatMap(([name, value]) => [name, String(value)])
  return { id, fields: [...base, ...more], ...(control && { control }) }
}

/** Puts jobs into a queue and returns their ids; throws when one is refused. */
export async function put(store: Store, queue: string, ...sketches: JobSketch[]): Promise<string[]> {
  const jobs = sketches.map(newJob)
  const { outcomes } = await enqueueJobs(store, queue, jobs, false)
  const refused = outcomes.find((outcome) => outcome.kind !== 'created')
  if (refused) throw new Error(`refused: ${JSON.stringify(refused)}`)
  return jobs.map((job) => job.id)
}

export function request(over: Partial<ClaimRequest> = {}): ClaimRequest {
  return { token: newToken(), worker: 'w', want: 1, leaseMs: 30_000, queues: ['q'], ...over }
}

export async function take(store: Store, over: Partial<ClaimRequest> = {}): Promise<ClaimedJob[]> {
  return await claim(store, request(over))
}
