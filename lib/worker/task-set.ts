import { RqtsError } from '../errors.ts'
import type { RetryPolicy } from '../job/backoff.ts'
import type { BatchRule } from '../task/batch.ts'
import { jsonSchemasOf } from '../task/json-schema.ts'
import { TaskRegistry } from '../task/registry.ts'
import { importFile, type LoadedTasks, type LoadOptions, loadTaskModules, type TaskSource } from './load-tasks.ts'
import type { Middleware } from './options.ts'

export interface TaskSources {
  tasks: readonly TaskSource[]
  /** Functions, or paths of modules whose default export is one. */
  middleware: readonly (Middleware | string)[]
}

/** All that a process or thread needs to run jobs: the tasks, the layers around them, the hooks of their files. */
export class TaskSet {
  readonly registry: TaskRegistry = new TaskRegistry()
  loaded: readonly LoadedTasks[] = []
  middleware: readonly Middleware[] = []

  static async load({ tasks, middleware }: TaskSources, options: LoadOptions): Promise<TaskSet> {
    const set = new TaskSet()
    set.loaded = await loadTaskModules(tasks, set.registry, options)
    set.middleware = await Promise.all(
      middleware.map(async (layer) => (typeof layer === 'string' ? await importMiddleware(layer, options) : layer)),
    )
    return set
  }

  get names(): readonly string[] {
    return this.loaded.flatMap(({ names }) => names)
  }

  /** The retry policies of tasks that have one: what another process must know to judge an attempt that cannot speak for itself. */
  get policies(): Record<string, RetryPolicy> {
    const found = this.registry.names().flatMap((name) => {
      const policy = this.registry.get(name)?.normal.retry
      return policy === undefined ? [] : [[name, policy] as const]
    })
    return Object.fromEntries(found)
  }

  /** The tasks that take several jobs at once. */
  get batches(): Record<string, BatchRule> {
    const found = this.registry.names().flatMap((name) => {
      const batch = this.registry.get(name)?.batch
      return batch === undefined ? [] : [[name, { size: batch.size, waitMs: batch.waitMs }] as const]
    })
    return Object.fromEntries(found)
  }

  /** What a form for the arguments can be made from, see task/json-schema.ts. */
  get schemas(): string {
    const { registry } = this
    return jsonSchemasOf(registry.names().map((name) => ({ name, schema: registry.get(name)?.schema })))
  }

  /** Calls what the files export as `setup`, in their order. */
  async setup(): Promise<void> {
    for (const { setup } of this.loaded) await setup?.()
  }

  /** Calls what the files export as `teardown`, last file first. One that throws does not stop the others. */
  async teardown(): Promise<void> {
    const errors: unknown[] = []
    for (const { teardown } of [...this.loaded].reverse()) {
      try {
        await teardown?.()
      } catch (error) {
        errors.push(error)
      }
    }
    if (errors.length > 0) throw errors[0]
  }
}

async function importMiddleware(path: string, options: LoadOptions): Promise<Middleware> {
  const layer = ((await importFile(path, options)) as { default?: unknown }).default
  if (typeof layer === 'function') return layer as Middleware
  throw new RqtsError(
    'RQTS_BAD_OPTION',
    `The middleware module ${path} must have a function as its default export: (context, next) => next()`,
  )
}
