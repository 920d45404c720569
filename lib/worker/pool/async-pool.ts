import type { RetryPolicy } from '../../job/backoff.ts'
import type { ClaimedJob } from '../../store/attempts.ts'
import type { BatchRule } from '../../task/batch.ts'
import type { ContextPort } from '../context.ts'
import type { Interruption } from '../ending.ts'
import { Executor, type LocalRun } from '../executor.ts'
import type { LoadedTasks } from '../load-tasks.ts'
import type { RunListener } from '../run.ts'
import { TaskSet, type TaskSources } from '../task-set.ts'
import type { Pool } from './pool.ts'

export interface AsyncPoolOptions {
  sources: () => Promise<TaskSources>
  cwd: string
  portOf: (job: ClaimedJob) => ContextPort
  ended: RunListener
}

/** Handlers share this process and its event loop: nothing is cheaper, and a handler that blocks stops its neighbours. */
export class AsyncPool implements Pool {
  readonly kind = 'async'
  readonly pids: readonly number[] = []
  batches: ReadonlyMap<string, BatchRule> = new Map()
  schemas = ''
  readonly #options: AsyncPoolOptions
  #tasks = new TaskSet()
  #executor: Executor
  #open = false

  constructor(options: AsyncPoolOptions) {
    this.#options = options
    this.#executor = this.#executorOf(this.#tasks)
  }

  get names(): readonly string[] {
    return this.#tasks.names
  }

  get policies(): Record<string, RetryPolicy> {
    return this.#tasks.policies
  }

  async load(): Promise<readonly LoadedTasks[]> {
    if (this.#tasks.registry.size === 0) this.#use(await this.#read(false))
    return this.#tasks.loaded
  }

  async open(): Promise<void> {
    await this.load()
    await this.#tasks.setup()
    this.#open = true
  }

  prepare(job: ClaimedJob): LocalRun {
    return this.#executor.prepare(job)
  }

  execute(run: LocalRun): void {
    this.#executor.execute(run)
  }

  executeBatch(runs: readonly LocalRun[]): void {
    this.#executor.executeBatch(runs)
  }

  interrupt(run: LocalRun, kind: Interruption): void {
    this.#executor.interrupt(run, kind)
  }

  resize(): void {
    // The pump counts the slots; here they cost nothing.
  }

  drain(): void {
    // What runs here needs nothing that could be let go.
  }

  async reload(): Promise<readonly LoadedTasks[]> {
    const fresh = await this.#read(true)
    await fresh.setup()
    this.#use(fresh)
    return fresh.loaded
  }

  async close(): Promise<void> {
    if (this.#open) await this.#tasks.teardown()
    this.#open = false
  }

  async #read(fresh: boolean): Promise<TaskSet> {
    return await TaskSet.load(await this.#options.sources(), { cwd: this.#options.cwd, fresh })
  }

  #use(tasks: TaskSet): void {
    this.#tasks = tasks
    this.batches = new Map(Object.entries(tasks.batches))
    this.schemas = tasks.schemas
    this.#executor = this.#executorOf(tasks)
  }

  #executorOf(tasks: TaskSet): Executor {
    return new Executor(tasks, this.#options.portOf, this.#options.ended)
  }
}
