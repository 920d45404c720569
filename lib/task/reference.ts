import { RqtsError } from '../errors.ts'
import { checkName } from '../names.ts'
import type { TasksOf } from './infer.ts'

/**
 * Tasks of a module that this program does not load: `tasks<typeof import('./tasks')>()` has a typed reference per
 * task, to be enqueued by name. The import is a type, so none of the module's code or dependencies comes along.
 */
export function tasks<Module>(): TasksOf<Module> {
  const references = new Map<string, unknown>()
  return new Proxy(Object.create(null) as TasksOf<Module>, {
    get: (_, key) => {
      // `then` is asked of whatever is awaited or returned from an async function.
      if (typeof key === 'symbol' || key === 'then') return undefined
      if (!references.has(key)) references.set(key, reference(key))
      return references.get(key)
    },
    has: (_, key) => typeof key === 'string' && key !== 'then',
    set: () => false,
  })
}

function reference(name: string): unknown {
  checkName('task', name)
  const call = (): never => {
    throw new RqtsError(
      'RQTS_BAD_TASK',
      `'${name}' is only a reference to a task, made from its type, and cannot be called here: enqueue it, queue.enqueue(tasks.${name}, [...])`,
    )
  }
  return Object.defineProperties(call, { name: { value: name }, taskName: { value: name, enumerable: true } })
}
