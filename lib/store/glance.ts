import { type QueueSummary, toSummary } from './queues.ts'
import { parseStats, type StatsSummary, summarizeStats } from './stats.ts'
import type { Store } from './store.ts'

export interface QueueGlance extends QueueSummary {
  /** Over the last minutes. */
  lately: StatsSummary
}

/** Redis answers nobody else while a call runs. */
const AT_ONCE = 100
const COUNTS_LENGTH = 11

/** What views of all queues show: few calls, however many queues there are. On a Cluster each queue is a call, as each may be elsewhere. */
export async function glance(store: Store, queues: readonly string[], minutes: number): Promise<QueueGlance[]> {
  const size = store.client.isCluster ? 1 : AT_ONCE
  const batches = Array.from({ length: Math.ceil(queues.length / size) }, (_, i) => queues.slice(i * size, (i + 1) * size))
  const replies = await Promise.all(
    batches.map((names) =>
      store.client.run(
        'glance',
        names.map((name) => store.keys.base(name)),
        [minutes],
      ),
    ),
  )
  return replies.flatMap((reply) => {
    const [seconds, ...rows] = reply as [number, ...(number | string)[][]]
    // The present minute is as long as it has lasted.
    const lasted = Math.max(1, minutes - 1 + (seconds % 60) / 60)
    return rows.map((row) => ({
      ...toSummary(row.slice(0, COUNTS_LENGTH) as number[]),
      lately: summarizeStats(parseStats(row.slice(COUNTS_LENGTH).map(String)), lasted),
    }))
  })
}
