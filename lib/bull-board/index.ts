/**
 * rqts/bull-board: rqts queues in the bull-board that a team already has.
 *
 *     createBullBoard({ queues: [new RqtsAdapter('default')], serverAdapter })
 *
 * bull-board has no word for canceled jobs; those are not shown.
 */

import { BaseAdapter } from '@bull-board/api/dist/queueAdapters/base.js'
import type {
  AppJobScheduler,
  JobCleanStatus,
  JobCounts,
  JobSchedulerRepeatOptions,
  JobSchedulerUpdateResult,
  JobStatus,
  MetricsType,
  QueueAdapterOptions,
  QueueJob,
  QueueJobOptions,
  QueueMetrics,
  QueueRateLimit,
  QueueWorker,
  Status,
} from '@bull-board/api/typings/app'
import { changeJobs } from '../client/change-jobs.ts'
import { fullJob, logLines } from '../client/inspect-full.ts'
import { lazyStore, listWorkers, type Place, readSpans, type Store, workersServing } from '../client/inspector.ts'
import { Queue } from '../client/queue.ts'
import { editSchedule } from '../client/schedule-edit.ts'
import type { Schedule } from '../client/schedule-view.ts'
import { Schedules } from '../client/schedules.ts'
import { allMatching } from '../client/search-jobs.ts'
import { rowsOf } from '../client/search-rows.ts'
import type { ConnectOptions } from '../client/shared-store.ts'
import { BoardJob, HOMES, placesOf } from './job.ts'

export interface RqtsAdapterOptions extends ConnectOptions, Partial<Omit<QueueAdapterOptions, 'prefix'>> {
  /** What bull-board shows before the queue's name; `prefix` is that of the keys. */
  displayPrefix?: string
  allowCompletedRetries?: boolean
}

const LINES = 1_000
const MINUTES = 60
const PAGE = 500

/** One queue as bull-board wants it. */
export class RqtsAdapter extends BaseAdapter {
  readonly #name: string
  readonly #store: Store
  readonly #queue: Queue
  readonly #schedules: Schedules

  constructor(name: string, options: RqtsAdapterOptions = {}) {
    const { connection, prefix, displayPrefix, ...shown } = options
    super('bullmq', { ...shown, ...(displayPrefix !== undefined && { prefix: displayPrefix }) })
    this.#name = name
    this.#store = lazyStore({ connection, prefix })
    this.#queue = new Queue(name, {}, this.#store)
    this.#schedules = new Schedules(this.#store)
  }

  /** bull-board never closes what it shows. */
  async close(): Promise<void> {
    await this.#queue.close()
  }

  override getName(): string {
    return `${this.prefix}${this.#name}`
  }

  override getStatuses(): Status[] {
    return ['latest', ...this.getJobStatuses()]
  }

  override getJobStatuses(): JobStatus[] {
    return ['active', 'waiting', 'waiting-children', 'completed', 'failed', 'delayed']
  }

  override async getJobCounts(): Promise<JobCounts> {
    const { queued, started, deferred, scheduled, finished, failed } = await this.#queue.counts()
    const counts = { active: started, waiting: queued, 'waiting-children': deferred, completed: finished, failed, delayed: scheduled }
    return { latest: 0, prioritized: 0, paused: 0, ...counts }
  }

  override async getJobs(statuses: JobStatus[], start = 0, end = 19): Promise<QueueJob[]> {
    const lists = await Promise.all(statuses.map((status) => placesOf(this.#store, this.#name, status, start, end - start + 1)))
    const jobs = await Promise.all(lists.flat().map((place) => this.#job(place)))
    return jobs.filter((job) => job !== null)
  }

  override async getJob(id: string): Promise<QueueJob | null> {
    return await this.#job({ queue: this.#name, id: String(id) })
  }

  async #job(place: Place): Promise<BoardJob | null> {
    const full = await fullJob(this.#store, place)
    return full === null ? null : new BoardJob(this.#store, full)
  }

  override async getJobLogs(id: string): Promise<string[]> {
    return (await logLines(this.#store, { queue: this.#name, id }, 0, LINES)).lines
  }

  override async addJob(name: string, data: unknown, { delay, attempts }: QueueJobOptions): Promise<QueueJob> {
    const args = Array.isArray(data) ? data : data === undefined ? [] : [data]
    const options = { ...(delay && { delay }), ...(attempts && attempts > 1 && { retry: attempts - 1 }) }
    const { id } = await this.#queue.enqueue(name, args, options)
    return (await this.getJob(id))!
  }

  override async clean(status: JobCleanStatus, graceTimeMs: number): Promise<void> {
    const state = HOMES[status === 'wait' ? 'waiting' : status]
    const now = await this.#store.now()
    const found: Place[] = []
    for await (const batch of allMatching(this.#store, { state, queue: this.#name, words: [], problems: [] })) found.push(...batch)
    for (let at = 0; at < found.length; at += PAGE) {
      const rows = await rowsOf(this.#store, found.slice(at, at + PAGE))
      const old = rows.filter((row) => row !== null && (row.endedAt ?? row.enqueuedAt ?? row.createdAt ?? 0) <= now - graceTimeMs)
      await changeJobs(
        this.#store,
        'delete',
        old.map((row) => ({ queue: row!.queue, id: row!.id })),
      )
    }
  }

  override async getMetrics(type: MetricsType): Promise<QueueMetrics> {
    const { now, spans } = await readSpans(this.#store, this.#name, 'minute', MINUTES)
    const last = Math.floor(now / 60_000)
    const data = new Array<number>(MINUTES).fill(0)
    for (const { at, stats } of spans) data[last - at / 60_000] = type === 'completed' ? stats.finished : stats.failed
    const count = data.reduce((sum, n) => sum + n, 0)
    return { meta: { count, prevTS: now, prevCount: 0 }, data, count: data.length }
  }

  override async getRedisInfo(): Promise<string> {
    return String(await this.#store.client.call('INFO'))
  }

  override isPaused(): Promise<boolean> {
    return this.#queue.isPaused()
  }

  override async pause(): Promise<void> {
    await this.#queue.pause()
  }

  override async resume(): Promise<void> {
    await this.#queue.resume()
  }

  override async empty(): Promise<void> {
    await this.#queue.empty()
  }

  override async obliterate(): Promise<void> {
    await this.#queue.delete({ jobs: true })
  }

  override async promoteAll(): Promise<void> {
    const found: Place[] = []
    const query = { state: 'scheduled', queue: this.#name, words: [], problems: [] } as const
    for await (const batch of allMatching(this.#store, { ...query, words: [], problems: [] })) found.push(...batch)
    await changeJobs(this.#store, 'promote', found)
  }

  override async getGlobalConcurrency(): Promise<number | null> {
    return (await this.#queue.limits()).concurrency ?? null
  }

  override async setGlobalConcurrency(concurrency: number): Promise<void> {
    await this.#queue.setLimits({ concurrency: concurrency > 0 ? concurrency : null })
  }

  override get supportsGlobalRateLimit(): boolean {
    return true
  }

  override async getConfiguredRateLimit(): Promise<QueueRateLimit | null> {
    const { rate } = await this.#queue.limits()
    return rate === undefined ? null : { max: rate.max, duration: rate.per }
  }

  override async setConfiguredRateLimit({ max, duration }: QueueRateLimit): Promise<void> {
    await this.#queue.setLimits({ rate: { max, per: duration } })
  }

  override async removeConfiguredRateLimit(): Promise<void> {
    await this.#queue.setLimits({ rate: null })
  }

  override async getWorkers(): Promise<QueueWorker[]> {
    const serving = workersServing(await listWorkers(this.#store), this.#name)
    return serving.map(({ name, host, pid, heartbeatAgeMs }) => ({
      id: name,
      name,
      addr: `${host}:${pid}`,
      age: Math.round(heartbeatAgeMs / 1000),
    }))
  }

  override async getJobSchedulers(): Promise<Omit<AppJobScheduler, 'queueName'>[]> {
    return (await this.#schedules.list()).filter(({ queue }) => queue === this.#name).map(schedulerView)
  }

  override async getJobSchedulersCount(): Promise<number> {
    return (await this.getJobSchedulers()).length
  }

  override async removeJobScheduler(id: string): Promise<boolean> {
    return await this.#schedules.remove(id)
  }

  override get supportsJobSchedulerUpdate(): boolean {
    return true
  }

  override async updateJobScheduler(id: string, { pattern, every, tz }: JobSchedulerRepeatOptions): Promise<JobSchedulerUpdateResult> {
    if ((await this.#schedules.get(id)) === null) return 'not-found'
    try {
      const when = pattern !== undefined ? { cron: pattern } : every !== undefined ? { every: `${every}ms` } : {}
      await editSchedule(this.#store, id, { ...when, ...(tz !== undefined && { tz }) })
      return 'updated'
    } catch {
      return 'invalid-schedule'
    }
  }

  override get supportsJobSchedulerRun(): boolean {
    return true
  }

  override async runJobSchedulerNow(id: string): Promise<QueueJob | 'not-found'> {
    if ((await this.#schedules.get(id)) === null) return 'not-found'
    const { id: job, queue } = await this.#schedules.runNow(id)
    return (await this.#job({ queue, id: job })) ?? 'not-found'
  }
}

function schedulerView({
  name,
  task,
  trigger,
  tz,
  limit,
  startAt,
  endAt,
  nextRunAt,
  lastRun,
  runs,
  args,
}: Schedule): Omit<AppJobScheduler, 'queueName'> {
  return {
    id: name,
    name: task,
    ...(trigger.kind === 'cron' && { pattern: trigger.cron }),
    ...(trigger.kind === 'every' && { every: trigger.ms }),
    tz,
    ...(limit !== undefined && { limit }),
    ...(startAt !== undefined && { startDate: startAt.getTime() }),
    ...(endAt !== undefined && { endDate: endAt.getTime() }),
    ...(nextRunAt !== undefined && { next: nextRunAt.getTime() }),
    ...(lastRun !== undefined && { lastRun: lastRun.at.getTime(), lastRunJobId: lastRun.id }),
    iterationCount: runs,
    template: { data: args },
  }
}
