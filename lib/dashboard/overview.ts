import { lookAround, readSpans, type Stats, type Store, summarizeStats, sumStats, workersServing } from '../client/inspector.ts'
import { Queue } from '../client/queue.ts'
import { Schedules } from '../client/schedules.ts'
import type { Limits } from '../job/limits.ts'
import type { AlertView, LimitView, OverviewView, QueueView, Rates } from './contract.ts'
import { workerViews } from './workers.ts'

const MINUTES = 60
/** Rates are of the last five minutes: recent, and not jumping about. */
const RATE_MINUTES = 5
const FAILING_SHARE = 0.5
const SCHEDULE_LATE_MS = 60_000

/** Reads the overview again and again: minutes that are over do not change, so only what came since is read. */
export class OverviewReader {
  readonly #store: Store
  readonly #schedules: Schedules
  readonly #minutes = new Map<string, Map<number, Stats>>()
  #under: Promise<OverviewView> | undefined
  #latest: { at: number; view: OverviewView } | undefined

  constructor(store: Store) {
    this.#store = store
    this.#schedules = new Schedules(store)
  }

  /** However many ask, one look is under way; one that is younger than `maxAgeMs` is good enough. */
  async read(maxAgeMs = 0): Promise<OverviewView> {
    if (this.#latest !== undefined && performance.now() - this.#latest.at < maxAgeMs) return this.#latest.view
    this.#under ??= this.#look().finally(() => {
      this.#under = undefined
    })
    return await this.#under
  }

  async #look(): Promise<OverviewView> {
    const began = performance.now()
    await this.#store.client.call('PING')
    const latencyMs = performance.now() - began
    const [{ seen, records, info }, health, next] = await Promise.all([
      lookAround(this.#store),
      this.#schedules.health(),
      this.#schedules.soonest(),
    ])
    const stats = await Promise.all(seen.queues.map(({ name }) => this.#hour(name)))
    for (const name of this.#minutes.keys()) if (!seen.queues.some((queue) => queue.name === name)) this.#minutes.delete(name)
    const [workers, limits] = await Promise.all([
      workerViews(this.#store, records),
      Promise.all(seen.queues.map(({ name, limited }) => (limited ? limitsOf(this.#store, name) : Promise.resolve(null)))),
    ])
    const now = stats[0]?.now ?? (await this.#store.now())
    const queues = seen.queues.map((one, i): QueueView => {
      const { limited: _, ...queue } = one
      const serving = workersServing(seen.workers, queue.name)
      return {
        ...queue,
        ...ratesOf(stats[i]!.minutes, now),
        slots: serving.reduce((sum, { concurrency }) => sum + concurrency, 0),
        unserved: queue.queued > 0 && queue.workers === 0,
        limits: limits[i]!,
        sparkline: sparklineOf(stats[i]!.minutes, now),
      }
    })
    const { queued, started, deferred, scheduled, finished, failed, canceled } = seen.totals
    const all = stats.flatMap(({ minutes }) => [...minutes])
    const live = workers.filter(({ state }) => state !== 'lost')
    const view: OverviewView = {
      at: new Date(now).toISOString(),
      queues,
      workers,
      totals: {
        queued,
        started,
        deferred,
        scheduled,
        finished,
        failed,
        canceled,
        ...ratesOf(all, now),
        queues: queues.length,
        workers: live.length,
        lostWorkers: workers.length - live.length,
        slots: live.reduce((sum, { concurrency }) => sum + concurrency, 0),
        oldestMs: queues.reduce<number | null>((most, { oldestMs }) => (oldestMs === null ? most : Math.max(most ?? 0, oldestMs)), null),
        sparkline: sparklineOf(all, now),
      },
      alerts: [],
      redis: { ...seen.redis, maxMemory: Number(info.get('maxmemory') ?? 0), latencyMs },
      schedules: { total: health.schedules, next, lateMs: health.lateMs },
    }
    view.alerts = alertsOf(view)
    this.#latest = { at: performance.now(), view }
    return view
  }

  async #hour(queue: string): Promise<{ now: number; minutes: Iterable<[number, Stats]> }> {
    const known = this.#minutes.get(queue)
    // The minute before the last may still be added to by a worker that was late.
    const last = known === undefined ? 0 : Math.max(0, ...known.keys())
    const missing = last === 0 ? MINUTES : Math.min(MINUTES, Math.ceil((Date.now() - last) / 60_000) + 3)
    const { now, spans } = await readSpans(this.#store, queue, 'minute', missing)
    const minutes = known ?? new Map<number, Stats>()
    for (const { at, stats } of spans) minutes.set(at, stats)
    for (const at of minutes.keys()) if (at <= now - MINUTES * 60_000) minutes.delete(at)
    this.#minutes.set(queue, minutes)
    return { now, minutes }
  }
}

async function limitsOf(store: Store, queue: string): Promise<QueueView['limits']> {
  const { tasks, ...own } = await new Queue(queue, {}, store).limits()
  const limits = { ...limitView(own), tasks: Object.entries(tasks).map(([task, rule]) => ({ task, ...limitView(rule) })) }
  return limits.concurrency === null && limits.rate === null && limits.tasks.length === 0 ? null : limits
}

function limitView({ concurrency, rate }: Pick<Limits, 'concurrency' | 'rate'>): LimitView {
  return { concurrency: concurrency ?? null, rate: rate === undefined ? null : { max: rate.max, perMs: rate.per } }
}

function ratesOf(minutes: Iterable<readonly [number, Stats]>, now: number): Rates {
  const from = now - RATE_MINUTES * 60_000
  const recent = [...minutes].filter(([at]) => at > from).map(([, stats]) => stats)
  const lasted = RATE_MINUTES - 1 + ((now / 1000) % 60) / 60
  const { startedPerMinute: _, ...rates } = summarizeStats(sumStats(recent), lasted)
  return rates
}

function sparklineOf(minutes: Iterable<readonly [number, Stats]>, now: number): QueueView['sparkline'] {
  const first = Math.floor(now / 60_000) - MINUTES + 1
  const finished = new Array<number>(MINUTES).fill(0)
  const failed = new Array<number>(MINUTES).fill(0)
  for (const [at, stats] of minutes) {
    const i = at / 60_000 - first
    if (i < 0 || i >= MINUTES) continue
    finished[i]! += stats.finished
    failed[i]! += stats.failed + stats.retried + stats.lost
  }
  return { finished, failed }
}

function alertsOf({ queues, workers, schedules }: OverviewView): AlertView[] {
  const alerts: AlertView[] = []
  const add = (alert: Partial<AlertView> & Pick<AlertView, 'kind' | 'level' | 'text'>): void => {
    alerts.push({ queue: null, worker: null, count: null, ...alert })
  }
  for (const { name, queued, unserved, paused, finishedPerMinute, failedPerMinute } of queues) {
    if (unserved) {
      add({
        kind: 'no-worker',
        level: 'bad',
        queue: name,
        count: queued,
        text: `${queued} waiting in ${name}, no worker: run rqts worker ${name}`,
      })
    }
    if (paused && queued > 0)
      add({ kind: 'queue-paused', level: 'warn', queue: name, count: queued, text: `${name} is paused with ${queued} waiting` })
    if (failedPerMinute >= 1 && failedPerMinute > FAILING_SHARE * (finishedPerMinute + failedPerMinute)) {
      const share = Math.round((100 * failedPerMinute) / (finishedPerMinute + failedPerMinute))
      add({ kind: 'failing', level: 'bad', queue: name, count: share, text: `${share} % of the attempts in ${name} fail` })
    }
  }
  for (const { name, state, jobs } of workers) {
    if (state !== 'lost') continue
    add({ kind: 'worker-lost', level: 'warn', worker: name, count: jobs.length, text: `${name} was lost; it had ${jobs.length} running` })
  }
  if (schedules.lateMs > SCHEDULE_LATE_MS) {
    const text = 'Schedules are late: no worker or scheduler fires them'
    add({ kind: 'schedules-late', level: 'bad', count: Math.round(schedules.lateMs / 1000), text })
  }
  return alerts.sort((a, b) => (a.level === b.level ? 0 : a.level === 'bad' ? -1 : 1))
}
