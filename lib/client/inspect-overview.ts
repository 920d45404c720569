import { matcher } from '../names.ts'
import { glance, type QueueGlance } from '../store/glance.ts'
import { foldNames, partitionsOf } from '../store/partitions.ts'
import { type QueueCounts, queueNames, sumCounts } from '../store/queues.ts'
import type { Store } from '../store/store.ts'
import { readWorkers, type WorkerRecord } from '../store/workers.ts'
import { nearestNames } from '../task/nearest.ts'
import { VERSION } from '../version.ts'
import { infoOf } from './inspect-server.ts'
import { OVERVIEW_FIELDS, type WorkerOverview, workerOverview } from './inspect-workers.ts'
import { addressOf } from './open-store.ts'

export { type SchedulesHealth, schedulesHealth } from '../store/schedules.ts'

export interface QueueOverview extends QueueCounts {
  name: string
  paused: boolean
  /** Whether limits are set, see `rqts limits`. */
  limited: boolean
  /** Live workers that serve it. */
  workers: number
  /** How many jobs these run at the same time at most, of whichever of their queues. */
  slots: number
  /** How long the next job has waited; null when none waits. */
  oldestMs: number | null
  /** Attempts that ended well, and those that did not, in the last three minutes. */
  finishedPerMinute: number
  failedPerMinute: number
  /** How long 95 of 100 attempts took at most in that time; null without any. */
  runP95Ms: number | null
}

export interface Totals extends QueueCounts {
  queues: number
  /** Live ones. */
  workers: number
}

/** The shape of `rqts info --json`. */
export interface Overview {
  version: string
  redis: { url: string; version: string; usedMemory: number }
  queues: QueueOverview[]
  workers: WorkerOverview[]
  totals: Totals
}

export interface OverviewOptions {
  /** Names, or patterns with `*`. Default: all. A name that Redis does not know counts zero everywhere. */
  queues?: readonly string[]
}

/** Queues and workers at a glance: two pipelined round trips, whatever the number of jobs. */
export async function overview(store: Store, options: OverviewOptions = {}): Promise<Overview> {
  return (await look(store, options, OVERVIEW_FIELDS)).seen
}

/** The same, with what else workers and the server say of themselves. */
export async function lookAround(store: Store, options: OverviewOptions = {}): Promise<Look> {
  return await look(store, options)
}

interface Look {
  seen: Overview
  records: WorkerRecord[]
  info: ReadonlyMap<string, string>
}

async function look(store: Store, options: OverviewOptions, workerFields?: readonly string[]): Promise<Look> {
  const [info, records, queues] = await Promise.all([
    infoOf(store),
    readWorkers(store, workerFields),
    queueNames(store).then(async (known) => {
      const names = options.queues === undefined ? foldNames(known) : selectQueues(foldNames(known), options.queues)
      return await glanceAt(store, names)
    }),
  ])
  const all = records.map(workerOverview)
  const serves = (worker: WorkerOverview, queue: string): boolean => worker.queues.some((pattern) => matcher(pattern)(queue))
  const workers = options.queues === undefined ? all : all.filter((worker) => queues.some(({ name }) => serves(worker, name)))
  const live = workers.filter(({ state }) => state !== 'lost')
  const serving = countServing(
    live,
    queues.map(({ name }) => name),
  )
  const shown = queues.map(({ oldestMs, paused, lately, ...queue }) => ({
    ...queue,
    paused,
    ...serving.get(queue.name)!,
    oldestMs: oldestMs ?? null,
    finishedPerMinute: round(lately.finishedPerMinute),
    failedPerMinute: round(lately.failedPerMinute),
    runP95Ms: lately.runP95Ms === null ? null : round(lately.runP95Ms),
  }))
  const seen = {
    version: VERSION,
    redis: {
      url: addressOf(store),
      version: info.get('redis_version') ?? '',
      usedMemory: Number(info.get('used_memory') ?? 0),
    },
    queues: shown,
    workers,
    totals: totals(shown, live.length),
  }
  return { seen, records, info }
}

/** The present one included. */
const RATE_MINUTES = 3

function round(value: number): number {
  return Number(value.toFixed(1))
}

/** Of a queue with partitions their sum; it is paused when all are. */
async function glanceAt(store: Store, names: readonly string[]): Promise<(QueueGlance & { name: string })[]> {
  const stored = await partitionsOf(store).ofAll(store, names)
  const glances = await glance(store, stored.flat(), RATE_MINUTES)
  let at = 0
  return names.map((name, i) => {
    const parts = glances.slice(at, (at += stored[i]!.length))
    if (parts.length === 1) return { name, ...parts[0]! }
    const waits = parts.flatMap(({ oldestMs }) => oldestMs ?? [])
    return {
      name,
      // What workers count is kept with the first partition.
      lately: parts[0]!.lately,
      ...sumCounts(parts),
      paused: parts.every(({ paused }) => paused),
      limited: parts.some(({ limited }) => limited),
      ...(waits.length > 0 && { oldestMs: Math.max(...waits) }),
    }
  })
}

/** Names stay in the order in which they were asked for; a pattern stands for those that match it. */
export function selectQueues(known: readonly string[], asked: readonly string[]): string[] {
  return [...new Set(asked.flatMap((name) => (name.includes('*') ? known.filter(matcher(name)) : [name])))]
}

/** Names are counted as they come; only wildcards have to be held against every queue, each list of patterns once. */
function countServing(workers: readonly WorkerOverview[], queues: readonly string[]): Map<string, { workers: number; slots: number }> {
  const counts = new Map(queues.map((queue) => [queue, { workers: 0, slots: 0 }]))
  const add = (queue: string, many: number, slots: number): void => {
    const count = counts.get(queue)
    if (count !== undefined) Object.assign(count, { workers: count.workers + many, slots: count.slots + slots })
  }
  const wild = new Map<string, WorkerOverview[]>()
  for (const worker of workers) {
    // A list of several patterns may match a queue more than once, and still is one worker.
    const list = worker.queues.join(',')
    if (list.includes('*')) wild.set(list, [...(wild.get(list) ?? []), worker])
    else for (const queue of worker.queues) add(queue, 1, worker.concurrency)
  }
  for (const [list, some] of wild) {
    const matches = list.split(',').map(matcher)
    const slots = some.reduce((sum, { concurrency }) => sum + concurrency, 0)
    for (const queue of queues) if (matches.some((fits) => fits(queue))) add(queue, some.length, slots)
  }
  return counts
}

function totals(queues: readonly QueueOverview[], workers: number): Totals {
  const sum: Totals = {
    queues: queues.length,
    workers,
    queued: 0,
    started: 0,
    deferred: 0,
    scheduled: 0,
    finished: 0,
    failed: 0,
    canceled: 0,
  }
  for (const queue of queues) {
    for (const name of ['queued', 'started', 'deferred', 'scheduled', 'finished', 'failed', 'canceled'] as const) sum[name] += queue[name]
  }
  return sum
}

export async function listQueues(store: Store): Promise<string[]> {
  return foldNames(await queueNames(store))
}

/** "Did you mean" for names of queues, workers and tasks. */
export function suggest(name: string, known: readonly string[]): string {
  const near = nearestNames(name, known, 3).map((candidate) => `'${candidate}'`)
  return near.length === 0 ? '' : `; did you mean ${near.join(' or ')}?`
}
