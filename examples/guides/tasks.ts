import { currentJob, Retry, task } from 'rqts'
import { z } from 'zod'

// #region plain
export async function sendWelcome(userId: number, lang: 'en' | 'de' = 'en') {
  return { sent: true, userId, lang }
}
// #endregion

// #region options
export const thumbnail = task(
  {
    name: 'thumbnail',
    queue: 'images', // thumbnail.delay(…) and workflows put it there
    timeout: '30s', // then its signal aborts
    resultTtl: '1h',
    args: z.tuple([z.url(), z.number().int().max(2_000)]), // checked at enqueue, and once more before the run
  },
  async (url, width) => ({ url: `${url}?w=${width}` }),
)
// #endregion

// #region context
export async function importRows(rows: number) {
  const job = currentJob() // also `this`, in functions that are not arrows
  for (let row = 1; row <= rows; row++) {
    job?.signal.throwIfAborted() // timed out, canceled, or the worker is stopping
    if (row % 10 === 0) await job?.progress({ row, of: rows })
  }
  await job?.log(`${rows} rows`)
  return rows
}
// #endregion

// #region flaky
export const callPartner = task(
  {
    name: 'callPartner',
    retry: { max: 5, backoff: 'exponential', delay: '100ms', maxDelay: '1m', jitter: 0.5 },
  },
  async function (path: string) {
    if (this.attempt < 3) throw new Error(`${path}: 503, attempt ${this.attempt}`)
    return `${path} answered attempt ${this.attempt}`
  },
)
// #endregion

// #region ask
export const politely = task('politely', async function () {
  // The partner says when to come back: that counts more than any backoff.
  if (this.attempt === 1) throw new Retry({ delay: '50ms', max: 3 })
  return 'let in'
})
// #endregion

// #region workflow-tasks
export const download = task('download', async (name: string) => `contents of ${name}`)
export const index = task('index', async (name: string) => `index of ${name}`)
export const cleanUp = task('cleanUp', async (name: string) => `${name} removed`)
// #endregion

export async function alwaysFails(): Promise<never> {
  throw new TypeError('no such host')
}
