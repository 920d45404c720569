import { expect, it } from 'vitest'
import { overview } from '../../lib/client/inspector.ts'
import { enqueueJobs } from '../../lib/store/enqueue.ts'
import { enlistWorker } from '../../lib/store/workers.ts'
import { adminOf, openStore, ownServer } from '../support/servers.ts'
import { newJob } from './jobs.ts'
import { Load } from './load.ts'

const WAITING = 200_000
const SCHEDULED = 20_000
const QUEUES = 500
const DEAD_WORKERS = 500
const BATCH = 10_000
/** Nothing on a worker's way may take Redis longer, however much waits; what is linear in the backlog would. Room for a loaded machine. */
const SLOW_US = 500_000

it('a large backlog, many queues and many dead workers slow nobody down', { timeout: 120_000 }, async () => {
  const server = await ownServer()
  const admin = adminOf(server)
  const store = openStore(server.url)
  const jobs = (count: number, delay?: number) =>
    Array.from({ length: count }, () => newJob({ args: [0], ...(delay !== undefined && { control: { delay } }) }))
  for (let done = 0; done < WAITING; done += BATCH) await enqueueJobs(store, 'q', jobs(BATCH), false)
  for (let done = 0; done < SCHEDULED; done += BATCH) await enqueueJobs(store, 'q', jobs(BATCH, 3_600_000), false)
  await Promise.all(Array.from({ length: QUEUES }, (_, n) => enqueueJobs(store, `other-${n}`, jobs(1), false)))
  await Promise.all(
    Array.from({ length: DEAD_WORKERS }, (_, n) => enlistWorker(store, `dead-${n}`, 'me', 1, { queues: 'q', state: 'busy' })),
  )
  await admin.config('SET', 'slowlog-log-slower-than', SLOW_US)
  await admin.slowlog('RESET')
  await admin.config('RESETSTAT')
  const load = new Load(store)
  load.worker(server.url, { concurrency: 50 }, ['q', 'other-*'])
  await load.progress(5_000, 60_000)
  const seen = await overview(store)
  expect(seen.queues).toHaveLength(QUEUES + 1)
  expect(seen.queues.find(({ name }) => name === 'q')).toMatchObject({ scheduled: SCHEDULED })
  expect(await admin.slowlog('GET', 10)).toEqual([])
  // Whoever reads the whole key space is slow on someone's server.
  const stats = await admin.info('commandstats')
  expect(stats.match(/cmdstat_(keys|scan|flushall)\b/g)).toBeNull()
})
