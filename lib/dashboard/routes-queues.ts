import { type ErrorGroupFound, errorGroups } from '../client/error-groups.ts'
import {
  iso,
  lookAround,
  parseStoredError,
  readSpans,
  readTaskStats,
  type Stats,
  type Store,
  summarizeStats,
  sumStats,
} from '../client/inspector.ts'
import { Queue } from '../client/queue.ts'
import { searchJobs, workflowRows } from '../client/search-jobs.ts'
import { steerWorker } from '../client/steer.ts'
import { hasEnded, isWaiting } from '../job/state.ts'
import type { ErrorGroup, StatsPoint, StatsRange, StatsView, WorkflowView } from './contract.ts'
import type { Handlers, Tools } from './handlers.ts'
import { errorView, rowView } from './job-views.ts'
import { redactedText } from './payload.ts'
import { redisView } from './redis-view.ts'
import { Refusal } from './refusal.ts'

type QueueRoutes =
  | 'GET /overview'
  | 'GET /stats'
  | 'POST /queue/pause'
  | 'POST /queue/resume'
  | 'POST /queue/empty'
  | 'POST /queue/delete'
  | 'GET /errors'
  | 'GET /errors/detail'
  | 'GET /workflows'
  | 'GET /workers'
  | 'POST /worker/pause'
  | 'POST /worker/resume'
  | 'POST /worker/stop'
  | 'POST /worker/concurrency'
  | 'GET /redis'

const EXAMPLES = 20
const MAX_PAUSE_MS = 30 * 86_400_000

export function queueRoutes(tools: Tools): Handlers<QueueRoutes> {
  return { ...overviewRoutes(tools), ...steerRoutes(tools), ...errorRoutes(tools) }
}

function overviewRoutes({ store, overview, log }: Tools) {
  return {
    'GET /overview': () => overview.read(1_000),
    'GET /stats': (input) => statsView(store, input.optionalName('queue') ?? null, input.choice('range', ['1h', '24h', '7d', '30d'], '1h')),
    'POST /queue/pause': async (input, visitor) => {
      await queue(store, input.name('queue')).pause()
      log(visitor, 'pause queue', { queue: input.name('queue') })
      return { ok: true }
    },
    'POST /queue/resume': async (input, visitor) => {
      await queue(store, input.name('queue')).resume()
      log(visitor, 'resume queue', { queue: input.name('queue') })
      return { ok: true }
    },
    'POST /queue/empty': async (input, visitor) => {
      const deleted = await queue(store, input.name('queue')).empty()
      log(visitor, 'empty queue', { queue: input.name('queue'), deleted })
      return { deleted }
    },
    'POST /queue/delete': async (input, visitor) => {
      await queue(store, input.name('queue')).delete({ jobs: input.flag('jobs') })
      log(visitor, 'delete queue', { queue: input.name('queue'), jobs: input.flag('jobs') })
      return { ok: true }
    },
    'GET /workers': async () => ({ workers: (await overview.read(1_000)).workers }),
    'GET /redis': () => redisView(store),
    'GET /workflows': async () => {
      const { rows, searched, complete } = await workflowRows(store)
      return { workflows: workflowsIn(rows), searched, complete }
    },
  } satisfies Partial<Handlers>
}

function queue(store: Store, name: string): Queue {
  return new Queue(name, {}, store)
}

function steerRoutes({ store, log }: Tools) {
  const steer = async (name: string, order: Parameters<typeof steerWorker>[2], note: () => void) => {
    const workers = await steerWorker(store, name, order)
    note()
    return { workers }
  }
  const whom = (input: Parameters<Handlers['POST /worker/stop']>[0]): string =>
    input.text('name', 128) === '*' ? '*' : input.name('worker', 'name')
  return {
    'POST /worker/pause': (input, visitor) => {
      const forMs = input.has('forMs') ? input.whole('forMs', 1, MAX_PAUSE_MS) : undefined
      const order = forMs === undefined ? ({ do: 'pause' } as const) : ({ do: 'pause', for: forMs } as const)
      return steer(whom(input), order, () => log(visitor, 'pause worker', { worker: whom(input), forMs }))
    },
    'POST /worker/resume': (input, visitor) =>
      steer(whom(input), { do: 'resume' }, () => log(visitor, 'resume worker', { worker: whom(input) })),
    'POST /worker/stop': (input, visitor) => {
      const force = input.flag('force')
      return steer(whom(input), { do: 'stop', force }, () => log(visitor, 'stop worker', { worker: whom(input), force }))
    },
    'POST /worker/concurrency': (input, visitor) => {
      const value = input.whole('value', 1, 1_000)
      return steer(whom(input), { do: 'concurrency', value }, () => log(visitor, 'set concurrency', { worker: whom(input), value }))
    },
  } satisfies Partial<Handlers>
}

function errorRoutes({ store, options: { redaction } }: Tools) {
  const group = (found: ErrorGroupFound): ErrorGroup => {
    const { newest, error, firstAt, lastAt, queues, fingerprint, task, frame, count } = found
    const message = redactedText(error.message, { ...newest, task, part: 'error' }, redaction)
    return {
      fingerprint,
      task,
      name: error.name,
      message,
      frame,
      count,
      example: newest,
      queues: [...queues],
      firstAt: iso(firstAt),
      lastAt: iso(lastAt),
    }
  }
  return {
    'GET /errors': async (input) => {
      const [name, sinceMs] = [input.optionalName('queue'), input.optionalDuration('since')]
      const found = await errorGroups(store, { ...(name !== undefined && { queue: name }), ...(sinceMs !== undefined && { sinceMs }) })
      return { ...found, groups: found.groups.map(group) }
    },
    'GET /errors/detail': async (input) => {
      const name = input.optionalName('queue')
      const fingerprint = input.text('fingerprint', 40)
      const { groups } = await errorGroups(store, name === undefined ? {} : { queue: name })
      const found = groups.find((one) => one.fingerprint === fingerprint)
      if (found === undefined) throw new Refusal(404, 'RQTS_JOB_NOT_FOUND', 'No failed job has this error any more', { what: 'error-gone' })
      const query = { state: 'failed', fingerprint, words: [], problems: [], ...(name !== undefined && { queue: name }) } as const
      const { rows } = await searchJobs(store, { ...query, words: [], problems: [] }, { limit: EXAMPLES })
      const newest = rows.find(({ id }) => id === found.newest.id)
      const error = newest?.error === undefined ? found.error : parseStoredError(newest.error)
      const where = { ...found.newest, task: found.task }
      return { group: group(found), error: errorView(error, where, redaction), jobs: rows.map((row) => rowView(row, redaction)) }
    },
  } satisfies Partial<Handlers>
}

const RANGES: Record<StatsRange, { unit: 'minute' | 'hour'; spans: number; each: number }> = {
  '1h': { unit: 'minute', spans: 60, each: 1 },
  '24h': { unit: 'minute', spans: 1_440, each: 15 },
  '7d': { unit: 'hour', spans: 168, each: 2 },
  '30d': { unit: 'hour', spans: 720, each: 12 },
}

async function statsView(store: Store, name: string | null, range: StatsRange): Promise<StatsView> {
  const { unit, spans: count, each } = RANGES[range]
  const names = name === null ? (await lookAround(store)).seen.queues.map((one) => one.name) : [name]
  const hours = unit === 'minute' ? Math.ceil(count / 60) + 1 : Math.min(count, 192)
  const [read, tasks] = await Promise.all([
    Promise.all(names.map((one) => readSpans(store, one, unit, count))),
    Promise.all(names.map((one) => readTaskStats(store, one, hours))),
  ])
  const now = read[0]?.now ?? (await store.now())
  const stepMs = (unit === 'minute' ? 60_000 : 3_600_000) * each
  const buckets = new Map<number, Stats[]>()
  for (const { at, stats } of read.flatMap(({ spans }) => spans)) {
    const start = Math.floor(at / stepMs) * stepMs
    buckets.set(start, [...(buckets.get(start) ?? []), stats])
  }
  const last = Math.floor(now / stepMs) * stepMs
  const points = Array.from({ length: Math.ceil(count / each) }, (_, i) => last - (Math.ceil(count / each) - 1 - i) * stepMs)
  return {
    queue: name,
    range,
    stepMs,
    points: points.map((at): StatsPoint => {
      const stats = sumStats(buckets.get(at) ?? [])
      const minutes = Math.max(1, Math.min(stepMs, now - at) / 60_000)
      const { startedPerMinute: _, ...rates } = summarizeStats(stats, minutes)
      const { started, finished, failed, retried } = stats
      return { at: new Date(at).toISOString(), started, finished, failed, retried, ...rates, partial: at === last }
    }),
    tasks: taskStats(tasks, hours * 60),
  }
}

const MAX_TASKS = 50

function taskStats(read: readonly Map<string, Stats>[], minutes: number): StatsView['tasks'] {
  const byTask = new Map<string, Stats[]>()
  for (const [task, stats] of read.flatMap((tasks) => [...tasks])) byTask.set(task, [...(byTask.get(task) ?? []), stats])
  const all = [...byTask].map(([task, parts]) => {
    const stats = sumStats(parts)
    const { startedPerMinute: _, ...rates } = summarizeStats(stats, minutes)
    return { task, finished: stats.finished, failed: stats.failed, retried: stats.retried, ...rates }
  })
  return all.sort((a, b) => b.finished + b.failed - a.finished - a.failed).slice(0, MAX_TASKS)
}

function workflowsIn(rows: Awaited<ReturnType<typeof workflowRows>>['rows']): WorkflowView[] {
  const groups = new Map<string, typeof rows>()
  for (const row of rows) groups.set(row.workflow!, [...(groups.get(row.workflow!) ?? []), row])
  const views = [...groups].map(([id, jobs]): WorkflowView => {
    const ended = jobs.filter(({ status }) => hasEnded(status))
    const bad = ended.filter(({ status }) => status !== 'finished')
    const failed = bad.filter(({ reason }) => reason !== 'dependency')
    const open = ended.length < jobs.length
    const broken = failed.some(({ status }) => status === 'failed' || status === 'expired') ? 'failed' : 'canceled'
    const going = jobs.every(({ status }) => isWaiting(status)) ? 'queued' : 'started'
    const times = jobs.flatMap(({ createdAt, enqueuedAt, endedAt }) => [createdAt ?? enqueuedAt, endedAt]).filter((at) => at !== undefined)
    return {
      id,
      jobs: jobs.length,
      done: ended.length,
      failed: failed.length,
      status: bad.length > 0 ? broken : open ? going : 'finished',
      firstAt: iso(Math.min(...times)),
      lastAt: iso(Math.max(...times)),
      example: { queue: jobs[0]!.queue, id: jobs[0]!.id },
      // Steps are made one after the other, and their ids sort by that.
      tasks: [...new Set(jobs.toSorted((a, b) => (a.id < b.id ? -1 : 1)).map(({ task }) => task))].slice(0, 20),
    }
  })
  return views.sort((a, b) => ((a.lastAt ?? '') < (b.lastAt ?? '') ? 1 : -1)).slice(0, 500)
}
