import { AssertionError } from 'node:assert'
import { isDeepStrictEqual } from 'node:util'
import type { Job } from '../client/job.ts'
import type { Queue } from '../client/queue.ts'
import type { AnyFunction, ArgsOf, ResultOf } from '../task/infer.ts'
import { resolveTask } from '../task/resolve.ts'

/** The waiting jobs of a task: queued, scheduled and deferred ones. */
export async function enqueued<F extends AnyFunction>(queue: Queue, task: F | string): Promise<Job<ResultOf<F>>[]> {
  const { name } = resolveTask(task)
  const jobs = await queue.jobs()
  for (const registry of ['scheduled', 'deferred'] as const) {
    for (const id of await queue.registry(registry).ids()) {
      const job = await queue.fetchJob(id)
      if (job !== null) jobs.push(job)
    }
  }
  return jobs.filter((job) => job.task === name) as Job<ResultOf<F>>[]
}

/** The waiting job of this task, with these arguments when they are given. Throws an AssertionError that lists what there is instead. */
export async function expectEnqueued<F extends AnyFunction>(
  queue: Queue,
  task: F | string,
  args?: Readonly<ArgsOf<F>>,
): Promise<Job<ResultOf<F>>> {
  const jobs = await enqueued(queue, task)
  const found = jobs.find((job) => args === undefined || isDeepStrictEqual(job.args, [...args]))
  if (found !== undefined) return found
  const { name } = resolveTask(task)
  throw new AssertionError({
    message: `Queue '${queue.name}' has no waiting job ${name}${args === undefined ? '' : ' with these arguments'}`,
    actual: jobs.map((job) => job.description),
    expected: args === undefined ? [`${name}(…)`] : [args],
    operator: 'expectEnqueued',
  })
}
