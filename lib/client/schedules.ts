import { show } from '../duration.ts'
import { DuplicateJob, RqtsError } from '../errors.ts'
import { newToken } from '../job/id.ts'
import { checkName, matcher } from '../names.ts'
import { customSchedules } from '../schedule/custom.ts'
import { fireId, manualId } from '../schedule/fire-id.ts'
import { nextRun, upcoming } from '../schedule/occurrence.ts'
import type { ScheduleOptions } from '../schedule/options.ts'
import type { ScheduleSpec } from '../schedule/spec.ts'
import { split } from '../split.ts'
import type { NewJob } from '../store/enqueue.ts'
import { advanceSchedule, deliverFires, readRuns } from '../store/fires.ts'
import {
  readSchedules,
  removeSchedule,
  type ScheduleRecord,
  type SchedulesHealth,
  scheduleNames,
  schedulesHealth,
  soonestSchedule,
  writeSchedule,
} from '../store/schedules.ts'
import { Store } from '../store/store.ts'
import type { FunctionOf, Target } from '../task/call.ts'
import type { ArgsOf } from '../task/infer.ts'
import { Job } from './job.ts'
import { notFound, warn } from './schedule.ts'
import { busy, draftSchedule, limitReached, putSchedule, type ScheduleDraft } from './schedule-draft.ts'
import { type Schedule, type ScheduleDetail, showRuns, showSchedules, toSchedule } from './schedule-view.ts'
import { type ConnectOptions, sharedStore } from './shared-store.ts'

/** One entry of `Schedules.sync`: what `schedule()` takes. */
export type ScheduleEntry<T> = readonly [name: string, fn: T, args: Readonly<ArgsOf<FunctionOf<T>>>, options: ScheduleOptions]

export interface SyncOptions extends ConnectOptions {
  /** Remove every schedule that is not in the list; with a pattern such as `'billing.*'` only those with such a name. */
  prune?: boolean | string
}

/** Names, by what became of them. */
export interface SyncReport {
  created: string[]
  changed: string[]
  unchanged: string[]
  removed: string[]
}

const MAX_TRIES = 20
const MAX_UPCOMING = 1_000
const WRITES_AT_ONCE = 100

/** The schedules of one Redis and prefix. The static methods take those as their last argument instead. */
export class Schedules {
  readonly #where: Store

  constructor(where: ConnectOptions | Store = {}) {
    this.#where = where instanceof Store ? where : sharedStore(where)
  }

  /** Of the connections that were shared a queue may still have some open: not to be used by who let go of them. */
  get #store(): Store {
    if (!this.#where.closed) return this.#where
    throw new RqtsError('RQTS_CLOSED', 'The connection of these schedules has been closed; make a new Schedules')
  }

  static list(where?: ConnectOptions): Promise<Schedule[]> {
    return new Schedules(where).list()
  }

  static get(name: string, where?: ConnectOptions): Promise<ScheduleDetail | null> {
    return new Schedules(where).get(name)
  }

  static pause(name: string, where?: ConnectOptions): Promise<Schedule> {
    return new Schedules(where).pause(name)
  }

  static resume(name: string, where?: ConnectOptions): Promise<Schedule> {
    return new Schedules(where).resume(name)
  }

  static runNow(name: string, where?: ConnectOptions): Promise<Job> {
    return new Schedules(where).runNow(name)
  }

  static skipNext(name: string, where?: ConnectOptions): Promise<Schedule> {
    return new Schedules(where).skipNext(name)
  }

  static remove(name: string, where?: ConnectOptions): Promise<boolean> {
    return new Schedules(where).remove(name)
  }

  static next(name: string, count = 5, where?: ConnectOptions): Promise<Date[]> {
    return new Schedules(where).next(name, count)
  }

  static sync<T extends readonly Target[]>(
    entries: readonly [...{ [K in keyof T]: ScheduleEntry<T[K]> }],
    options: SyncOptions = {},
  ): Promise<SyncReport> {
    return new Schedules(options).sync<T>(entries, options)
  }

  /** All of them, by name. */
  async list(): Promise<Schedule[]> {
    const found = await showSchedules(this.#store, await scheduleNames(this.#store))
    return found.filter((one): one is Schedule => one !== null)
  }

  /** Whether anybody fires them, and how late. */
  async health(): Promise<SchedulesHealth> {
    return await schedulesHealth(this.#store)
  }

  /** The next run of all; null when none is to come. */
  async soonest(): Promise<{ name: string; at: string } | null> {
    return await soonestSchedule(this.#store)
  }

  /** With its last runs; null when there is none of that name. */
  async get(name: string): Promise<ScheduleDetail | null> {
    checkName('schedule', name)
    const { records } = await readSchedules(this.#store, [name])
    if (!records[0]) return null
    const history = await showRuns(this.#store, await readRuns(this.#store, name))
    return { ...toSchedule(records[0], history[0]), history }
  }

  /** No runs until `resume`. Survives registering it again. */
  async pause(name: string): Promise<Schedule> {
    return await this.#change(name, async (record) => {
      if (record.paused) return true
      return await writeSchedule(this.#store, name, { rev: record.rev, next: null, paused: true, custom: isCustom(record) })
    })
  }

  /** Goes on with the next run from now; those of the pause are not made up for. */
  async resume(name: string): Promise<Schedule> {
    return await this.#change(name, async (record, now) => {
      if (!record.paused) return true
      const spec = specOf(record)
      const next = limitReached(spec, record) ? null : nextRun(spec, record.anchor, now, this.#custom(name))
      return await writeSchedule(this.#store, name, { rev: record.rev, next, paused: false, custom: isCustom(record) })
    })
  }

  /** One more run at once, paused or not. It changes nothing about the others, and does not count against `limit`. */
  async runNow(name: string): Promise<Job> {
    const { record, now } = await this.#read(name)
    const id = manualId(name, now, newToken())
    const fires = await advanceSchedule(this.#store, { name, rev: '', runs: [{ id, at: now, runAt: '', verdict: 'fire' }], counted: 0 })
    if (fires === null) throw notFound(name)
    const [refused] = await deliverFires(this.#store, fires)
    if (refused !== undefined) {
      throw new DuplicateJob(
        `Schedule '${name}' was not run: its unique key ${show(refused.unique)} is held by job ${refused.holder}`,
        refused.holder,
      )
    }
    const { control, fields } = JSON.parse(record.job) as NewJob
    return new Job(this.#store, { queue: record.queue, job: { id, fields, ...(control && { control }) }, status: 'queued', now })
  }

  /** Leaves out the next run. */
  async skipNext(name: string): Promise<Schedule> {
    return await this.#change(name, async (record) => {
      const { rev, next: at } = record
      if (at === undefined) {
        throw new RqtsError('RQTS_BAD_STATE', `Schedule '${name}' has no next run to skip: it ${record.paused ? 'is paused' : 'has ended'}`)
      }
      const next = nextRun(specOf(record), record.anchor, at, this.#custom(name))
      const runs = [{ id: fireId(name, at), at, runAt: '', verdict: 'skipped' }] as const
      return (await advanceSchedule(this.#store, { name, rev, from: at, next, runs, counted: 0 })) !== null
    })
  }

  /** False when it was not there. Jobs that it has enqueued go on. */
  async remove(name: string): Promise<boolean> {
    checkName('schedule', name)
    customSchedules.delete(this.#store.keys.prefix, name)
    return await removeSchedule(this.#store, name)
  }

  /** The next runs, jitter left aside. Of a paused schedule those that it would have if it were resumed now. */
  async next(name: string, count = 5): Promise<Date[]> {
    if (!Number.isInteger(count) || count < 1 || count > MAX_UPCOMING) {
      throw new RqtsError('RQTS_BAD_OPTION', `The number of runs must be a whole number from 1 to ${MAX_UPCOMING}; got ${count}`)
    }
    const { record, now } = await this.#read(name)
    const spec = specOf(record)
    if (record.next === undefined && !record.paused) return []
    const left = Math.min(count, (spec.limit ?? Number.POSITIVE_INFINITY) - record.fired)
    const first = record.next === undefined ? [] : [record.next]
    const rest = upcoming(spec, record.anchor, record.next ?? now, left - first.length, this.#custom(name))
    return [...first, ...rest].map((at) => new Date(at))
  }

  /** Registers all of them, at every start of a program. Everything is checked before the first is written. */
  async sync<T extends readonly Target[]>(
    entries: readonly [...{ [K in keyof T]: ScheduleEntry<T[K]> }],
    { prune = false }: { prune?: boolean | string } = {},
  ): Promise<SyncReport> {
    const drafts = new Map<string, ScheduleDraft>()
    for (const entry of entries as readonly ScheduleEntry<Target>[]) {
      if (!Array.isArray(entry))
        throw new RqtsError(
          'RQTS_BAD_OPTION',
          `sync() takes a list of what schedule() takes, [name, task, args, options]; got ${show(entry)}`,
        )
      const [name, fn, args, options] = entry
      if (drafts.has(name)) throw new RqtsError('RQTS_BAD_OPTION', `The schedule '${name}' is twice in the list`)
      drafts.set(name, await draftSchedule(name, fn, args, options))
    }
    const report: SyncReport = { created: [], changed: [], unchanged: [], removed: [] }
    const list = [...drafts.values()]
    // Connects, before many calls at once ask for it.
    await this.#store.now()
    for (const part of split(list, WRITES_AT_ONCE)) {
      const written = await Promise.all(part.map((draft) => putSchedule(this.#store, draft)))
      for (const [i, what] of written.entries()) report[what].push(part[i]!.name)
    }
    for (const made of await showSchedules(this.#store, [...report.created, ...report.changed])) if (made) warn(made)
    if (prune === false) return report
    const matches = prune === true ? () => true : matcher(prune)
    for (const name of await scheduleNames(this.#store)) {
      if (!drafts.has(name) && matches(name) && (await this.remove(name))) report.removed.push(name)
    }
    return report
  }

  async #read(name: string): Promise<{ record: ScheduleRecord; now: number }> {
    checkName('schedule', name)
    const { now, records } = await readSchedules(this.#store, [name])
    if (!records[0]) throw notFound(name)
    return { record: records[0], now }
  }

  /** Until nobody comes between. */
  async #change(name: string, change: (record: ScheduleRecord, now: number) => Promise<boolean>): Promise<Schedule> {
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const { record, now } = await this.#read(name)
      if (!(await change(record, now))) continue
      const [after] = await showSchedules(this.#store, [name])
      if (!after) throw notFound(name)
      return after
    }
    throw busy(name)
  }

  #custom(name: string): ((after: Date) => Date | number | null | undefined) | undefined {
    return customSchedules.get(this.#store.keys.prefix, name)
  }
}

function isCustom({ spec }: ScheduleRecord): boolean {
  return spec?.trigger.kind === 'custom'
}

function specOf({ name, spec }: ScheduleRecord): ScheduleSpec {
  if (spec !== undefined) return spec
  throw new RqtsError('RQTS_CORRUPT', `The record of schedule '${name}' cannot be read: register it again, or remove it`)
}
