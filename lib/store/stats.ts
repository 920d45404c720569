/**
 * What workers have counted, per queue: `stats:MINUTE` and `stats:hour:HOUR` (numbers since 1970), `stats:total`, and the same by task in
 * `stats:tasks:HOUR`, `stats:tasks:total`. Fields: `started finished failed retried stopped lost`, sums `wait` and `run` in ms, and how often a
 * span fell into a bucket of histogram.ts: `wait:N`, `run:N`. In the hashes of tasks each field stands behind the task's name and a space.
 */
import { BUCKETS, percentile } from '../histogram.ts'
import type { Store } from './store.ts'

export const COUNTS = ['started', 'finished', 'failed', 'retried', 'stopped', 'lost'] as const
export type Count = (typeof COUNTS)[number]

/** Attempts within some span: a retried job counts once per attempt. */
export type Stats = Record<Count, number> & {
  /** Sums, ms. */
  waitMs: number
  runMs: number
  /** How many fell into each bucket. */
  waits: number[]
  runs: number[]
}

export interface StatsSummary {
  /** Attempts per minute. */
  startedPerMinute: number
  finishedPerMinute: number
  /** Failed for good, or to be tried again. */
  failedPerMinute: number
  waitP50Ms: number | null
  waitP95Ms: number | null
  runP50Ms: number | null
  runP95Ms: number | null
}

export interface QueueStats extends StatsSummary {
  queue: string
  /** The whole span taken together. */
  stats: Stats
}

/** One minute or hour in which something happened. */
export interface StatsSpan {
  /** Its begin, epoch ms. */
  at: number
  stats: Stats
}

/** Added by a worker; a field is a name of this file's head. */
export type Increment = readonly [field: string, by: number]

/** `call` names this call, so that sending it again counts nothing twice. */
export async function addStats(
  store: Store,
  queue: string,
  call: string,
  own: readonly Increment[],
  tasks: readonly Increment[],
): Promise<void> {
  await store.run('tally', queue, [call, own.length, ...own.flat(), ...tasks.flat()])
}

/** The last `minutes` of each queue in one figure, the present minute included: one call per queue, whatever the span. */
export async function readStats(store: Store, queues: readonly string[], minutes: number): Promise<QueueStats[]> {
  const replies = await Promise.all(queues.map((queue) => readRaw(store, queue, '', minutes)))
  return replies.map(({ now, spans }, i) => {
    const stats = sumStats(spans.map(({ fields }) => parseStats(fields)))
    // The present minute is as long as it has lasted.
    const lasted = Math.max(1, minutes - 1 + (now % 60) / 60)
    return { queue: queues[i]!, ...summarizeStats(stats, lasted), stats }
  })
}

/** Minutes or hours of one queue, oldest first; those in which nothing happened are left out. `now` is Redis time in ms. */
export async function readSpans(
  store: Store,
  queue: string,
  unit: 'minute' | 'hour',
  count: number,
  fields = '',
): Promise<{ now: number; spans: StatsSpan[] }> {
  const { now, spans } = await readRaw(store, queue, unit === 'minute' ? '' : 'hour:', count, fields)
  const unitMs = unit === 'minute' ? 60_000 : 3_600_000
  return { now: now * 1000, spans: spans.map(({ span, fields: found }) => ({ at: span * unitMs, stats: parseStats(found) })).reverse() }
}

/** By task, over the last `hours` or, with 0, as far back as anything is known (a counter for Prometheus, until a month without jobs). */
export async function readTaskStats(store: Store, queue: string, hours: number): Promise<Map<string, Stats>> {
  const { spans } = await readRaw(store, queue, 'tasks:', hours)
  const byTask = new Map<string, string[]>()
  for (const { fields } of spans) {
    for (let i = 0; i + 1 < fields.length; i += 2) {
      const space = fields[i]!.indexOf(' ')
      const task = fields[i]!.slice(0, space)
      const list = byTask.get(task) ?? []
      list.push(fields[i]!.slice(space + 1), fields[i + 1]!)
      byTask.set(task, list)
    }
  }
  return new Map([...byTask].map(([task, fields]) => [task, parseStats(fields)]))
}

/** As far back as anything is known. */
export async function readTotalStats(store: Store, queue: string): Promise<Stats> {
  const { spans } = await readRaw(store, queue, '', 0)
  return parseStats(spans[0]?.fields ?? [])
}

export function emptyStats(): Stats {
  const counts = Object.fromEntries(COUNTS.map((name) => [name, 0])) as Record<Count, number>
  return { ...counts, waitMs: 0, runMs: 0, waits: new Array<number>(BUCKETS).fill(0), runs: new Array<number>(BUCKETS).fill(0) }
}

export function sumStats(parts: readonly Stats[]): Stats {
  const sum = emptyStats()
  for (const part of parts) {
    for (const name of COUNTS) sum[name] += part[name]
    sum.waitMs += part.waitMs
    sum.runMs += part.runMs
    for (let i = 0; i < BUCKETS; i++) {
      sum.waits[i]! += part.waits[i]!
      sum.runs[i]! += part.runs[i]!
    }
  }
  return sum
}

export function summarizeStats(stats: Stats, minutes: number): StatsSummary {
  return {
    startedPerMinute: stats.started / minutes,
    finishedPerMinute: stats.finished / minutes,
    failedPerMinute: (stats.failed + stats.retried + stats.lost) / minutes,
    waitP50Ms: percentile(stats.waits, 0.5),
    waitP95Ms: percentile(stats.waits, 0.95),
    runP50Ms: percentile(stats.runs, 0.5),
    runP95Ms: percentile(stats.runs, 0.95),
  }
}

interface RawSpans {
  /** Seconds. */
  now: number
  spans: { span: number; fields: string[] }[]
}

async function readRaw(store: Store, queue: string, kind: '' | 'hour:' | 'tasks:', count: number, fields = ''): Promise<RawSpans> {
  const [now, ...rest] = (await store.run('stats', queue, [kind, count, fields])) as [number, ...(number | string[])[]]
  const spans: RawSpans['spans'] = []
  for (let i = 0; i + 1 < rest.length; i += 2) spans.push({ span: rest[i] as number, fields: rest[i + 1] as string[] })
  return { now, spans }
}

/** What is no number of ours is left out. Fields may come more than once. */
export function parseStats(fields: readonly string[]): Stats {
  const stats = emptyStats()
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const [name, bucket] = fields[i]!.split(':') as [string, string?]
    const value = Number(fields[i + 1])
    if (!Number.isFinite(value)) continue
    if (bucket !== undefined) {
      const list = name === 'wait' ? stats.waits : name === 'run' ? stats.runs : undefined
      if (list !== undefined && Number(bucket) >= 0 && Number(bucket) < BUCKETS) list[Number(bucket)]! += value
    } else if (name === 'wait') stats.waitMs += value
    else if (name === 'run') stats.runMs += value
    else if ((COUNTS as readonly string[]).includes(name)) stats[name as Count] += value
  }
  return stats
}
