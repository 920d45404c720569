import { clock } from '../clock.ts'
import { RqtsError } from '../errors.ts'
import type { Logger } from '../logger.ts'
import { customSchedules } from '../schedule/custom.ts'
import { fireId, jitterOf } from '../schedule/fire-id.ts'
import { type Plan, planRuns } from '../schedule/plan.ts'
import { advanceSchedule, deliverFires, deliverLeftovers, type Fire, hasOpenRun, noteEnds } from '../store/fires.ts'
import { type DueRow, resignTicker, type TickAnswer, tickSchedules } from '../store/schedules.ts'
import type { Store } from '../store/store.ts'
import { Service } from './service.ts'

export interface TickerOptions {
  /** Unique among all that tick. */
  name: string
  logger: Logger
}

/** A ticker that dies keeps its lock this long. */
const LEADERSHIP_MS = 6_000
/** What is due fires when it is due, and what is written is announced: a tick finds what was lost, and renews the leadership. */
const TICK_MS = 3_000
const FOLLOWER_MS = 3_000
const NOTE_MS = 5_000
/** How long a schedule is left alone that could not be computed. */
const BROKEN_MS = 60_000
const SCHEDULES_PER_TICK = 500
const RUNS_PER_ADVANCE = 100
const MAX_ROUNDS = 100
/** Characters of jobs in one script call: Redis serves nobody else meanwhile. */
const CHARS_PER_ADVANCE = 4_194_304

/**
 * Fires schedules: asks Redis what is due, computes what follows, and lets a script do both in one step. One process leads, by a lock with
 * a fence; a schedule moves only from the run that was seen, so that two who think that they lead still fire once.
 */
export class Ticker {
  readonly #store: Store
  readonly #options: TickerOptions
  readonly #service: Service
  /** Name and rev of schedules that could not be computed → until when (monotonic) they are left alone. */
  readonly #broken = new Map<string, number>()
  #nextNote = 0
  #leading = false
  #listening: Promise<() => void> | undefined

  constructor(store: Store, options: TickerOptions) {
    this.#store = store
    this.#options = options
    this.#service = new Service('schedules', options.logger, () => this.tick())
  }

  start(): void {
    this.#service.start()
    this.#listening ??= this.#listen()
  }

  async stop(): Promise<void> {
    // Not awaited: without Redis it would not come.
    void this.#listening?.then((end) => end())
    this.#listening = undefined
    await this.#service.stop()
    await resignTicker(this.#store, this.#options.name).catch(() => undefined)
  }

  /** A schedule that was just written may be due before the next tick. A message that is lost costs a second. */
  async #listen(): Promise<() => void> {
    const look = (): void => {
      if (this.#leading) this.#service.hurry()
    }
    const { connections, keys } = this.#store
    return await connections.subscriber.listen(keys.schedulePart('changed'), { message: look, gap: look }).catch(() => () => undefined)
  }

  /** What is due now, for a burst: it works off what there is, and schedules would give it more for ever. */
  async settleDown(): Promise<void> {
    for (let round = 0; round < MAX_ROUNDS && (await this.tick()) === 0; round++);
  }

  /** One round; returns the ms until the next. */
  async tick(): Promise<number> {
    const answer = await tickSchedules(this.#store, {
      ticker: this.#options.name,
      leadershipMs: LEADERSHIP_MS,
      most: SCHEDULES_PER_TICK,
      custom: customSchedules.any(this.#store.keys.prefix),
    })
    this.#leading = answer.leader
    const due = answer.due.filter((row) => this.#mine(row))
    const fired = await Promise.all(due.map((row) => this.#fire(row, answer)))
    const fires = fired.flat()
    if (fires.length > 0) await deliverFires(this.#store, fires)
    if (answer.leader) await this.#tidy(answer)
    return this.#wait(answer, due.length > 0)
  }

  #mine({ spec, name, rev }: DueRow): boolean {
    const rest = this.#broken.get(`${name} ${rev}`)
    if (rest !== undefined && rest > clock.monotonic()) return false
    return spec?.trigger.kind !== 'custom' || customSchedules.get(this.#store.keys.prefix, name) !== undefined
  }

  /** What one schedule fires must not depend on the others: an error is its own. */
  async #fire(row: DueRow, { now, fence, leader }: TickAnswer): Promise<Fire[]> {
    try {
      const { name, rev, next } = row
      const plan = await this.#plan(row, now)
      const jitterMs = row.spec?.jitterMs ?? 0
      const fires = await advanceSchedule(this.#store, {
        name,
        rev,
        from: next,
        next: plan.next,
        ...(leader && { fence }),
        runs: plan.runs.map(({ at, verdict }) => ({ id: fireId(name, at), at, runAt: at + jitterOf(name, at, jitterMs), verdict })),
        counted: plan.runs.filter(({ verdict }) => verdict === 'fire').length,
      })
      this.#broken.delete(`${name} ${rev}`)
      return fires ?? []
    } catch (error) {
      if (isOutage(error)) throw error
      this.#setAside(row, error)
      return []
    }
  }

  async #plan({ name, spec, anchor, next, fired, jobLength }: DueRow, now: number): Promise<Plan> {
    if (spec === undefined) throw new RqtsError('RQTS_CORRUPT', `The record of schedule '${name}' cannot be read: register it again`)
    const busy = spec.overlap === 'skip' && (await hasOpenRun(this.#store, name))
    const most = Math.max(1, Math.min(RUNS_PER_ADVANCE, Math.floor(CHARS_PER_ADVANCE / (jobLength + 1))))
    return planRuns({ spec, anchor, next, fired, busy }, now, most, customSchedules.get(this.#store.keys.prefix, name))
  }

  #setAside({ name, rev }: DueRow, error: unknown): void {
    this.#broken.set(`${name} ${rev}`, clock.monotonic() + BROKEN_MS)
    this.#options.logger.error({ err: error, schedule: name }, `Schedule '${name}' could not be fired; it is tried again in a minute`)
  }

  async #tidy({ undelivered, open, now }: TickAnswer): Promise<void> {
    if (open > 0 && clock.monotonic() >= this.#nextNote) {
      this.#nextNote = clock.monotonic() + NOTE_MS
      await noteEnds(this.#store)
    }
    // Last, for it may fail again and again, as long as its queue refuses.
    if (undelivered > 0) await deliverLeftovers(this.#store, now)
  }

  #wait({ leader, nextDueMs, lastsMs }: TickAnswer, fired: boolean): number {
    // What was due may be due again, and more may be.
    if (fired) return 0
    // A follower is there when the leadership ends, not all of them at once.
    const longest = leader ? TICK_MS : Math.min(FOLLOWER_MS, Math.max(1, lastsMs)) + Math.random() * 100
    return Math.min(longest, nextDueMs ?? longest)
  }
}

function isOutage(error: unknown): boolean {
  return (
    error instanceof RqtsError &&
    (error.code === 'RQTS_REDIS_UNAVAILABLE' || error.code === 'RQTS_CLOSED' || error.code === 'RQTS_REDIS_FULL')
  )
}
