import { LIBRARIES } from '../libraries.mjs'
import { countJobs, snapshot, spending } from '../redis.mjs'
import { QUEUE } from './process.mjs'

/** Jobs per second that one process enqueues. `how`: the number of calls in flight, or 'bulk'. */
export async function measureEnqueue(bench, library, { n, warmup, maxMs, how, payload = '120 B', latencyMs = 0 }) {
  await bench.fresh()
  const produce = async (producer) => {
    const warm = await producer.call('enqueue', { payload, how, n: warmup, maxMs: 1_000 })
    const before = await snapshot(bench.redis)
    const { count, ms, cpuUs } = await producer.call('enqueue', { payload, how, n, maxMs })
    const after = await snapshot(bench.redis)
    const { waiting } = await countJobs(bench.redis, LIBRARIES[library].keys(QUEUE))
    const deliveries = { expected: warm.count + count, seen: waiting, distinct: waiting }
    return { rate: (count * 1_000) / ms, clientUs: cpuUs / count, ...spending(before, after, count), deliveries }
  }
  return await bench.produce(library, 'default', produce, latencyMs)
}
