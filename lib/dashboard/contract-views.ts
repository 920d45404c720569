/**
 * What the JSON API of the dashboard shows, shape by shape; contract.ts says which route replies with which. Imports nothing but types, so that the
 * front end shares it. Names ending in `At` are ISO text, those ending in `Ms` milliseconds; what is unset is null.
 */
import type { JobAction, JobRef, PayloadView } from './contract-jobs.ts'
import type { ChangeRefusal, Facts, FindingName, ScheduleWarningName } from './contract-words.ts'

export type WorkerState = 'starting' | 'idle' | 'busy' | 'paused' | 'suspended' | 'stopping' | 'lost'

export interface Counts {
  queued: number
  started: number
  deferred: number
  scheduled: number
  finished: number
  failed: number
  canceled: number
}

/** Of a span of time. A percentile is null when nothing was measured. */
export interface Rates {
  /** Attempts per minute that ended `finished`, and all that ended otherwise (retries included). */
  finishedPerMinute: number
  failedPerMinute: number
  waitP50Ms: number | null
  waitP95Ms: number | null
  runP50Ms: number | null
  runP95Ms: number | null
}

export interface QueueView extends Counts, Rates {
  name: string
  paused: boolean
  /** Live workers that serve it. */
  workers: number
  /** Their slots together. */
  slots: number
  /** How long the next job has waited; null when none waits. */
  oldestMs: number | null
  /** Jobs wait and no live worker serves the queue: the loudest signal. */
  unserved: boolean
  limits: QueueLimits | null
  /** Attempts that ended in each of the last 60 minutes, oldest first; the last one is not over. */
  sparkline: { finished: number[]; failed: number[] }
}

export interface LimitView {
  /** Jobs that run at the same time at most, on all workers together. */
  concurrency: number | null
  rate: { max: number; perMs: number } | null
}

export interface QueueLimits extends LimitView {
  /** Of single tasks in this queue. */
  tasks: (LimitView & { task: string })[]
}

export interface WorkerJob {
  id: string
  queue: string
  /** Null when the job could not be read any more. */
  task: string | null
  startedAt: string | null
  elapsedMs: number | null
}

export interface WorkerView {
  name: string
  state: WorkerState
  host: string
  pid: number
  /** Of child processes or threads, when handlers run there. */
  pids: number[]
  queues: string[]
  pool: string
  concurrency: number
  jobs: WorkerJob[]
  succeeded: number
  failed: number
  /** Resident bytes, null when it did not say. */
  memory: number | null
  version: string
  node: string
  startedAt: string | null
  heartbeatAgeMs: number
  tasks: string[]
}

/** One look at everything: the overview page, and the event `overview` of the stream. */
export interface OverviewView {
  /** Redis time. */
  at: string
  queues: QueueView[]
  workers: WorkerView[]
  totals: Counts &
    Rates & {
      queues: number
      workers: number
      lostWorkers: number
      slots: number
      oldestMs: number | null
      sparkline: QueueView['sparkline']
    }
  /** What is wrong, worst first. */
  alerts: AlertView[]
  redis: { url: string; version: string; usedMemory: number; maxMemory: number; latencyMs: number }
  schedules: { total: number; next: { name: string; at: string } | null; lateMs: number }
}

export interface AlertView {
  kind: 'no-worker' | 'queue-paused' | 'worker-lost' | 'redis' | 'schedules-late' | 'failing'
  level: 'bad' | 'warn'
  /** English, for people; the fields below let the front end say it in its own words. */
  text: string
  queue: string | null
  worker: string | null
  count: number | null
}

export interface StatsPoint extends Rates {
  at: string
  started: number
  finished: number
  failed: number
  retried: number
  /** The span has not ended: draw it dashed. */
  partial: boolean
}

export interface TaskStats extends Rates {
  task: string
  finished: number
  failed: number
  retried: number
}

export interface StatsView {
  queue: string | null
  range: StatsRange
  stepMs: number
  points: StatsPoint[]
  /** Busiest first, at most 50; `*` stands for all beyond what was counted one by one. */
  tasks: TaskStats[]
}

export type StatsRange = '1h' | '24h' | '7d' | '30d'

export interface ScheduleRunView {
  id: string
  queue: string
  at: string
  firedAt: string
  outcome: string
  endedAt: string | null
}

export interface ScheduleView {
  name: string
  task: string
  queue: string
  expression: string
  words: string
  tz: string
  trigger: 'cron' | 'every' | 'sun' | 'custom'
  state: 'active' | 'paused' | 'ended'
  nextRunAt: string | null
  lastRun: ScheduleRunView | null
  runs: number
  overlap: string
  misfire: string
  jitterMs: number
  startAt: string | null
  endAt: string | null
  limit: number | null
  updatedAt: string
  warnings: { text: string; what: ScheduleWarningName }[]
}

export interface ScheduleDetailView extends ScheduleView {
  args: PayloadView
  next: string[]
  history: ScheduleRunView[]
}

export interface WorkflowView {
  id: string
  /** Among the jobs that were looked at. */
  jobs: number
  done: number
  failed: number
  status: 'queued' | 'started' | 'finished' | 'failed' | 'canceled'
  firstAt: string | null
  lastAt: string | null
  /** One of its jobs, to ask its graph by. */
  example: JobRef
  tasks: string[]
}

export interface RedisView {
  url: string
  product: 'Redis' | 'Valkey'
  version: string
  mode: string
  uptimeMs: number
  clients: number
  usedMemory: number
  maxMemory: number
  peakMemory: number
  fragmentation: number | null
  evictionPolicy: string
  persistence: 'append-only' | 'snapshots' | 'none' | 'unknown'
  /** When snapshots are taken, as CONFIG says it. */
  save: string | null
  opsPerSecond: number
  keys: { queue: string; jobs: number; waiting: number; retained: number }[]
  slowlog: { id: number; at: string; tookMs: number; command: string }[]
  findings: FindingView[]
}

export interface FindingView {
  check: string
  level: 'ok' | 'warn' | 'bad'
  found: string
  remedy: string | null
  what: FindingName
  facts: Facts
}

export interface BulkView {
  id: string
  action: JobAction
  /** The search, or null for a list of ids. */
  query: string | null
  state: 'running' | 'done' | 'aborted' | 'failed'
  total: number
  done: number
  failed: number
  /** The first few reasons why jobs were left alone. */
  problems: { id: string; queue: string; text: string; what: ChangeRefusal | null; facts: Facts }[]
  startedAt: string
  endedAt: string | null
}
