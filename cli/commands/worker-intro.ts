import { relative } from 'node:path'
import type { Worker } from '../../lib/index.ts'
import type { Context } from '../context.ts'
import { codeOf } from '../exit-codes.ts'
import type { WorkerLog } from '../output/worker-log.ts'
import { messageOf } from '../report.ts'

type Loaded = Awaited<ReturnType<Worker['loadTasks']>>

interface Plan {
  queues: readonly string[]
  pool: string
  /** Whether this worker fires schedules. */
  fires: boolean
  /** Of several processes one tells people what they all do. */
  first: boolean
}

/** Who this is and what it will run; warns of what would lose jobs or let them wait for ever. */
export async function introduce(context: Context, log: WorkerLog, worker: Worker, loaded: Loaded, plan: Plan): Promise<void> {
  const { bannerLines, startupProblems } = await import('../output/banner.ts')
  const tasks = loaded.map(({ source, names }) => ({ file: relative(process.cwd(), source) || source, names }))
  const facts = {
    name: worker.name,
    queues: plan.queues,
    pool: plan.pool,
    concurrency: worker.concurrency,
    tasks: loaded.flatMap(({ names }) => names),
  }
  try {
    const { overview, schedulesHealth, serverInfo } = await import('../../lib/client/inspector.ts')
    const store = await context.store()
    const [seen, info, schedules] = await Promise.all([overview(store), serverInfo(store), schedulesHealth(store)])
    if (plan.first) log.banner(bannerLines({ ...facts, tasks, redis: seen.redis }))
    log.say('', 'starting', { ...facts, redis: seen.redis.url })
    if (!plan.first) return
    for (const problem of startupProblems({ seen, info, schedules, served: plan.queues, fires: plan.fires })) log.warn(problem)
  } catch (error) {
    // A worker outlives a Redis that is not up yet: it says so and keeps trying.
    if (codeOf(error) !== 'RQTS_REDIS_UNAVAILABLE') throw error
    context.forgetStore()
    log.banner(bannerLines({ ...facts, tasks }))
    log.warn(`${messageOf(error, context.settings)} Trying again until it answers.`)
  }
}
