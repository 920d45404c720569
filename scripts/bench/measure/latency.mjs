import { setTimeout as sleep } from 'node:timers/promises'
import { LIBRARIES } from '../libraries.mjs'
import { countJobs } from '../redis.mjs'
import { latencies } from '../stats.mjs'
import { QUEUE, stopWork, withWorkers } from './process.mjs'
import { checkDeliveries } from './watch.mjs'

/** From the moment when a job is due to the start of its handler, at a steady rate. `rate`: per second, or 'half' of the library's best. */
export async function measurePickup(bench, library, { rate, ms, warmupMs, latencyMs = 0 }) {
  const perSecond = rate === 'half' ? Math.round((await bench.bestRate(library)) / 2) : rate
  return await startToHandler(bench, library, latencyMs, (producer) => producer.call('pace', { rate: perSecond, ms, warmupMs }))
}

/** The same for single jobs that meet an idle worker. */
export async function measureIdlePickup(bench, library, { n, warmup, gapMs, latencyMs = 0 }) {
  return await startToHandler(bench, library, latencyMs, async (producer) => {
    await producer.call('knock', { n, warmup, gapMs })
    return { total: n + warmup, failed: 0, offered: 1_000 / gapMs }
  })
}

async function startToHandler(bench, library, latencyMs, send) {
  await bench.fresh()
  const keys = LIBRARIES[library].keys(QUEUE)
  return await withWorkers(bench, library, { latencyMs }, async (agents) => {
    // Until it blocks on its empty queue.
    await sleep(500)
    const sent = await bench.produce(library, 'default', send, latencyMs)
    const deadline = performance.now() + 60_000
    while ((await countJobs(bench.redis, keys)).pending > 0 && performance.now() < deadline) await sleep(20)
    const { seen, waits } = await stopWork(agents)
    const deliveries = await checkDeliveries({ redis: bench.redis, keys, total: sent.total - sent.failed }, seen)
    return { ...latencies(waits), offered: sent.offered, deliveries }
  })
}
