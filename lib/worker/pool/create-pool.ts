import { RqtsError } from '../../errors.ts'
import type { ClaimedJob } from '../../store/attempts.ts'
import type { ContextPort } from '../context.ts'
import { findTaskModules, locateAll, type TaskSource } from '../load-tasks.ts'
import type { NormalWorkerOptions, WorkerOptions } from '../options.ts'
import type { RunListener } from '../run.ts'
import type { TaskSources } from '../task-set.ts'
import { AsyncPool } from './async-pool.ts'
import { CrewPool } from './crew-pool.ts'
import type { MemberOptions } from './member.ts'
import type { Pool, PoolKind } from './pool.ts'
import { launchProcess, launchThread } from './transport.ts'

export interface PoolPort {
  portOf: (job: ClaimedJob) => ContextPort
  ended: RunListener
  failed(error: Error): void
}

export function createPool(given: WorkerOptions, options: NormalWorkerOptions, port: PoolPort): Pool {
  const cwd = process.cwd()
  if (options.pool === 'async') return new AsyncPool({ ...port, cwd, sources: () => sourcesOf(given, cwd) })
  checkCrosses(given, options.pool)
  return new CrewPool({
    ...port,
    kind: options.pool,
    concurrency: options.concurrency,
    logger: options.logger,
    member: () => memberOptions(given, options, cwd),
  })
}

async function sourcesOf({ tasks, middleware = [] }: WorkerOptions, cwd: string): Promise<TaskSources> {
  return { tasks: tasks ?? (await defaultTasks(cwd)), middleware }
}

async function memberOptions(given: WorkerOptions, options: NormalWorkerOptions, cwd: string): Promise<MemberOptions> {
  const sources = await sourcesOf(given, cwd)
  const { connection, prefix } = given
  const launch = { serialization: typeof connection === 'object' ? 'advanced' : 'json' } as const
  const heap = Number.isFinite(options.maxMemoryPerChild) ? { maxHeapMb: Math.ceil(options.maxMemoryPerChild / 1_048_576) } : {}
  return {
    launch: options.pool === 'processes' ? launchProcess(launch) : launchThread({ ...launch, ...heap }),
    init: {
      tasks: await locateAll(sources.tasks as string[], cwd),
      middleware: await locateAll(sources.middleware as string[], cwd),
      cwd,
      ...(connection !== undefined && { connection: connection as string | object }),
      ...(prefix !== undefined && { prefix }),
      memory: options.pool === 'processes' && Number.isFinite(options.maxMemoryPerChild),
      captureOutput: options.captureOutput,
    },
    graceMs: options.graceMs,
    maxLost: options.maxLost,
    maxJobs: options.maxJobsPerChild,
    maxMemory: options.maxMemoryPerChild,
  }
}

/** A child imports what it runs; functions and open connections stay where they are. */
function checkCrosses({ tasks, middleware, connection }: WorkerOptions, pool: PoolKind): void {
  const refuse = (what: string, mend: string): never => {
    throw new RqtsError('RQTS_BAD_OPTION', `With pool: '${pool}' handlers run in children, and ${what} cannot go there. ${mend}`)
  }
  const at = (tasks ?? []).findIndex((source: TaskSource) => typeof source !== 'string')
  if (at !== -1) refuse(`tasks[${at}], a function or object,`, "Give the path of the file that exports it: tasks: ['./tasks.ts']")
  if ((middleware ?? []).some((layer) => typeof layer !== 'string')) {
    refuse('a middleware function', "Give the path of a module whose default export it is: middleware: ['./trace.ts']")
  }
  try {
    if (typeof connection === 'object') structuredClone(connection)
  } catch {
    refuse('an ioredis client, or options with functions,', 'Give the URL, or plain options')
  }
}

async function defaultTasks(cwd: string): Promise<string[]> {
  const { found, searched } = await findTaskModules(cwd)
  if (found.length > 0) return found
  throw new RqtsError(
    'RQTS_TASK_FILE',
    `No tasks to run: give the worker { tasks: ['./tasks.ts'] }, or write one of ${searched.join(', ')} in ${cwd}`,
  )
}
