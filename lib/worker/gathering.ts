import { runBatch } from '../task/batch.ts'
import type { TaskDefinition } from '../task/task.ts'
import { type RunningContext, runInContext } from './context.ts'
import type { LocalRun } from './executor.ts'

interface Member {
  run: LocalRun
  args: unknown[]
  resolve(value: unknown): void
  reject(error: unknown): void
}

/**
 * The runs of one batch on their way to its handler: each is decoded, checked and taken through the middleware by itself, and the
 * handler is called once all that are still there have come so far.
 */
export class Gathering {
  readonly #definition: TaskDefinition
  readonly #runs: readonly LocalRun[]
  readonly #members = new Map<LocalRun, Member>()
  #called = false

  constructor(definition: TaskDefinition, runs: readonly LocalRun[]) {
    this.#definition = definition
    this.#runs = runs
    for (const run of runs) run.after = () => this.#look()
  }

  /** The outcome of this run alone. */
  join(run: LocalRun, args: unknown[]): Promise<unknown> {
    // A second call of the same job, as a chunk of a workflow makes them: the others are gone by then.
    if (this.#called) return this.#definition.handler.apply(run.context as never, args as never) as Promise<unknown>
    return new Promise((resolve, reject) => {
      this.#members.set(run, { run, args, resolve, reject })
      this.#look()
    })
  }

  #look(): void {
    if (this.#called || !this.#runs.every((run) => run.ended || this.#members.has(run))) return
    this.#called = true
    const members = [...this.#members.values()].filter(({ run }) => !run.ended)
    if (members.length > 0) void this.#call(members)
  }

  async #call(members: readonly Member[]): Promise<void> {
    const { name, batch } = this.#definition
    const calls = members.map(({ args }) => args)
    const contexts: RunningContext[] = members.map(({ run }) => run.context)
    try {
      // Who asks for currentJob() is told the first of them.
      const outcomes = await runInContext(contexts[0]!, () => runBatch(name, batch!.run, calls, contexts))
      for (const [i, outcome] of outcomes.entries()) void outcome.then(members[i]!.resolve, members[i]!.reject)
    } catch (error) {
      for (const { reject } of members) reject(error)
    }
  }
}
