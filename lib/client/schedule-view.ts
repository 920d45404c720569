import type { JobStatus } from '../job/state.ts'
import { decode } from '../payload/payload.ts'
import { cronWarnings } from '../schedule/cron.ts'
import type { ScheduledJobOptions } from '../schedule/options.ts'
import type { Misfire, ScheduleSpec, Trigger } from '../schedule/spec.ts'
import { expressionOf, inWords } from '../schedule/words.ts'
import { type RunRecord, type RunState, readLastRuns, readRuns, runStates } from '../store/fires.ts'
import { readSchedules, type ScheduleRecord } from '../store/schedules.ts'
import type { Store } from '../store/store.ts'

/** One run of a schedule: what it became, as far as anybody saw. */
export interface ScheduleRun {
  /** Of its job, made of schedule and time. A run that became no job has an id too. */
  id: string
  queue: string
  /** When it was to run. */
  at: Date
  /** When that was decided: later than `at` after an outage. */
  firedAt: Date
  /**
   * The status of its job; `gone` when the job was forgotten before anybody saw its end; `refused` when another job held its unique key.
   * Without a job: `overlap` because an earlier run had not ended, `missed` because its time was over, `skipped` by hand.
   */
  outcome: JobStatus | 'gone' | 'refused' | 'overlap' | 'missed' | 'skipped'
  endedAt: Date | undefined
}

/** A schedule as it was read. */
export interface Schedule {
  name: string
  task: string
  args: readonly unknown[]
  queue: string
  options: ScheduledJobOptions
  trigger: Trigger
  /** As written: the cron text, the interval. */
  expression: string
  /** For people: `at 08:30 on Monday to Friday (Europe/Berlin)`. */
  words: string
  tz: string
  state: 'active' | 'paused' | 'ended'
  paused: boolean
  /** Undefined when paused or ended. Jitter comes on top. */
  nextRunAt: Date | undefined
  /** When the last run was to be, whatever became of it. */
  lastRunAt: Date | undefined
  lastRun: ScheduleRun | undefined
  /** How often it has fired; runs by hand are not counted. */
  runs: number
  startAt: Date | undefined
  endAt: Date | undefined
  limit: number | undefined
  /** Milliseconds. */
  jitter: number
  overlap: 'allow' | 'skip'
  misfire: Misfire
  /** Milliseconds. */
  graceTime: number | undefined
  createdAt: Date
  updatedAt: Date
  /** What is likely a mistake. */
  warnings: readonly string[]
}

export interface ScheduleDetail extends Schedule {
  /** The last 20 runs, newest first. */
  history: readonly ScheduleRun[]
}

const BROKEN: ScheduleSpec = { trigger: { kind: 'custom' }, tz: 'UTC', overlap: 'allow', misfire: 'once' }

export function toSchedule(record: ScheduleRecord, lastRun: ScheduleRun | undefined): Schedule {
  const spec = record.spec ?? BROKEN
  const { trigger } = spec
  return {
    name: record.name,
    task: record.task,
    args: argsOf(record.job),
    queue: record.queue,
    options: record.options === undefined ? {} : (decoded(record.options) as ScheduledJobOptions),
    trigger,
    expression: record.spec === undefined ? '?' : expressionOf(spec),
    words: record.spec === undefined ? 'unreadable: register it again' : inWords(spec),
    tz: spec.tz,
    state: record.paused ? 'paused' : record.next === undefined ? 'ended' : 'active',
    paused: record.paused,
    nextRunAt: date(record.next),
    lastRunAt: lastRun?.at,
    lastRun,
    runs: record.fired,
    startAt: date(spec.startAt),
    endAt: date(spec.endAt),
    limit: spec.limit,
    jitter: spec.jitterMs ?? 0,
    overlap: spec.overlap,
    misfire: spec.misfire,
    graceTime: spec.graceMs,
    createdAt: new Date(record.createdAt),
    updatedAt: new Date(record.updatedAt),
    warnings: trigger.kind === 'cron' ? cronWarnings(trigger.cron).map(({ text }) => text) : [],
  }
}

function toRun(run: RunRecord, state: RunState | undefined): ScheduleRun {
  const { id, queue, at, firedAt, verdict } = run
  // What the job says counts; what was noted remains when it is gone.
  const seen = state !== undefined && state.status !== 'gone' ? state : undefined
  const outcome = seen?.status ?? run.outcome ?? 'gone'
  return {
    id,
    queue,
    at: new Date(at),
    firedAt: new Date(firedAt),
    outcome: verdict === 'fire' ? outcome : verdict,
    endedAt: date(seen === undefined ? run.endedAt : seen.endedAt),
  }
}

/** With the last run of each. */
export async function showSchedules(store: Store, names: readonly string[]): Promise<(Schedule | null)[]> {
  if (names.length === 0) return []
  const { records } = await readSchedules(store, names)
  const last = await Promise.all(names.map((name) => readRuns(store, name, 1)))
  const runs = await showRuns(store, last.flat())
  const byId = new Map(runs.map((run) => [run.id, run]))
  return records.map((record, i) => (record === null ? null : toSchedule(record, byId.get(last[i]?.[0]?.id ?? ''))))
}

/** The same in one round trip, for looks in passing: of runs that go on nothing is said. */
export async function glanceAtSchedules(store: Store, names: readonly string[]): Promise<Schedule[]> {
  const [{ records }, last] = await Promise.all([readSchedules(store, names), readLastRuns(store, names)])
  return records.flatMap((record, i) => (record === null ? [] : [toSchedule(record, last[i] && toRun(last[i], undefined))]))
}

export async function showRuns(store: Store, runs: readonly RunRecord[]): Promise<ScheduleRun[]> {
  const fired = runs.filter(({ verdict, outcome }) => verdict === 'fire' && outcome !== 'refused')
  const states = await runStates(store, fired)
  const stateOf = new Map(fired.map((run, i) => [run, states[i]!]))
  return runs.map((run) => toRun(run, stateOf.get(run)))
}

function argsOf(job: string): readonly unknown[] {
  try {
    const { fields } = JSON.parse(job) as { fields: string[] }
    return decode(fields[fields.indexOf('args') + 1] ?? '[]') as unknown[]
  } catch {
    return []
  }
}

function decoded(text: string): unknown {
  try {
    return decode(text)
  } catch {
    return {}
  }
}

function date(ms: number | undefined): Date | undefined {
  return ms === undefined ? undefined : new Date(ms)
}
