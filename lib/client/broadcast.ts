import type { JobOptions } from '../job/options.ts'
import { OWN_QUEUE, ownQueue } from '../store/control.ts'
import { removeAll } from '../store/listing.ts'
import { deliverOutbox } from '../store/maintain.ts'
import { forgetQueue, queueNames, summarize } from '../store/queues.ts'
import type { Store } from '../store/store.ts'
import { readWorkers } from '../store/workers.ts'
import type { CallOf } from '../task/call.ts'
import type { AnyFunction, ResultOf } from '../task/infer.ts'
import type { Job } from './job.ts'
import { Queue } from './queue.ts'
import { type ConnectOptions, sharedStore } from './shared-store.ts'

/** For so long what waits for a worker that is gone is kept: it may come back under its name. */
const KEPT_MS = 3_600_000
const MAX_NAME = 128

type BroadcastOptions = Omit<JobOptions, 'jobId' | 'unique' | 'dependsOn'> & ConnectOptions

/** One job for each worker that is alive now. It is stored, so a worker that is cut off for a moment runs it when it is back. */
export async function broadcast<F extends AnyFunction = AnyFunction>(
  task: F | string,
  ...[args, options]: CallOf<F, BroadcastOptions>
): Promise<Job<ResultOf<F>>[]> {
  const { connection, prefix, ...rest } = (options ?? {}) as BroadcastOptions
  const store = sharedStore({ ...(connection !== undefined && { connection }), ...(prefix !== undefined && { prefix }) })
  const workers = await readWorkers(store)
  const known = new Set(workers.map(({ name }) => ownQueue(name)))
  await forgetDead(store, known)
  const queues = workers.filter(({ alive, name }) => alive && name.length + OWN_QUEUE.length <= MAX_NAME).map(({ name }) => ownQueue(name))
  return await Promise.all(
    queues.sort().map(async (name) => {
      const [job] = (await new Queue(name, {}, store).enqueueMany([[task, args ?? [], rest]] as never)) as Job[]
      return job as Job<ResultOf<F>>
    }),
  )
}

/** Workers with names of chance come and go; what waits for those that will not come back must not stay for ever. */
async function forgetDead(store: Store, known: ReadonlySet<string>): Promise<void> {
  const dead = (await queueNames(store)).filter((name) => name.startsWith(OWN_QUEUE) && !known.has(name))
  const summaries = await summarize(store, dead)
  for (const [i, queue] of dead.entries()) {
    if ((summaries[i]!.oldestMs ?? KEPT_MS) < KEPT_MS) continue
    if (summaries[i]!.queued > 0) await removeAll(store, queue, 'queue')
    await deliverOutbox(store, queue)
    await forgetQueue(store, queue)
  }
}
