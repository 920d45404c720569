import { setTimeout as sleep } from 'node:timers/promises'
import { startAgent } from '../agents.mjs'
import { LIBRARIES } from '../libraries.mjs'
import { countJobs } from '../redis.mjs'
import { checkDeliveries, watchWork } from './watch.mjs'

export const QUEUE = 'bench'

/** Jobs per second that workers take from a queue that was filled before, and what each costs Redis and the worker. */
export async function measureProcess(bench, library, plan) {
  const { n, warmup, maxMs, payload = '120 B', retention = 'default', ...workers } = plan
  await bench.fresh()
  await bench.produce(library, retention, (producer) => producer.call('enqueue', { payload, how: 'bulk', n }))
  return await withWorkers(bench, library, { retention, ...workers }, async (agents) => {
    const watched = { redis: bench.redis, keys: LIBRARIES[library].keys(QUEUE), total: n }
    const result = await watchWork({ ...watched, warmup, maxMs, cpuOf: () => cpuOf(agents) })
    const { seen } = await stopWork(agents)
    return { ...result, deliveries: await checkDeliveries(watched, seen) }
  })
}

/** Jobs per second that go through a producer and a worker at work at the same time, with never more than about `most` on their way. */
export async function measureTogether(bench, library, { ms, warmupMs, most, ...workers }) {
  const keys = LIBRARIES[library].keys(QUEUE)
  await bench.fresh()
  return await withWorkers(bench, library, workers, (agents) =>
    bench.produce(library, 'default', async (producer) => {
      const feeding = producer.call('feed', { ms: warmupMs + ms + 500, most })
      await sleep(warmupMs)
      const [before, began] = [await countJobs(bench.redis, keys), performance.now()]
      await sleep(ms)
      const [after, ended] = [await countJobs(bench.redis, keys), performance.now()]
      const { total } = await feeding
      while ((await countJobs(bench.redis, keys)).pending > 0) await sleep(20)
      const { seen } = await stopWork(agents)
      const deliveries = await checkDeliveries({ redis: bench.redis, keys, total }, seen)
      return { rate: ((after.finished - before.finished) * 1_000) / (ended - began), deliveries }
    }),
  )
}

export async function withWorkers(bench, library, plan, use) {
  const { processes = 1, concurrency = 10, latencyMs = 0, retention = 'default', handler } = plan
  const url = await bench.urlWith(latencyMs)
  const agents = await Promise.all(Array.from({ length: processes }, () => startAgent(library, { profile: bench.profile })))
  try {
    await Promise.all(agents.map((agent) => agent.call('work', { url, queue: QUEUE, concurrency, retention, handler })))
    return await use(agents)
  } finally {
    await Promise.all(agents.map((agent) => agent.end()))
  }
}

export async function stopWork(agents) {
  const ends = await Promise.all(agents.map((agent) => agent.call('stopWork')))
  return { seen: ends.flatMap(({ seen }) => seen), waits: ends.flatMap(({ waits }) => waits) }
}

export async function cpuOf(agents) {
  const all = await Promise.all(agents.map((agent) => agent.call('cpu')))
  return all.reduce((sum, us) => sum + us, 0)
}
