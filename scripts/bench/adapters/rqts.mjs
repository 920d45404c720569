// The built package, as a program would use it. The folder is a copy, so that a build during the run does not mix versions.
const { Queue, task, Worker } = await import(`${process.env.RQTS_BENCH_DIST}/lib/index.js`)

const RETENTION = { default: {}, age: { resultTtl: '500s' }, keep: { resultTtl: -1 }, remove: { resultTtl: 0 } }
const argsOf = (payload) => (payload === undefined ? [] : [payload])

export function open({ url, queue: name, retention }) {
  const defaults = RETENTION[retention]
  const queue = new Queue(name, { connection: url, ...(retention !== 'default' && { defaults }) })
  let running
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
    async beginWaits(held) {
      for (let i = 0; i < held; i++) {
        running = await queue.enqueue('bench', ['hold'])
        // Until the program ends.
        running.result().catch(() => undefined)
        await queue.enqueue('bench', ['fail'], { retry: { max: 1_000, delay: 5_000, jitter: true } })
      }
    },
    /** Each with a job that is delayed and waited for, and a caller who gives up on one that runs. */
    async waits(n) {
      let begun = 0
      async function lane() {
        while (begun < n) {
          begun++
          const job = await queue.enqueueIn(1, 'bench', ['soon'])
          const gaveUp = running.result({ timeout: 1 }).catch(() => undefined)
          await job.result()
          await gaveUp
        }
      }
      await Promise.all(Array.from({ length: 50 }, lane))
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
