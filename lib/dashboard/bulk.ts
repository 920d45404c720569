import { changeJobs, type WhyNot } from '../client/change-jobs.ts'
import type { Place, Store } from '../client/inspector.ts'
import { newToken } from '../job/id.ts'
import type { Logger } from '../logger.ts'
import type { BulkView, JobAction } from './contract.ts'
import { type NormalRedaction, redactedText } from './payload.ts'
import { Refusal } from './refusal.ts'

export interface BulkRequest {
  action: JobAction
  query: string | null
  /** Batches of jobs, found before any is changed: what changes leaves the place where it was found. */
  places: AsyncIterable<Place[]>
  user: string
}

const MAX_RUNNING = 3
const MAX_KEPT = 50
const MAX_JOBS = 1_000_000
const BATCH = 500
const MAX_PROBLEMS = 20
const TELL_MS = 500

/** Changes of many jobs, carried out here however long the tab that asked for them stays open. */
export class Bulks {
  readonly #store: Store
  readonly #logger: Logger
  readonly #redaction: NormalRedaction
  readonly #tell: (view: BulkView) => void
  readonly #bulks = new Map<string, { view: BulkView; stop: boolean }>()

  constructor(store: Store, logger: Logger, redaction: NormalRedaction, tell: (view: BulkView) => void) {
    this.#store = store
    this.#logger = logger
    this.#redaction = redaction
    this.#tell = tell
  }

  start({ action, query, places, user }: BulkRequest): BulkView {
    const running = [...this.#bulks.values()].filter(({ view }) => view.state === 'running').length
    if (running >= MAX_RUNNING) {
      const why = `${running} bulk actions are running: wait for one of them`
      throw new Refusal(429, 'RQTS_BUSY', why, { what: 'bulks', facts: { running } })
    }
    const view: BulkView = {
      id: newToken(),
      action,
      query,
      state: 'running',
      total: 0,
      done: 0,
      failed: 0,
      problems: [],
      startedAt: new Date().toISOString(),
      endedAt: null,
    }
    const bulk = { view, stop: false }
    this.#bulks.set(view.id, bulk)
    this.#forgetOld()
    this.#logger.info({ user, action, query, bulk: view.id }, 'dashboard: a bulk action begins')
    void this.#run(bulk, places).then(() => {
      view.endedAt = new Date().toISOString()
      const { state, done, failed, total } = view
      this.#logger.info({ user, action, query, bulk: view.id, state, done, failed, total }, 'dashboard: a bulk action has ended')
      this.#tell(view)
    })
    return view
  }

  get(id: string): BulkView {
    const bulk = this.#bulks.get(id)
    if (bulk === undefined) throw new Refusal(404, 'RQTS_JOB_NOT_FOUND', 'There is no such bulk action', { what: 'bulk-gone' })
    return bulk.view
  }

  abort(id: string): BulkView {
    const view = this.get(id)
    this.#bulks.get(id)!.stop = true
    return view
  }

  /** What runs stops at its next batch. */
  close(): void {
    for (const bulk of this.#bulks.values()) bulk.stop = true
  }

  async #run(bulk: { view: BulkView; stop: boolean }, batches: AsyncIterable<Place[]>): Promise<void> {
    const { view } = bulk
    let told = performance.now()
    const tell = (): void => {
      if (performance.now() - told < TELL_MS) return
      told = performance.now()
      this.#tell(view)
    }
    try {
      const places: Place[] = []
      for await (const batch of batches) {
        places.push(...batch.slice(0, MAX_JOBS - places.length))
        view.total = places.length
        tell()
        if (bulk.stop || places.length >= MAX_JOBS) break
      }
      for (let at = 0; at < places.length && !bulk.stop; at += BATCH) {
        const { done, refused } = await changeJobs(this.#store, view.action, places.slice(at, at + BATCH))
        view.done += done
        view.failed += refused.length
        for (const one of refused.slice(0, MAX_PROBLEMS - view.problems.length)) view.problems.push(this.#problem(one.place, one))
        tell()
      }
      view.state = bulk.stop ? 'aborted' : 'done'
    } catch (error) {
      view.state = 'failed'
      this.#logger.warn({ err: error, bulk: view.id }, 'dashboard: a bulk action failed')
      const why = error instanceof Error ? error.message : String(error)
      view.problems.unshift(this.#problem({ id: '', queue: '' }, { why }))
    }
  }

  #problem(place: Place, { why, what, facts = {} }: Pick<WhyNot, 'why'> & Partial<WhyNot>): BulkView['problems'][number] {
    const text = redactedText(why, { ...place, task: '', part: 'error' }, this.#redaction)
    return { ...place, text, what: what ?? null, facts }
  }

  #forgetOld(): void {
    for (const [id, { view }] of this.#bulks) {
      if (this.#bulks.size <= MAX_KEPT) return
      if (view.state !== 'running') this.#bulks.delete(id)
    }
  }
}
