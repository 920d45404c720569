import { RqtsError } from '../errors.ts'
import type { Logger } from '../logger.ts'
import type { BulkView, JobDetailView, StreamEvents } from './contract.ts'
import type { OverviewReader } from './overview.ts'

/** One open stream. */
export interface Listener {
  /** The job whose page is open, as `queue/id`. */
  job: { queue: string; id: string } | undefined
  /** False when the tab does not read: it was not sent, and has to be told again. */
  send<Name extends keyof StreamEvents>(event: Name, data: StreamEvents[Name]): boolean
}

interface JobReader {
  detail(place: { queue: string; id: string }): Promise<JobDetailView | null>
  logs(place: { queue: string; id: string }, from: number): Promise<{ lines: string[]; from: number; total: number }>
}

const WELL = { message: null, code: null }
const AFTER_ERROR_MS = 1_000
/** New lines told at once; of more, the last. */
const MAX_LINES = 1_000

/**
 * Looks at Redis once per beat for all open streams together, and not at all while there is none. While Redis is away it says so once
 * and goes on trying.
 */
export class Sampler {
  readonly #reader: OverviewReader
  readonly #jobs: JobReader
  readonly #sampleMs: number
  readonly #logger: Logger
  readonly #listeners = new Map<Listener, { shown: string; lines: number; reached: boolean }>()
  #timer: NodeJS.Timeout | undefined
  #up: boolean | undefined
  #beating = false

  constructor(reader: OverviewReader, jobs: JobReader, sampleMs: number, logger: Logger) {
    this.#reader = reader
    this.#jobs = jobs
    this.#sampleMs = sampleMs
    this.#logger = logger
  }

  get listeners(): number {
    return this.#listeners.size
  }

  add(listener: Listener): void {
    this.#listeners.set(listener, { shown: '', lines: 0, reached: false })
    if (this.#up === false) listener.send('redis', { up: false, ...this.#why })
    // Somebody waits for the first picture; a beat that is under way will reach them too.
    if (!this.#beating) this.#beat()
  }

  remove(listener: Listener): void {
    this.#listeners.delete(listener)
    if (this.#listeners.size === 0) this.close()
  }

  bulk(view: BulkView): void {
    for (const listener of this.#listeners.keys()) listener.send('bulk', view)
  }

  close(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  #why: { message: string | null; code: string | null } = WELL
  #greeted = new WeakSet<Listener>()

  #beat(): void {
    clearTimeout(this.#timer)
    this.#beating = true
    void this.#look()
      .catch((error: unknown) => this.#failed(error))
      .then((waitMs) => {
        this.#beating = false
        if (this.#listeners.size === 0) return
        this.#timer = setTimeout(() => this.#beat(), waitMs)
        this.#timer.unref()
      })
  }

  async #look(): Promise<number> {
    const overview = await this.#reader.read(this.#sampleMs / 2)
    const news = this.#up !== true
    this.#up = true
    this.#why = WELL
    if (news) this.#greeted = new WeakSet()
    for (const [listener, state] of this.#listeners) {
      state.reached = true
      if (!this.#greeted.has(listener) && listener.send('redis', { up: true, ...WELL })) this.#greeted.add(listener)
      listener.send('overview', overview)
    }
    await this.#tellJobs()
    // Who came while jobs were read has seen nothing yet.
    const late = [...this.#listeners.values()].some(({ reached }) => !reached)
    return late ? 0 : this.#sampleMs
  }

  /** Each watched job is read once, however many watch it. */
  async #tellJobs(): Promise<void> {
    const watched = new Map<string, Listener[]>()
    for (const listener of this.#listeners.keys()) {
      if (listener.job === undefined) continue
      const name = `${listener.job.queue}/${listener.job.id}`
      watched.set(name, [...(watched.get(name) ?? []), listener])
    }
    await Promise.all([...watched.values()].map((listeners) => this.#tryToTellJob(listeners[0]!.job!, listeners)))
  }

  /** A job that cannot be read is the trouble of its own page, which asks for it and is told why: everybody else's goes on. */
  async #tryToTellJob(place: { queue: string; id: string }, listeners: readonly Listener[]): Promise<void> {
    try {
      await this.#tellJob(place, listeners)
    } catch (error) {
      if (isAway(error)) throw error
      this.#logger.warn({ err: error, ...place }, 'The dashboard could not read a job that it shows')
    }
  }

  async #tellJob(place: { queue: string; id: string }, listeners: readonly Listener[]): Promise<void> {
    const detail = await this.#jobs.detail(place)
    const text = JSON.stringify(detail)
    const total = detail?.logCount ?? 0
    for (const listener of listeners) {
      const state = this.#listeners.get(listener)
      if (state === undefined) continue
      if (state.shown !== text && listener.send('job', detail)) state.shown = text
      if (total < state.lines) state.lines = total
      if (total === state.lines) continue
      const { lines, from } = await this.#jobs.logs(place, Math.max(state.lines, total - MAX_LINES))
      if (listener.send('logs', { from, lines })) state.lines = from + lines.length
    }
  }

  #failed(error: unknown): number {
    if (!isAway(error)) this.#logger.warn({ err: error }, 'The dashboard could not read what it shows and tries again')
    const [message, code] =
      error instanceof RqtsError ? [error.message, error.code] : ['The dashboard could not read what it shows', 'RQTS_DASHBOARD']
    if (this.#up !== false) for (const listener of this.#listeners.keys()) listener.send('redis', { up: false, message, code })
    this.#up = false
    this.#why = { message, code }
    return AFTER_ERROR_MS
  }
}

function isAway(error: unknown): boolean {
  return error instanceof RqtsError && (error.code === 'RQTS_REDIS_UNAVAILABLE' || error.code === 'RQTS_CLOSED')
}
