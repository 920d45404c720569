// What happens when there is a lot of something.
import { setTimeout as sleep } from 'node:timers/promises'
import { LIBRARIES } from '../libraries.mjs'
import { countJobs, snapshot, spending } from '../redis.mjs'
import { cpuOf, QUEUE, stopWork, withWorkers } from './process.mjs'
import { checkDeliveries, watchWork } from './watch.mjs'

/** Enqueueing and processing `n` jobs while `size` are waiting: neither should cost more than with an empty queue. */
export async function measureBacklog(bench, library, { size, running = 0, n, warmup, rounds }) {
  const keys = LIBRARIES[library].keys(QUEUE)
  await bench.fresh()
  return await bench.produce(library, 'default', (producer) =>
    whileRunning(bench, library, { keys, producer, running }, async () => {
      await producer.call('enqueue', { payload: '120 B', how: 'bulk', n: size })
      const results = []
      for (let round = 0; round < rounds; round++) results.push(await backlogRound(bench, library, { keys, producer, n, warmup }))
      return results
    }),
  )
}

/** With a worker beside, in which so many jobs do not end. */
async function whileRunning(bench, library, { keys, producer, running }, use) {
  if (running === 0) return await use()
  await producer.call('enqueue', { payload: '120 B', how: 'bulk', n: running })
  return await withWorkers(bench, library, { concurrency: running, handler: 'hold' }, async () => {
    while ((await countJobs(bench.redis, keys)).active < running) await sleep(20)
    return await use()
  })
}

async function backlogRound(bench, library, { keys, producer, n, warmup }) {
  await producer.call('enqueue', { payload: '120 B', how: 100, n: warmup })
  const before = await snapshot(bench.redis)
  const { ms } = await producer.call('enqueue', { payload: '120 B', how: 100, n })
  const enqueue = spending(before, await snapshot(bench.redis), n)
  // Those of a round that was cut short are still there.
  const { pending: total } = await countJobs(bench.redis, keys)
  return await withWorkers(bench, library, {}, async (agents) => {
    const watched = { redis: bench.redis, keys, total }
    const work = await watchWork({ ...watched, warmup, until: n + warmup, maxMs: 10_000, cpuOf: () => cpuOf(agents) })
    const { seen } = await stopWork(agents)
    const deliveries = await checkDeliveries(watched, seen)
    // The next round begins with the same number.
    await producer.call('enqueue', { payload: '120 B', how: 'bulk', n: Math.max(0, deliveries.expected - n - warmup) })
    return { enqueueRate: (n * 1_000) / ms, enqueueUs: enqueue.redisUs, processRate: work.rate, processUs: work.redisUs, deliveries }
  })
}

/** `n` jobs that are due at the same moment: how soon all are done, and how long Redis answered nobody meanwhile. */
export async function measureScheduled(bench, library, { n, leadMs }) {
  const keys = LIBRARIES[library].keys(QUEUE)
  const at = await scheduleAll(bench, library, n, leadMs)
  await sleep(at - READY_MS - Date.now())
  return await withWorkers(bench, library, { concurrency: 100 }, (agents) => finish(bench, agents, { keys, total: n, at }))
}

/** How long before the moment the workers start, which they do with nothing to do. */
const READY_MS = 1_000

/** All of them before the first is due, however slow the machine is. */
async function scheduleAll(bench, library, n, leadMs) {
  await bench.fresh()
  const at = Date.now() + leadMs
  await bench.produce(library, 'default', (producer) => producer.call('schedule', { at, n }))
  return Date.now() < at - READY_MS ? at : await scheduleAll(bench, library, n, leadMs * 2)
}

/** A job on which `n` others depend. */
export async function measureDependents(bench, library, { n }) {
  const keys = LIBRARIES[library].keys(QUEUE)
  await bench.fresh()
  await bench.produce(library, 'default', (producer) => producer.call('dependents', { n }))
  return await withWorkers(bench, library, { concurrency: 100 }, (agents) => finish(bench, agents, { keys, total: n + 1 }))
}

/** Until nothing is left to do. `at`: from when to count; without, from the first job that is done, as workers take time to start. */
async function finish(bench, agents, { keys, total, at }) {
  const before = await snapshot(bench.redis)
  let [began, stallMs, spare] = [at, 0, 0]
  for (let pending = total; pending > 0; await sleep(2)) {
    const asked = performance.now()
    const counts = await countJobs(bench.redis, keys)
    stallMs = Math.max(stallMs, performance.now() - asked)
    spare += counts.commands
    pending = counts.pending
    if (pending < total) began ??= Date.now()
  }
  const doneMs = Date.now() - began
  const spent = spending(before, await snapshot(bench.redis), total, spare)
  const { seen } = await stopWork(agents)
  return { doneMs, stallMs, ...spent, deliveries: await checkDeliveries({ redis: bench.redis, keys, total }, seen) }
}

/** ms that a call takes which concerns one job far from both ends of the list. */
export async function measureMiddle(bench, library, { size, n }) {
  await bench.fresh()
  return await bench.produce(library, 'default', async (producer) => {
    await producer.call('enqueue', { payload: '120 B', how: 'bulk', n: size })
    return await producer.call('middle', { at: Math.floor(size / 2), n })
  })
}
