import type { Store } from './store.ts'

/** Where and under which id a job is kept. */
export interface Place {
  queue: string
  id: string
}

/** The queue that holds the job, asked of all queues at once when it is not known. */
export async function findJob(store: Store, id: string, queues: readonly string[]): Promise<Place | null> {
  const found = await store.client.callAll(queues.map((queue) => ['EXISTS', store.keys.job(queue, id)] as const))
  const at = found.indexOf(1)
  return at === -1 ? null : { queue: queues[at]!, id }
}
