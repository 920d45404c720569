import { RqtsError } from '../errors.ts'
import { checkName } from '../names.ts'
import type { AnyFunction } from './infer.ts'
import { nearestNames } from './nearest.ts'
import { isClass, unfit } from './resolve.ts'
import { callerPlace, definePlain, definitionOfTask, type TaskDefinition, UNKNOWN_PLACE } from './task.ts'

/**
 * The tasks that a worker knows. Only what is in here ever runs: a name from Redis is looked up, never imported.
 * A Map, so that `constructor` and `__proto__` are names like any other.
 */
export class TaskRegistry {
  readonly #tasks = new Map<string, TaskDefinition>()
  /** By name: the module that brought it, or this registry when it was given by itself. */
  readonly #from = new Map<string, object>()

  get size(): number {
    return this.#tasks.size
  }

  /** A task, or a function under the given name or its own; `place` says in errors where it came from. Default: the caller's. */
  add(fn: AnyFunction, name?: string, place?: string): void {
    const definition = definitionOfTask(fn)
    if (definition !== undefined && (name === undefined || name === definition.name)) return this.#put(definition, this)
    const reason = name === undefined ? unfit(fn) : undefined
    if (reason !== undefined) {
      throw new RqtsError('RQTS_BAD_TASK', `This function cannot be registered because ${reason}: name it, task('sendMail', fn)`)
    }
    this.#put(definePlain(checkName('task', name ?? fn.name), fn, place ?? callerPlace(this.add)), this)
  }

  /** All exported tasks and named functions of a module; `place` says which module in errors. Returns their names. */
  addModule(module: object, place: string): string[] {
    const names = new Set<string>()
    for (const [exportName, value] of exportsOf(module)) {
      const definition = typeof value === 'function' ? exported(exportName, value as AnyFunction, place) : undefined
      if (definition === undefined) continue
      this.#put(definition, module)
      names.add(definition.name)
    }
    return [...names]
  }

  get(name: string): TaskDefinition | undefined {
    return this.#tasks.get(name)
  }

  has(name: string): boolean {
    return this.#tasks.has(name)
  }

  names(): string[] {
    return [...this.#tasks.keys()].sort()
  }

  /** The known names that are most like this one. */
  nearest(name: string, count = 3): string[] {
    return nearestNames(name, this.#tasks.keys(), count)
  }

  /** For a job whose task is not here: it fails with this, and can be requeued once a worker knows the task. */
  unknownTaskError(name: string): RqtsError {
    const message = `No task named '${name.slice(0, 128)}' is known to this worker: ${this.#knownInstead(name)}. ${REMEDY}`
    return new RqtsError('RQTS_UNKNOWN_TASK', message)
  }

  #knownInstead(name: string): string {
    if (this.#tasks.size === 0) return 'it has loaded no tasks at all'
    for (const { handler, name: exportName, place } of this.#tasks.values()) {
      if (handler.name === name) return `a function of that name is exported as '${exportName}' (${place})`
    }
    const nearest = this.nearest(name).map((known) => `'${known}'`)
    return `it knows ${this.#tasks.size} ${this.#tasks.size === 1 ? 'task' : 'tasks'}${nearest.length > 0 ? `, most like it ${nearest.join(', ')}` : ''}`
  }

  #put(definition: TaskDefinition, from: object): void {
    const known = this.#tasks.get(definition.name)
    // The same place in two modules is one definition that was loaded twice (by two loaders, or anew): the later one counts. In one
    // module there are two on a line.
    const twice = from !== this.#from.get(definition.name) && known !== undefined && samePlace(known, definition)
    if (known !== undefined && known.handler !== definition.handler && !twice) {
      throw new RqtsError(
        'RQTS_DUPLICATE_TASK',
        `Two tasks are named '${definition.name}': one at ${known.place}, one at ${definition.place}. Rename one of them, or give it a name of its own with task(name, fn)`,
      )
    }
    // A module may export a function and the task made from it: the task knows more.
    if (known === undefined || known.handler !== definition.handler || !definition.plain) this.#tasks.set(definition.name, definition)
    this.#from.set(definition.name, from)
  }
}

const REMEDY =
  "Check the name, or load the module that exports it (rqts worker --tasks FILE, or new Worker(queues, { tasks: ['FILE'] })), and requeue the job"

function samePlace(a: TaskDefinition, b: TaskDefinition): boolean {
  return a.place === b.place && a.place !== UNKNOWN_PLACE
}

function exported(exportName: string, fn: AnyFunction, place: string): TaskDefinition | undefined {
  const definition = definitionOfTask(fn)
  if (definition !== undefined) return definition
  if (isClass(fn)) return undefined
  // A default export is called what the function is called; without a name nobody could enqueue it.
  const name = exportName === 'default' ? fn.name : exportName
  if (exportName === 'default' && unfit(fn) !== undefined) return undefined
  // `$helper` and the like are no task names, so they cannot be meant as tasks.
  return isTaskName(name) ? definePlain(name, fn, `${place}, export ${exportName}`) : undefined
}

/** What CommonJS modules export as a whole (`default`, and `module.exports` in newer Nodes) counts by its parts. */
function exportsOf(module: object): [string, unknown][] {
  const found: [string, unknown][] = []
  for (const [name, value] of Object.entries(module) as [string, unknown][]) {
    const whole = name === 'default' || name === 'module.exports'
    if (!whole) found.push([name, value])
    else if (typeof value === 'function') found.push(['default', value])
    else if (typeof value === 'object' && value !== null) found.push(...(Object.entries(value) as [string, unknown][]))
  }
  return found
}

function isTaskName(name: string): boolean {
  try {
    checkName('task', name)
    return true
  } catch {
    return false
  }
}
