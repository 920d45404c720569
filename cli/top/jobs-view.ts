import type { FoundJob, FoundJobs, JobFilter } from '../../lib/client/inspector.ts'
import type { ScreenSize } from '../output/screen.ts'
import { formatCount, safe } from '../output/text.ts'
import { changeJob, JOB_KEYS } from './actions.ts'
import { JobView } from './job-view.ts'
import { List } from './list.ts'
import type { Desk, Step, View } from './view.ts'

const SHOWN = [undefined, 'started', 'queued', 'scheduled', 'deferred', 'failed', 'stopped', 'canceled', 'finished'] as const

/** Jobs of one queue or of all, a page at a time. */
export class JobsView implements View {
  readonly #desk: Desk
  readonly #queue: string | undefined
  readonly #list = new List<FoundJob>(({ queue, id }) => `${queue}/${id}`)
  #status = 0
  #offset = 0
  #page = 20
  #found: FoundJobs | undefined
  #table: typeof import('../output/job.ts') | undefined

  constructor(desk: Desk, queue?: string) {
    this.#desk = desk
    this.#queue = queue
  }

  get title(): string {
    return `${SHOWN[this.#status] ?? 'all'} jobs of ${this.#queue === undefined ? 'all queues' : safe(this.#queue)}`
  }

  get keys(): readonly (readonly [string, string])[] {
    return [['enter', 'open'], ['←→', 'status'], ...JOB_KEYS]
  }

  async load(): Promise<void> {
    const { findJobs } = await import('../../lib/client/inspector.ts')
    this.#table ??= await import('../output/job.ts')
    const [status, offset] = [SHOWN[this.#status], this.#offset]
    const filter: JobFilter = { offset, limit: this.#page }
    if (this.#queue !== undefined) filter.queues = [this.#queue]
    if (status !== undefined) filter.status = status
    const found = await findJobs(await this.#desk.context.store(), filter)
    // Another page was asked for meanwhile.
    if (status !== SHOWN[this.#status] || offset !== this.#offset) return
    this.#found = found
    this.#list.rows = found.jobs
    if (this.#list.missed) this.#desk.refresh()
  }

  lines({ rows, columns }: ScreenSize): string[] {
    this.#page = Math.max(1, rows - 3)
    if (this.#found === undefined || this.#table === undefined) return ['', '  …']
    const { jobs, nextOffset, total } = this.#found
    if (jobs.length === 0) return ['', '  No jobs here.']
    const place = `  ${formatCount(this.#offset + 1)}–${formatCount(this.#offset + jobs.length)}${nextOffset === null ? '' : ` of up to ${formatCount(total)}`}`
    return [...this.#list.window(this.#table.jobRows(jobs, columns - 4), rows - 2), '', place]
  }

  async press(key: string): Promise<Step> {
    if (key === 'left' || key === 'right') return this.#show(this.#status + (key === 'right' ? 1 : -1))
    if (this.#turn(key) || this.#list.move(key)) return undefined
    const job = this.#list.chosen
    if (key === 'enter' && job !== undefined) return { open: new JobView(this.#desk, job) }
    return await changeJob(this.#desk, job, key)
  }

  #show(status: number): undefined {
    this.#status = (status + SHOWN.length) % SHOWN.length
    this.#go(0)
  }

  /** Over the edge of a page is the next one. */
  #turn(key: string): boolean {
    const next = this.#found?.nextOffset ?? null
    if ((key === 'down' || key === 'j' || key === 'page-down') && this.#list.atLast && next !== null) this.#go(next)
    else if ((key === 'up' || key === 'k' || key === 'page-up') && this.#list.atFirst && this.#offset > 0)
      this.#go(Math.max(0, this.#offset - this.#page))
    else return false
    return true
  }

  #go(offset: number): void {
    this.#offset = offset
    this.#found = undefined
    this.#list.clear()
    this.#desk.refresh()
  }
}
