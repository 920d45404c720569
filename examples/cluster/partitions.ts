import { Queue, task, Worker } from 'rqts'

const track = task('track', (page: string) => `seen ${page}`)

// Where it is enqueued: said once, and remembered by Redis.
const hot = new Queue('hot', { partitions: 4 })
const jobs = await hot.enqueueMany(['/', '/shop', '/about'].map((page) => [track, [page]] as const))

// Everywhere else it is one queue like any other.
await using worker = new Worker('hot', { tasks: [track], concurrency: 50 })
void worker.run()

for (const job of jobs) console.log(job.queue, await job.result())
console.log((await hot.counts()).finished, 'finished')
await hot.close()
