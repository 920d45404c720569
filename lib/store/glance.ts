import { type QueueSummary, toSummary } from './queues.ts'
import { parseStats, type StatsSummary, summarizeStats } from './stats.ts'
import type { Store } from './store.ts'

export interface QueueGlance extends QueueSummary {
  /** Over the last minutes. */
  lately: StatsSummary
}

const COUNTS_LENGTH = 11
/** Nothing happened, which is so in most of many queues. */
const QUIET = summarizeStats(parseStats([]), 1)

/** What views of all queues show: few calls, however many queues there are. */
export async function glance(store: Store, queues: readonly string[], minutes: number): Promise<QueueGlance[]> {
  const bases = queues.map((queue) => store.keys.base(queue))
  return (await store.client.runOnMany('glance', bases, [minutes])).flatMap((reply) => {
    const [seconds, ...rows] = reply as [number, ...string[]]
    // The present minute is as long as it has lasted.
    const lasted = Math.max(1, minutes - 1 + (seconds % 60) / 60)
    return rows.map((row) => {
      const words = row.split(' ')
      const stats = words.splice(COUNTS_LENGTH)
      return { ...toSummary(words.map(Number)), lately: stats.length === 0 ? QUIET : summarizeStats(parseStats(stats), lasted) }
    })
  })
}
