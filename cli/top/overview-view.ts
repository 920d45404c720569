import type { Overview, QueueOverview, WorkerOverview } from '../../lib/client/inspector.ts'
import { paint } from '../output/color.ts'
import type { ScreenSize } from '../output/screen.ts'
import { changeQueue, changeWorker } from './actions.ts'
import { JobView } from './job-view.ts'
import { JobsView } from './jobs-view.ts'
import { List } from './list.ts'
import type { Desk, Step, View } from './view.ts'

/** Where it begins: all queues, and below them all workers. */
export class OverviewView implements View {
  readonly title = 'queues and workers'
  readonly #desk: Desk
  readonly #read: () => Promise<Overview>
  readonly #queues = new List<QueueOverview>(({ name }) => name)
  readonly #workers = new List<WorkerOverview>(({ name }) => name)
  #onWorkers = false
  #seen: Overview | undefined
  #draw: typeof import('../output/overview.ts') | undefined

  constructor(desk: Desk, read: () => Promise<Overview>) {
    this.#desk = desk
    this.#read = read
  }

  get keys(): readonly (readonly [string, string])[] {
    const own = this.#onWorkers
      ? ([
          ['enter', 'its job'],
          ['p', 'pause/resume'],
          ['S', 'stop'],
          ['tab', 'queues'],
        ] as const)
      : ([
          ['enter', 'jobs'],
          ['p', 'pause/resume'],
          ['E', 'empty'],
          ['tab', 'workers'],
        ] as const)
    return [...own, ['a', 'all jobs']]
  }

  async load(): Promise<void> {
    this.#draw ??= await import('../output/overview.ts')
    const seen = await this.#read()
    this.#seen = seen
    this.#queues.rows = seen.queues
    this.#workers.rows = this.#draw.byName(seen.workers)
    if (this.#queues.missed || this.#workers.missed) this.#desk.refresh()
  }

  get seen(): Overview | undefined {
    return this.#seen
  }

  lines({ rows, columns }: ScreenSize): string[] {
    const seen = this.#seen
    if (seen === undefined || this.#draw === undefined) return []
    const { problemLines, queueTable, workerTable } = this.#draw
    const problems = problemLines(seen, columns)
    const room = rows - (problems.length === 0 ? 0 : problems.length + 1) - 1
    const queues = queueTable(seen, columns - 4)
    const workers = workerTable(seen, columns - 4)
    const forWorkers = Math.min(workers.length, Math.max(Math.floor(room / 2), room - queues.length))
    return [
      ...this.#queues.window(queues, room - forWorkers, !this.#onWorkers),
      '',
      ...this.#workers.window(workers, forWorkers, this.#onWorkers),
      ...(problems.length === 0 ? [] : ['', ...problems.map((line) => paint('yellow', line))]),
    ]
  }

  async press(key: string): Promise<Step> {
    const list = this.#onWorkers ? this.#workers : this.#queues
    if (list.move(key)) return undefined
    if (key === 'tab' || key === 'shift-tab') this.#onWorkers = !this.#onWorkers
    else if (key === 'a') return { open: new JobsView(this.#desk) }
    else return this.#onWorkers ? await this.#pressOnWorker(key) : await this.#pressOnQueue(key)
    return undefined
  }

  async #pressOnQueue(key: string): Promise<Step> {
    const queue = this.#queues.chosen
    if (queue === undefined) return undefined
    return key === 'enter' ? { open: new JobsView(this.#desk, queue.name) } : await changeQueue(this.#desk, queue, key)
  }

  async #pressOnWorker(key: string): Promise<Step> {
    const worker = this.#workers.chosen
    if (worker === undefined) return undefined
    if (key !== 'enter') return await changeWorker(this.#desk, worker, key)
    const [id] = worker.jobs
    if (id === undefined) return { say: `${worker.name} runs nothing now` }
    const { locate } = await import('../../lib/client/inspector.ts')
    const place = await locate(await this.#desk.context.store(), id)
    return place === null ? { say: `${id} is gone` } : { open: new JobView(this.#desk, place) }
  }
}
