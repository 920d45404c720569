import { setTimeout as sleep } from 'node:timers/promises'
import { LIBRARIES } from '../libraries.mjs'
import { countJobs, snapshot, watchCommands } from '../redis.mjs'
import { QUEUE, stopWork, withWorkers } from './process.mjs'
import { checkDeliveries } from './watch.mjs'

/** Bytes of Redis per waiting job, and per job once all are done. */
export async function measureMemory(bench, library, { n, payload = '120 B', retention = 'default' }) {
  const keys = LIBRARIES[library].keys(QUEUE)
  // The scripts stay in memory: they are not the jobs' doing.
  await bench.fresh()
  await fillAndEmpty(bench, library, { n: 100, payload, retention, keys })
  await bench.fresh()
  const base = await memoryOf(bench.redis)
  await bench.produce(library, retention, (producer) => producer.call('enqueue', { payload, how: 'bulk', n }))
  const waiting = await memoryOf(bench.redis)
  const seen = await empty(bench, library, { retention, keys })
  const finished = await memoryOf(bench.redis)
  const deliveries = await checkDeliveries({ redis: bench.redis, keys, total: n }, seen)
  return { waitingBytes: (waiting - base) / n, finishedBytes: (finished - base) / n, deliveries }
}

async function fillAndEmpty(bench, library, { n, payload, retention, keys }) {
  await bench.produce(library, retention, (producer) => producer.call('enqueue', { payload, how: 'bulk', n }))
  await empty(bench, library, { retention, keys })
}

async function empty(bench, library, { retention, keys }) {
  return await withWorkers(bench, library, { retention, concurrency: 100 }, async (agents) => {
    while ((await countJobs(bench.redis, keys)).pending > 0) await sleep(20)
    return (await stopWork(agents)).seen
  })
}

/** After the buffers of the clients that have gone were given back. */
async function memoryOf(redis) {
  await sleep(200)
  return (await snapshot(redis)).memory
}

/** What a worker asks of Redis per second while there is nothing to do. */
export async function measureIdle(bench, library, { ms, settleMs }) {
  await bench.fresh()
  await bench.produce(library, 'default', (producer) => producer.call('enqueue', { payload: '120 B', how: 1, n: 10 }))
  return await withWorkers(bench, library, {}, async (agents) => {
    await sleep(settleMs)
    const each = {}
    let [calls, commands] = [0, 0]
    const stop = await watchCommands(bench.redis, (name, fromScript) => {
      commands++
      if (fromScript) return
      calls++
      each[name] = (each[name] ?? 0) + 1
    })
    await sleep(ms)
    stop()
    await stopWork(agents)
    return { calls: (calls * 1_000) / ms, commands: (commands * 1_000) / ms, each }
  })
}

/** MB that the worker itself needs, early and late: what it remembers of jobs that are done would show. */
export async function measureHeap(bench, library, { n, early }) {
  const keys = LIBRARIES[library].keys(QUEUE)
  await bench.fresh()
  await bench.produce(library, 'default', (producer) => producer.call('enqueue', { payload: '120 B', how: 'bulk', n }))
  return await withWorkers(bench, library, { concurrency: 100, handler: 'forget' }, async ([agent]) => {
    const after = async (done) => {
      while ((await countJobs(bench.redis, keys)).finished < done) await sleep(5)
      return (await agent.call('heap')) / 2 ** 20
    }
    const earlyMb = await after(early)
    return { earlyMb, lateMb: await after(n) }
  })
}
