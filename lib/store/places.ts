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

/** HGETALL through `call` is a flat list on RESP2 and a map on RESP3. */
export function toFields(reply: unknown): Record<string, string> | null {
  const fields: Record<string, string> = Object.create(null)
  if (Array.isArray(reply)) {
    for (let i = 0; i + 1 < reply.length; i += 2) fields[String(reply[i])] = String(reply[i + 1])
  } else if (reply instanceof Map) {
    for (const [name, value] of reply) fields[String(name)] = String(value)
  } else if (typeof reply === 'object' && reply !== null) {
    for (const [name, value] of Object.entries(reply)) fields[name] = String(value)
  }
  return Object.keys(fields).length === 0 ? null : fields
}
