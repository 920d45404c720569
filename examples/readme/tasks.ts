import { currentJob, task } from 'rqts'
import { z } from 'zod'

// A task with options. `this` is the job: id, attempt, signal, progress(), log(), setMeta(), enqueue().
export const resize = task(
  {
    name: 'resize',
    queue: 'images',
    timeout: '30s',
    retry: { max: 3, backoff: 'exponential', delay: '2s', jitter: 0.5 },
    args: z.tuple([z.url(), z.number().int().positive()]), // any Standard Schema; checked at enqueue and before the run
  },
  async function (url, width) {
    await this.log(`fetching ${url}`)
    return { url, width }
  },
)

// A plain function. Wherever `this` does not reach, currentJob() is the running job.
export async function importRows(file: string, rows = 1000): Promise<number> {
  const job = currentJob()
  for (let row = 1; row <= rows; row++) {
    if (job?.signal.aborted) throw job.signal.reason // timed out, canceled, or its worker is stopping
    if (row % 100 === 0) await job?.progress({ file, row })
  }
  return rows
}
