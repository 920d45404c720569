import { show } from '../duration.ts'
import { RqtsError } from '../errors.ts'
import type { JobRef } from '../job/options.ts'
import { checkJobId } from '../names.ts'

/** A page of a list; `count` -1 is the rest of it. */
export function checkRange(offset: number, count: number): { offset: number; count: number } {
  if (!Number.isSafeInteger(offset) || offset < 0) throw bad('offset', 'a whole number from 0', offset)
  if (!Number.isSafeInteger(count) || count < -1) throw bad('count', 'a whole number from 0, or -1 for all', count)
  return { offset, count }
}

/** The id of a job of this queue: jobs of other queues are refused, not looked up by an id that may mean another here. */
export function idIn(queue: string, job: JobRef | string): string {
  if (typeof job === 'string') return checkJobId(job)
  if (typeof job !== 'object' || job === null) throw bad('job', 'a Job or a job id', job)
  if (job.queue === queue) return checkJobId(job.id)
  throw new RqtsError('RQTS_BAD_OPTION', `Job ${job.id} belongs to queue '${job.queue}', not to '${queue}': ask its own queue`, {
    jobId: job.id,
  })
}

function bad(name: string, expected: string, got: unknown): RqtsError {
  return new RqtsError('RQTS_BAD_OPTION', `${name} must be ${expected}; got ${show(got)}`)
}
