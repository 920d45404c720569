// The built package, as a program would use it. The folder is a copy, so that a build during the run does not mix versions.
const { Queue, task, Worker } = await import(`${process.env.RQTS_BENCH_DIST}/lib/index.js`)

const RETENTION = { default: {}, age: { resultTtl: '500s' }, keep: { resultTtl: -1 }, remove: { resultTtl: 0 } }
const argsOf = (payload) => (payload === undefined ? [] : [payload])

export function open({ url, queue: name, retention }) {
  const defaults = RETENTION[retention]
  const queue = new Queue(name, { connection: url, ...(retention !== 'default' && { defaults }) })
  return {
    enqueue: (payload) => queue.enqueue('bench', argsOf(payload)),
    enqueueMany: (payloads) => queue.enqueueMany(payloads.map((payload) => ['bench', argsOf(payload)])),
    schedule: (at, payloads) => queue.enqueueMany(payloads.map((payload) => ['bench', argsOf(payload), { runAt: at }])),
    async dependents(n, payload) {
      const parent = await queue.enqueue('bench', argsOf(payload))
      await queue.enqueueMany(Array.from({ length: n }, () => ['bench', argsOf(payload), { dependsOn: parent }]))
    },
    async middle(at, n) {
      const ids = await queue.jobIds(at, 3 * n)
      const jobs = await Promise.all(ids.map((id) => queue.fetchJob(id)))
      const timed = async (call) => {
        const runs = []
        for (const job of jobs.splice(0, n)) {
          const began = performance.now()
          await call(job)
          runs.push(performance.now() - began)
        }
        return runs
      }
      const positionMs = await timed((job) => queue.position(job))
      const cancelMs = await timed((job) => job.cancel())
      const deleteMs = await timed((job) => job.delete())
      return positionMs.map((ms, i) => ({ positionMs: ms, cancelMs: cancelMs[i], deleteMs: deleteMs[i] }))
    },
    close: () => queue.close(),
  }
}

export async function work({ url, queue, concurrency, handle }) {
  function run(payload) {
    return handle(this.id, payload)
  }
  const worker = new Worker(queue, { connection: url, concurrency, tasks: [task('bench', run)] })
  const ended = worker.run()
  return async () => {
    await worker.stop()
    await ended
  }
}
