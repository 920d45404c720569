import { Queue, Worker } from 'bullmq'

const RETENTION = {
  default: {},
  age: { removeOnComplete: { age: 500 } },
  keep: { removeOnComplete: false },
  remove: { removeOnComplete: true },
}
const dataOf = (payload) => payload ?? {}

export function open({ url, queue: name, retention }) {
  const queue = new Queue(name, { connection: { url }, ...(retention !== 'default' && { defaultJobOptions: RETENTION[retention] }) })
  return {
    enqueue: (payload) => queue.add('bench', dataOf(payload)),
    enqueueMany: (payloads) => queue.addBulk(payloads.map((payload) => ({ name: 'bench', data: dataOf(payload) }))),
    schedule: (at, payloads) =>
      queue.addBulk(payloads.map((payload) => ({ name: 'bench', data: dataOf(payload), opts: { delay: Math.max(0, at - Date.now()) } }))),
    close: () => queue.close(),
  }
}

export async function work({ url, queue, concurrency, handle }) {
  const worker = new Worker(queue, async (job) => handle(job.id, job.data), { connection: { url }, concurrency })
  // Without a listener an error would end the process.
  worker.once('error', (error) => console.error(`bullmq: ${error.message}`))
  worker.on('error', () => undefined)
  return () => worker.close()
}
