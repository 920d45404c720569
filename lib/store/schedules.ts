import { newToken } from '../job/id.ts'
import { parseSpec, type ScheduleSpec } from '../schedule/spec.ts'
import { toFields } from './hash.ts'
import type { Arg } from './redis.ts'
import { parseTime, type Store } from './store.ts'

/**
 * A schedule as Redis has it. Fields of its hash: `spec task queue job options digest paused_option anchor` (by the program),
 * `rev next paused custom fired last manual created_at updated_at` (by scripts). Next stop: fires.ts.
 */
export interface ScheduleRecord {
  name: string
  /** Changes with every change but an advance. */
  rev: string
  /** Of all that was given: the same digest is the same schedule. */
  digest: string
  /** The option `paused` as it was given. */
  pausedOption: string
  /** Undefined when it cannot be read. */
  spec: ScheduleSpec | undefined
  task: string
  queue: string
  /** What its jobs are made of, a `NewJob` without id, as JSON. */
  job: string
  options: string | undefined
  anchor: number
  /** Undefined when paused or ended. */
  next: number | undefined
  paused: boolean
  fired: number
  createdAt: number
  updatedAt: number
}

export async function scheduleNames(store: Store): Promise<string[]> {
  return ((await store.client.call('SMEMBERS', store.keys.schedulePart('names'))) as string[]).sort()
}

/** Null for those that are not there. */
export async function readSchedules(store: Store, names: readonly string[]): Promise<{ now: number; records: (ScheduleRecord | null)[] }> {
  const reads = names.map((name) => ['HGETALL', store.keys.schedule(name, 'schedule')] as const)
  const [time, ...hashes] = await store.client.callAll([['TIME'], ...reads])
  return { now: parseTime(time), records: hashes.map((hash, i) => parseSchedule(names[i]!, toFields(hash))) }
}

function parseSchedule(name: string, fields: Record<string, string> | null): ScheduleRecord | null {
  if (fields === null) return null
  return {
    name,
    rev: fields['rev'] ?? '',
    digest: fields['digest'] ?? '',
    pausedOption: fields['paused_option'] ?? '',
    spec: parseSpec(fields['spec']),
    task: fields['task'] ?? '',
    queue: fields['queue'] ?? '',
    job: fields['job'] ?? '',
    options: fields['options'],
    anchor: Number(fields['anchor'] ?? 0),
    next: fields['next'] === undefined ? undefined : Number(fields['next']),
    paused: fields['paused'] === '1',
    fired: Number(fields['fired'] ?? 0),
    createdAt: Number(fields['created_at'] ?? 0),
    updatedAt: Number(fields['updated_at'] ?? 0),
  }
}

export interface ScheduleChange {
  /** As it was read; '' for a new schedule. */
  rev: string
  next: number | null
  paused: boolean
  custom: boolean
  fields?: Readonly<Record<string, string | number>>
}

/** False when someone else changed it since it was read. */
export async function writeSchedule(store: Store, name: string, change: ScheduleChange): Promise<boolean> {
  const { rev, next, paused, custom, fields = {} } = change
  const args: Arg[] = [name, rev, newToken(), next ?? '', paused ? '1' : '', custom ? '1' : '', ...Object.entries(fields).flat()]
  return (await store.client.run('scheduleWrite', [store.keys.schedules], args)) === 1
}

export async function removeSchedule(store: Store, name: string): Promise<boolean> {
  return (await store.client.run('scheduleRemove', [store.keys.schedules], [name, newToken()])) === 1
}

export interface DueRow {
  name: string
  spec: ScheduleSpec | undefined
  next: number
  anchor: number
  fired: number
  rev: string
  jobLength: number
}

export interface TickAnswer {
  leader: boolean
  fence: number
  now: number
  /** Until the next schedule is due; undefined when none is known. */
  nextDueMs?: number
  /** How long the present leadership lasts. */
  lastsMs: number
  /** Jobs that were fired and not enqueued. */
  undelivered: number
  /** Runs of which the end is not known. */
  open: number
  due: DueRow[]
}

export interface TickRequest {
  ticker: string
  leadershipMs: number
  most: number
  /** Also those that only some programs can fire, whoever leads. */
  custom: boolean
}

export async function tickSchedules(store: Store, { ticker, leadershipMs, most, custom }: TickRequest): Promise<TickAnswer> {
  const reply = await store.client.run('scheduleTick', [store.keys.schedules], [ticker, leadershipMs, most, custom ? '1' : ''])
  const [leader, fence, now, soonest, lasts, undelivered, open, rows] = reply as [...number[], string[][]]
  const answer: TickAnswer = {
    leader: leader === 1,
    fence: fence as number,
    now: now as number,
    lastsMs: lasts as number,
    undelivered: undelivered as number,
    open: open as number,
    due: (rows as string[][]).map(parseRow),
  }
  if ((soonest as number) >= 0) answer.nextDueMs = soonest as number
  return answer
}

function parseRow([name, spec, next, anchor, fired, rev, length]: string[]): DueRow {
  return {
    name: name!,
    spec: parseSpec(spec),
    next: Number(next),
    anchor: Number(anchor),
    fired: Number(fired),
    rev: rev!,
    jobLength: Number(length),
  }
}

/** Hands the leadership on at once. */
export async function resignTicker(store: Store, ticker: string): Promise<void> {
  const key = store.keys.schedulePart('ticker')
  if ((await store.client.call('GET', key)) === ticker) await store.client.call('DEL', key)
}

export interface SchedulesHealth {
  schedules: number
  /** Neither paused nor ended. */
  active: number
  /** Who ticks; null when nobody does. */
  ticker: string | null
  /** How late the most overdue run is; 0 when none is. */
  lateMs: number
  /** Names of those that come next, the first one first. */
  soonest: string[]
}

const SOONEST = 3

/** For `info` and `doctor`: schedules that nobody fires are the first thing that people miss. */
export async function schedulesHealth(store: Store): Promise<SchedulesHealth> {
  const part = store.keys.schedulePart
  const [time, schedules, next, custom, ticker, ...heads] = await store.client.callAll([
    ['TIME'],
    ['SCARD', part('names')],
    ['ZCARD', part('next')],
    ['ZCARD', part('custom')],
    ['GET', part('ticker')],
    ['ZRANGEBYSCORE', part('next'), '-inf', '+inf', 'WITHSCORES', 'LIMIT', 0, SOONEST],
    ['ZRANGEBYSCORE', part('custom'), '-inf', '+inf', 'WITHSCORES', 'LIMIT', 0, SOONEST],
  ])
  const now = parseTime(time)
  const runs = (heads as unknown[][]).flatMap(pairsOf).sort((a, b) => a.at - b.at)
  return {
    schedules: schedules as number,
    active: (next as number) + (custom as number),
    ticker: ticker as string | null,
    lateMs: runs.length === 0 ? 0 : Math.max(0, now - runs[0]!.at),
    soonest: runs.slice(0, SOONEST).map(({ name }) => name),
  }
}

/** RESP3 has pairs where RESP2 has a flat list. */
function pairsOf(head: unknown[]): { name: string; at: number }[] {
  const flat = head.flat().map(String)
  return Array.from({ length: flat.length / 2 }, (_, i) => ({ name: flat[2 * i]!, at: Number(flat[2 * i + 1]) }))
}

/** The next run of all, by the schedules that anybody may fire. */
export async function soonestSchedule(store: Store): Promise<{ name: string; at: string } | null> {
  const head = await store.client.call('ZRANGEBYSCORE', store.keys.schedulePart('next'), '-inf', '+inf', 'WITHSCORES', 'LIMIT', 0, 1)
  const [name, at] = (head as unknown[]).flat()
  return typeof name === 'string' && Number.isFinite(Number(at)) ? { name, at: new Date(Number(at)).toISOString() } : null
}
