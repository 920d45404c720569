import BeeQueue from 'bee-queue'

const settingsOf = (retention) => ({ removeOnSuccess: retention === 'remove' })
const dataOf = (payload) => payload ?? {}

/** A producer is told to be only that, as Bee-Queue's manual advises. */
export function open({ url, queue: name, retention }) {
  const queue = new BeeQueue(name, { redis: url, isWorker: false, ...settingsOf(retention) })
  return {
    enqueue: (payload) => queue.createJob(dataOf(payload)).save(),
    enqueueMany: async (payloads) => {
      const errors = await queue.saveAll(payloads.map((payload) => queue.createJob(dataOf(payload))))
      if (errors.size > 0) throw errors.values().next().value
    },
    schedule: async (at, payloads) => {
      const errors = await queue.saveAll(payloads.map((payload) => queue.createJob(dataOf(payload)).delayUntil(at)))
      if (errors.size > 0) throw errors.values().next().value
    },
    close: () => queue.close(),
  }
}

/** Delayed jobs are off by default there; on, they cost nothing that the other scenarios would notice. */
export async function work({ url, queue: name, concurrency, retention, handle }) {
  const queue = new BeeQueue(name, { redis: url, activateDelayedJobs: true, ...settingsOf(retention) })
  queue.process(concurrency, async (job) => handle(job.id, job.data))
  return () => queue.close(20_000)
}
