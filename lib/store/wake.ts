import type { Driver } from './driver-options.ts'
import type { Store } from './store.ts'

/**
 * So that a worker looks at this queue. One marker is enough, however many were put; `keptMs` for those that only one worker takes,
 * who may be gone.
 */
export async function putMarker(store: Store, queue: string, keptMs?: number): Promise<void> {
  const key = store.keys.queuePart(queue, 'wake')
  await store.client.callAll([
    ['RPUSH', key, 1],
    ['LTRIM', key, 0, 0],
    ...(keptMs === undefined ? [] : [['PEXPIRE', key, keptMs] as const]),
  ])
}

/** The queue whose marker came, and now is the caller's; undefined when none did in time. Blocks the connection. */
export async function takeMarker({ keys }: Store, driver: Driver, queues: readonly string[], blockMs: number): Promise<string | undefined> {
  const lists = queues.map((queue) => keys.queuePart(queue, 'wake'))
  const popped = (await driver.call('BLPOP', [...lists, blockMs / 1000])) as [list: string, marker: string] | null
  return popped === null ? undefined : queues[lists.indexOf(popped[0])]
}
