import { show } from '../duration.ts'
import { RqtsError } from '../errors.ts'
import { checkName } from '../names.ts'
import type { AnyFunction } from './infer.ts'
import { definitionOfTask, type TaskDefinition } from './task.ts'

export interface ResolvedTask {
  readonly name: string
  readonly definition?: TaskDefinition
}

// Looking at a function's source is slow, and the same few functions are enqueued again and again.
const resolved = new WeakMap<object, ResolvedTask>()

/**
 * The name under which a worker will find this: of a task its own, of a plain function the name it is exported by,
 * of a reference from `tasks<…>()` the one it stands for.
 * Whether a named function can be found by a worker shows only there: a closure ends as an unknown task.
 */
export function resolveTask(target: AnyFunction | string): ResolvedTask {
  if (typeof target === 'string') return { name: checkName('task', target) }
  if (typeof target !== 'function') {
    throw new RqtsError(
      'RQTS_BAD_TASK',
      `A task is what task() returns, an exported function or a task's name; got ${show(target)}. ` +
        'Give the function itself, and its arguments in a list: enqueue(add, [1, 2]), not enqueue(add(1, 2))',
    )
  }
  const known = resolved.get(target)
  if (known !== undefined) return known
  const definition = definitionOfTask(target)
  const found: ResolvedTask = definition === undefined ? { name: plainName(target) } : { name: definition.name, definition }
  resolved.set(target, found)
  return found
}

/** Of a function that is called what it is exported as. References from `tasks<…>()` carry their name like tasks do. */
function plainName(fn: AnyFunction): string {
  const { taskName } = fn as { taskName?: unknown }
  if (taskName !== undefined) return checkName('task', taskName)
  const reason = unfit(fn)
  if (reason === undefined) return checkName('task', fn.name)
  throw new RqtsError(
    'RQTS_BAD_TASK',
    `This function cannot be enqueued because ${reason}, so no worker could find it: ` +
      `export it under a name of its own (export async function sendMail(…) {…}) or name it: task('sendMail', fn)`,
  )
}

/** What Node, jiti and tsc call a default export that has no name: a producer and its worker may be loaded by different ones. */
const UNNAMED_DEFAULTS: ReadonlySet<string> = new Set(['default', '_default', 'default_1'])

/** Why no worker could find the function by its name; undefined when one could. */
export function unfit(fn: AnyFunction): string | undefined {
  if (fn.name === '') return 'it has no name'
  if (UNNAMED_DEFAULTS.has(fn.name)) return `its name is '${fn.name}'`
  if (fn.name.startsWith('bound ')) return `it is bound ('${fn.name}')`
  const source = Function.prototype.toString.call(fn)
  if (isClassSource(source)) return `'${fn.name}' is a class`
  return /\{\s*\[native code\]\s*\}$/.test(source) ? `'${fn.name}' is native code` : undefined
}

export function isClass(fn: AnyFunction): boolean {
  return isClassSource(Function.prototype.toString.call(fn))
}

function isClassSource(source: string): boolean {
  return /^class[\s{]/.test(source)
}
