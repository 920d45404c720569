import { afterEach } from 'vitest'
import { type ConnectOptions, Schedules } from '../../lib/index.ts'
import { type Logger, silentLogger } from '../../lib/logger.ts'
import { Ticker } from '../../lib/service/ticker.ts'
import { readJobs } from '../../lib/store/jobs.ts'
import { scanJobIds } from '../../lib/store/queues.ts'
import { Store } from '../../lib/store/store.ts'
import { type Stage, stage } from '../support/stage.ts'

export interface ScheduleStage extends Stage {
  where: ConnectOptions
  schedules: Schedules
  /** Ticks only when told to, unless it is started. */
  ticker(name?: string, logger?: Logger): Ticker
  /** Ids of all jobs of a queue, sorted. */
  jobs(queue?: string): Promise<string[]>
  /** Makes it `lateMs` past the next run of a schedule, as after an outage: times move, the clock does not. */
  late(name: string, lateMs: number): Promise<number>
}

export function noop(): void {}

const stops: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop()
})

export async function scheduleStage(): Promise<ScheduleStage> {
  const s = await stage()
  const { store } = s
  return {
    ...s,
    where: { connection: s.url, prefix: s.prefix },
    schedules: new Schedules(store),
    ticker(name = 'ticker', logger = silentLogger) {
      const own = new Store({ connection: s.url, prefix: s.prefix })
      const ticker = new Ticker(own, { name, logger })
      stops.push(async () => {
        await ticker.stop()
        await own.close()
      })
      return ticker
    },
    async jobs(queue = 'default') {
      return (await scanJobIds(store, queue)).sort()
    },
    async late(name, lateMs) {
      const key = store.keys.schedule(name, 'schedule')
      const at = (await store.now()) - lateMs
      await store.client.call('HSET', key, 'next', at, 'anchor', at)
      await store.client.call('ZADD', store.keys.schedulePart('next'), at, name)
      return at
    },
  }
}

export async function jobOf(s: Stage, id: string, queue = 'default'): Promise<NonNullable<Awaited<ReturnType<typeof readJobs>>[number]>> {
  const [job] = await readJobs(s.store, [{ queue, id }])
  if (!job) throw new Error(`There is no job ${id} in ${queue}`)
  return job
}
