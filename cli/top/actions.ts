import { plural, safe } from '../output/text.ts'
import type { Desk, Step } from './view.ts'

export interface JobPlace {
  id: string
  queue: string
}

export const JOB_KEYS = [
  ['r', 'requeue'],
  ['n', 'run now'],
  ['C', 'cancel'],
  ['D', 'delete'],
] as const

const DONE: Readonly<Record<string, string>> = { r: 'requeued', n: 'runs now', C: 'canceled', D: 'deleted' }

/** Changes one job; undefined when the key means nothing here. */
export async function changeJob(desk: Desk, place: JobPlace | undefined, key: string): Promise<Step> {
  const done = DONE[key]
  if (done === undefined || place === undefined) return undefined
  const job = await (await desk.context.queue(place.queue)).fetchJob(place.id)
  if (job === null) return { say: `${place.id} is gone` }
  if (key === 'r') await job.requeue()
  else if (key === 'n') await job.promote()
  else if (key === 'C') await job.cancel()
  else await job.delete()
  return { say: `${safe(place.id)} ${done}` }
}

export async function changeQueue(desk: Desk, queue: { name: string; paused: boolean; queued: number }, key: string): Promise<Step> {
  const handle = await desk.context.queue(queue.name)
  if (key === 'p') {
    await (queue.paused ? handle.resume() : handle.pause())
    return { say: `${safe(queue.name)} ${queue.paused ? 'goes on' : 'is paused'}` }
  }
  if (key === 'E') {
    await handle.empty()
    return { say: `${plural(queue.queued, 'waiting job')} of ${safe(queue.name)} deleted` }
  }
  return undefined
}

export async function changeWorker(desk: Desk, worker: { name: string; state: string }, key: string): Promise<Step> {
  const store = await desk.context.store()
  if (key === 'p') {
    const paused = worker.state === 'paused'
    const { steerWorker } = await import('../../lib/client/steer.ts')
    await steerWorker(store, worker.name, { do: paused ? 'resume' : 'pause' })
    return { say: `${safe(worker.name)} ${paused ? 'goes on' : 'is paused'}` }
  }
  if (key === 'S') {
    const { orderShutdown } = await import('../../lib/client/inspector.ts')
    const heard = await orderShutdown(store, worker.name, false)
    return { say: heard ? `${safe(worker.name)} stops when its jobs are done` : `${safe(worker.name)} does not listen` }
  }
  return undefined
}
