import type { JobDetail, JobLocation } from '../../lib/client/inspector.ts'
import { paint } from '../output/color.ts'
import type { ScreenSize } from '../output/screen.ts'
import { safe } from '../output/text.ts'
import { changeJob, JOB_KEYS } from './actions.ts'
import type { Desk, Step, View } from './view.ts'

/** One job with its log; `end` goes on showing the newest lines. */
export class JobView implements View {
  readonly #desk: Desk
  readonly #place: JobLocation
  #job: JobDetail | null | undefined
  #logs: string[] = []
  #jobLines: ((job: JobDetail) => string[]) | undefined
  #top = 0
  #room = 1
  #follow = false
  #logAt = 0

  constructor(desk: Desk, { id, queue }: JobLocation) {
    this.#desk = desk
    this.#place = { id, queue }
  }

  get title(): string {
    return `job ${safe(this.#place.id)} in ${safe(this.#place.queue)}`
  }

  get keys(): readonly (readonly [string, string])[] {
    return [['l', 'log'], ...JOB_KEYS]
  }

  async load(): Promise<void> {
    const { jobDetail, jobLogs } = await import('../../lib/client/inspector.ts')
    this.#jobLines ??= (await import('../output/job.ts')).jobLines
    const store = await this.#desk.context.store()
    const [job, logs] = await Promise.all([jobDetail(store, this.#place), jobLogs(store, this.#place)])
    this.#job = job
    this.#logs = logs
  }

  lines({ rows }: ScreenSize): string[] {
    if (this.#job === undefined || this.#jobLines === undefined) return ['', '  …']
    if (this.#job === null) return ['', '  This job is gone: it was deleted, or is past the time for which it was kept.']
    const detail = this.#jobLines(this.#job).flatMap((line) => line.split('\n'))
    const log =
      this.#logs.length === 0
        ? []
        : ['', `  ${paint('dim', `log (${this.#logs.length})`)}`, ...this.#logs.map((line) => `    ${safe(line)}`)]
    const all = [...detail, ...log]
    this.#room = rows
    this.#logAt = detail.length
    const last = Math.max(0, all.length - rows)
    this.#top = this.#follow ? last : Math.max(0, Math.min(this.#top, last))
    return all.slice(this.#top, this.#top + rows)
  }

  async press(key: string): Promise<Step> {
    const step = { up: -1, k: -1, down: 1, j: 1, 'page-up': -this.#room, 'page-down': this.#room }[key]
    if (step !== undefined) this.#scroll(this.#top + step)
    else if (key === 'home' || key === 'g') this.#scroll(0)
    else if (key === 'l') this.#scroll(this.#logAt + 1)
    else if (key === 'end') this.#follow = true
    else return await changeJob(this.#desk, this.#place, key)
    return undefined
  }

  #scroll(top: number): void {
    this.#follow = false
    this.#top = Math.max(0, top)
  }
}
