import { lookAround, outboxLengths, overdueBy, readTaskStats, readTotalStats, type Store, type TaskCounts } from '../client/inspector.ts'
import { Schedules } from '../client/schedules.ts'
import { BUCKETS, bucketBound } from '../histogram.ts'
import { VERSION } from '../version.ts'

const STATES = ['queued', 'started', 'deferred', 'scheduled', 'finished', 'failed', 'canceled'] as const
const OUTCOMES = ['finished', 'failed', 'retried', 'stopped', 'lost'] as const

/** Lines in the text format of Prometheus. */
class Lines {
  #text = ''

  metric(name: string, type: 'gauge' | 'counter' | 'histogram', help: string): void {
    this.#text += `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`
  }

  value(name: string, labels: Readonly<Record<string, string>>, value: number): void {
    const list = Object.entries(labels).map(
      ([label, text]) => `${label}="${text.replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n')}"`,
    )
    this.#text += `${name}${list.length === 0 ? '' : `{${list.join(',')}}`} ${Number.isFinite(value) ? value : value > 0 ? '+Inf' : 0}\n`
  }

  /** Every second bucket, so powers of two, in seconds. */
  histogram(name: string, labels: Readonly<Record<string, string>>, counts: readonly number[], sumMs: number): void {
    let total = 0
    for (let i = 0; i < BUCKETS; i++) {
      total += counts[i] ?? 0
      if (i % 2 === 0 && i <= LAST_BUCKET) this.value(`${name}_bucket`, { ...labels, le: String(bucketBound(i) / 1000) }, total)
    }
    this.value(`${name}_bucket`, { ...labels, le: '+Inf' }, total)
    this.value(`${name}_sum`, labels, sumMs / 1000)
    this.value(`${name}_count`, labels, total)
  }

  toString(): string {
    return this.#text
  }
}

/** 2^22 ms, more than an hour: what takes longer is in `+Inf`. */
const LAST_BUCKET = 44

/** All that Redis knows, for one scrape of the whole system. Counters forget what is a month old; Prometheus takes that for a restart. */
export async function metricsText(store: Store): Promise<string> {
  const lines = new Lines()
  const [{ seen, info }, health] = await Promise.all([lookAround(store), new Schedules(store).health()])
  const names = seen.queues.map(({ name }) => name)
  const [totals, tasks, outboxes, overdue] = await Promise.all([
    Promise.all(names.map((name) => readTotalStats(store, name))),
    Promise.all(names.map((name) => readTaskStats(store, name, 0))),
    outboxLengths(store, names),
    overdueBy(store, names),
  ])
  lines.metric('rqts_info', 'gauge', 'The version of rqts that tells this')
  lines.value('rqts_info', { version: VERSION, redis: seen.redis.version }, 1)
  queueGauges(lines, seen)
  const perQueue = (name: string, type: 'gauge' | 'counter', help: string, value: (i: number) => number): void => {
    lines.metric(name, type, help)
    names.forEach((queue, i) => lines.value(name, { queue }, value(i)))
  }
  perQueue('rqts_outbox_messages', 'gauge', 'Messages to dependents and callbacks not yet delivered', (i) => outboxes[i]!)
  perQueue('rqts_promotion_lag_seconds', 'gauge', 'How long the most overdue scheduled job is past its time', (i) => overdue[i]! / 1000)
  perQueue('rqts_attempts_started_total', 'counter', 'Attempts begun', (i) => totals[i]!.started)
  lines.metric('rqts_schedules_late_seconds', 'gauge', 'How late the most overdue run of a schedule is')
  lines.value('rqts_schedules_late_seconds', {}, health.lateMs / 1000)
  lines.metric('rqts_redis_used_memory_bytes', 'gauge', 'Memory that Redis uses')
  lines.value('rqts_redis_used_memory_bytes', {}, seen.redis.usedMemory)
  lines.metric('rqts_redis_max_memory_bytes', 'gauge', 'Its limit, 0 for none')
  lines.value('rqts_redis_max_memory_bytes', {}, Number(info.get('maxmemory') ?? 0))
  taskMetrics(
    lines,
    names.flatMap((queue, i) => [...tasks[i]!].map(([task, stats]): TaskCounts => [queue, task, stats])),
  )
  return lines.toString()
}

function queueGauges(lines: Lines, { queues, workers }: Awaited<ReturnType<typeof lookAround>>['seen']): void {
  lines.metric('rqts_jobs', 'gauge', 'Jobs by queue and state')
  for (const queue of queues) for (const state of STATES) lines.value('rqts_jobs', { queue: queue.name, state }, queue[state])
  lines.metric('rqts_oldest_waiting_seconds', 'gauge', 'How long the next job of a queue has waited')
  for (const { name, oldestMs } of queues) lines.value('rqts_oldest_waiting_seconds', { queue: name }, (oldestMs ?? 0) / 1000)
  lines.metric('rqts_queue_paused', 'gauge', '1 when the queue is paused')
  for (const { name, paused } of queues) lines.value('rqts_queue_paused', { queue: name }, paused ? 1 : 0)
  lines.metric('rqts_queue_workers', 'gauge', 'Live workers that serve a queue')
  for (const { name, workers: serving } of queues) lines.value('rqts_queue_workers', { queue: name }, serving)
  lines.metric('rqts_workers', 'gauge', 'Workers by state; lost ones are forgotten after an hour')
  for (const state of ['starting', 'idle', 'busy', 'paused', 'suspended', 'stopping', 'lost'] as const) {
    lines.value('rqts_workers', { state }, workers.filter((worker) => worker.state === state).length)
  }
}

/** What a worker has counted itself: for its own port. */
export function workerMetricsText(worker: { name: string; concurrency: number; running: number; counts: Iterable<TaskCounts> }): string {
  const lines = new Lines()
  lines.metric('rqts_worker_slots', 'gauge', 'Jobs that this worker runs at the same time at most')
  lines.value('rqts_worker_slots', { worker: worker.name }, worker.concurrency)
  lines.metric('rqts_worker_running', 'gauge', 'Jobs that run here now')
  lines.value('rqts_worker_running', { worker: worker.name }, worker.running)
  const memory = process.memoryUsage()
  lines.metric('process_resident_memory_bytes', 'gauge', 'Resident memory of this process')
  lines.value('process_resident_memory_bytes', {}, memory.rss)
  taskMetrics(lines, [...worker.counts])
  return lines.toString()
}

function taskMetrics(lines: Lines, all: readonly TaskCounts[]): void {
  lines.metric('rqts_attempts_total', 'counter', 'Attempts ended, by outcome')
  for (const [queue, task, stats] of all) {
    for (const outcome of OUTCOMES) if (stats[outcome] > 0) lines.value('rqts_attempts_total', { queue, task, outcome }, stats[outcome])
  }
  lines.metric('rqts_wait_seconds', 'histogram', 'From enqueueing to the start')
  for (const [queue, task, stats] of all) lines.histogram('rqts_wait_seconds', { queue, task }, stats.waits, stats.waitMs)
  lines.metric('rqts_run_seconds', 'histogram', 'From the start of an attempt to its end')
  for (const [queue, task, stats] of all) lines.histogram('rqts_run_seconds', { queue, task }, stats.runs, stats.runMs)
}
