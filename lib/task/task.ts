import { fileURLToPath } from 'node:url'
import { show } from '../duration.ts'
import { RqtsError } from '../errors.ts'
import type { TaskBackoff } from '../job/backoff.ts'
import { type NormalOptions, normalizeOptions, type TaskJobOptions } from '../job/options.ts'
import { checkName } from '../names.ts'
import { type BatchHandler, type BatchOption, type BatchRule, batchOfOne, batchRule } from './batch.ts'
import type { AnyFunction, TakesInput } from './infer.ts'
import { isSchema, type StandardSchemaV1 } from './schema.ts'

/** The job options that a task can bring along; those of the single job win over them. */
export type TaskDefaults = Pick<
  TaskJobOptions,
  'timeout' | 'ttl' | 'resultTtl' | 'failureTtl' | 'priority' | 'retry' | 'unique' | 'onSuccess' | 'onFailure'
>

export interface TaskOptions<
  Args extends readonly unknown[] = readonly unknown[],
  Name extends string = string,
  Input extends readonly unknown[] = Args,
> extends TaskDefaults {
  name: Name
  /** Where `add.delay(…)` puts it. Default: `'default'`. */
  queue?: string
  /** Checks the tuple of arguments when a job is enqueued and again before it runs. */
  args?: StandardSchemaV1<Input, Args>
  /** See BatchTaskOptions. */
  batch?: undefined
}

export interface BatchTaskOptions<
  Args extends readonly unknown[] = readonly unknown[],
  Name extends string = string,
  Input extends readonly unknown[] = Args,
> extends Omit<TaskOptions<Args, Name, Input>, 'batch'> {
  /** The handler takes up to so many jobs at once: a list of argument tuples, and returns a list of outcomes. */
  batch: BatchOption
}

/** What a worker needs to run a task, and a producer to enqueue it. */
export interface TaskDefinition {
  readonly name: string
  readonly handler: AnyFunction
  readonly queue?: string
  /** As given, for `jobOptions` to lay under those of a single job; `normal` is what they mean on their own. */
  readonly defaults: TaskDefaults
  readonly normal: NormalOptions
  readonly backoff?: TaskBackoff
  readonly schema?: StandardSchemaV1
  /** `handler` is then a batch of one, and `run` takes many. */
  readonly batch?: BatchRule & { readonly run: BatchHandler }
  /** `file:line` of the definition: two tasks of one name are reported with both. */
  readonly place: string
  /** Not made by `task()`: an exported function, without options. */
  readonly plain?: true
}

/** From the global registry: a task of another copy of this library (another install, another loader) is a task too. */
export const TASK: unique symbol = Symbol.for('rqts.task')

/** Callable exactly like the function it was made from. */
export interface Task<
  Args extends readonly unknown[] = never[],
  Result = unknown,
  Name extends string = string,
  Input extends readonly unknown[] = Args,
> extends TakesInput<Input> {
  (...args: Args): Result
  readonly taskName: Name
  readonly [TASK]: TaskDefinition
}

export interface DefineOptions<Extra extends object> {
  /** Further properties of the task, made when it is defined: `delay`, `s`, `si`. */
  extend?: (task: Task) => Extra
  /** The function whose caller is the place of the definition. Default: `defineTask` itself. */
  caller?: AnyFunction
}

export function defineTask<
  Args extends readonly unknown[],
  Result,
  const Name extends string = string,
  Input extends readonly unknown[] = Args,
  Extra extends object = object,
>(
  nameOrOptions: Name | TaskOptions<Args, Name, Input>,
  fn: (this: never, ...args: Args) => Result,
  define: DefineOptions<Extra> = {},
): Task<Args, Result, Name, Input> & Extra {
  const options = typeof nameOrOptions === 'string' ? { name: nameOrOptions } : nameOrOptions
  const definition = definitionOf(options as TaskOptions, fn, callerPlace(define.caller ?? defineTask))
  const handler = definition.handler as unknown as (this: unknown, ...args: unknown[]) => Result
  function run(this: unknown, ...args: unknown[]): Result {
    return handler.apply(this, args)
  }
  Object.defineProperties(run, {
    name: { value: definition.name, configurable: true },
    length: { value: fn.length, configurable: true },
    taskName: { value: definition.name, enumerable: true },
    [TASK]: { value: definition },
  })
  const task = run as unknown as Task<Args, Result, Name, Input>
  return Object.assign(task, define.extend?.(task as unknown as Task)) as Task<Args, Result, Name, Input> & Extra
}

export function definitionOfTask(value: unknown): TaskDefinition | undefined {
  return typeof value === 'function' ? (value as Partial<Task>)[TASK] : undefined
}

const KNOWN = [
  'name',
  'queue',
  'timeout',
  'ttl',
  'resultTtl',
  'failureTtl',
  'priority',
  'retry',
  'unique',
  'args',
  'onSuccess',
  'onFailure',
  'batch',
] satisfies (keyof TaskOptions)[]

function definitionOf(options: TaskOptions, fn: unknown, place: string): TaskDefinition {
  if (typeof options !== 'object' || options === null) throw badTask(`task() takes a name or { name, … } first; got ${show(options)}`)
  const { name: givenName, queue, args, batch, ...defaults } = options as TaskOptions & { batch?: BatchOption }
  const name = checkName('task', givenName)
  if (typeof fn !== 'function') throw badTask(`task('${name}', fn) takes a function second; got ${show(fn)}`)
  if (definitionOfTask(fn) !== undefined) throw badTask(`task('${name}', fn) was given a task, '${fn.name}': pass the plain function`)
  const unknown = Object.keys(options).find((key) => !(KNOWN as string[]).includes(key))
  if (unknown !== undefined) {
    throw new RqtsError('RQTS_BAD_OPTION', `Unknown option '${unknown.slice(0, 60)}' of task '${name}'; known are ${KNOWN.join(', ')}`)
  }
  if (args !== undefined && !isSchema(args)) {
    throw new RqtsError(
      'RQTS_BAD_OPTION',
      `The option args of task '${name}' must be a Standard Schema of its arguments, such as z.tuple([…]); got ${show(args)}`,
    )
  }
  const { retry } = defaults
  const backoff = typeof retry === 'object' && typeof retry.backoff === 'function' ? retry.backoff : undefined
  return {
    name,
    handler: batch === undefined ? (fn as AnyFunction) : (batchOfOne(name, fn as BatchHandler) as AnyFunction),
    ...(batch !== undefined && { batch: { ...batchRule(name, batch), run: fn as BatchHandler } }),
    ...(queue !== undefined && { queue: checkName('queue', queue) }),
    defaults,
    normal: normalizeOptions(defaults, { taskLevel: true }),
    ...(backoff !== undefined && { backoff }),
    ...(args !== undefined && { schema: args as StandardSchemaV1 }),
    place,
  }
}

/** What a plain exported function is: a task without options. */
export function definePlain(name: string, handler: AnyFunction, place: string): TaskDefinition {
  return { name, handler, defaults: {}, normal: normalizeOptions(undefined), place, plain: true }
}

export const UNKNOWN_PLACE = 'an unknown place'

/** `file:line` of who called `above`. */
export function callerPlace(above: AnyFunction): string {
  const limit = Error.stackTraceLimit
  Error.stackTraceLimit = 1
  const at: { stack?: string } = {}
  Error.captureStackTrace(at, above)
  Error.stackTraceLimit = limit
  const place = /^\s*at (?:async )?(?:.*? \()?(.+):(\d+):\d+\)?\s*$/m.exec(at.stack ?? '')
  if (place === null) return UNKNOWN_PLACE
  const [, file, line] = place as unknown as [string, string, string]
  return `${file.startsWith('file://') ? fileURLToPath(file.replace(/\?.*$/, '')) : file}:${line}`
}

function badTask(message: string): RqtsError {
  return new RqtsError('RQTS_BAD_TASK', message)
}
