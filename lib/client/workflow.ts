import { show } from '../duration.ts'
import { RqtsError } from '../errors.ts'
import type { AnyFunction, ArgsOf, ResultOf } from '../task/infer.ts'
import { resolveTask } from '../task/resolve.ts'
import { chunksOf } from '../workflow/plan.ts'
import type { FlowSpec, SignatureOptions, Step } from '../workflow/spec.ts'
import type {
  AnyTyped,
  CallbackFor,
  FirstOf,
  GivenOf,
  GivesOf,
  GroupOf,
  LastOf,
  Linked,
  LooseOf,
  StartsOf,
  StartsWith,
  TakesOf,
  TakesWith,
  Typed,
} from '../workflow/types.ts'
import type { WorkflowHandle } from './workflow-handle.ts'
import { enqueueFlow, type FlowOptions } from './workflow-submit.ts'

/** Jobs that belong together: a signature, or what `chain`, `group` and the others make of some. Nothing runs before `enqueue`. */
export class Flow<Starts extends boolean, Takes, Result, Loose = Result | undefined, Lenient extends boolean = false>
  implements Typed<Starts, Takes, Result, Loose, Lenient>
{
  declare readonly '~flow'?: (given: Takes) => { starts: Starts; result: Result; loose: Loose; lenient: Lenient }
  readonly spec: FlowSpec

  constructor(spec: FlowSpec) {
    this.spec = spec
  }

  /** Writes all jobs at once: all or nothing. Those that need nothing from others begin. */
  async enqueue(this: Startable<Result>, options: FlowOptions = {}): Promise<WorkflowHandle<Result>> {
    return await enqueueFlow<Result>(this.spec, options)
  }
}

/** What can be enqueued: it needs nothing from a step before it. */
export interface Startable<Result> extends Typed<true, never, Result, unknown, boolean> {
  readonly spec: FlowSpec
}

type AnyFlow = AnyTyped & { readonly spec: FlowSpec }

/** A call of a task, not made yet. */
export class Signature<Starts extends boolean, Takes, Result, Lenient extends boolean = false> extends Flow<
  Starts,
  Takes,
  Result,
  Result | undefined,
  Lenient
> {
  declare readonly spec: Step

  constructor(step: Step) {
    super(step)
  }

  /** The same call with options of its own, over those it has. */
  set<const Options extends SignatureOptions>(
    options: Options,
  ): Signature<Starts, Takes, Result, Options extends { allowFailure: true } ? true : Lenient> {
    if (typeof options !== 'object' || options === null)
      throw new RqtsError('RQTS_BAD_OPTION', `set() takes an object of job options; got ${show(options)}`)
    return new Signature({ ...this.spec, options: { ...this.spec.options, ...options } })
  }
}

/** Signature of a function or of a task known by name; tasks have it as `add.s(…)`. With a step before it, its result comes first. */
export function signature<F extends AnyFunction = AnyFunction, const Given extends GivenOf<ArgsOf<F>> = GivenOf<ArgsOf<F>>>(
  task: F | string,
  ...given: Given
): Signature<StartsWith<ArgsOf<F>, Given>, TakesWith<ArgsOf<F>, Given>, ResultOf<F>> {
  return makeSignature(task, given, false)
}

export function makeSignature<S extends Signature<boolean, never, unknown, boolean>>(
  task: AnyFunction | string,
  args: readonly unknown[],
  immutable: boolean,
): S {
  // What cannot be enqueued is refused where it is written, not when the workflow is.
  resolveTask(task)
  return new Signature({ kind: 'task', task, args, immutable, options: {} }) as unknown as S
}

/** One after the other: each step gets the result of the one before it as its first argument. */
export function chain<const Steps extends readonly AnyFlow[]>(
  ...steps: Steps & Linked<Steps>
): Flow<StartsOf<FirstOf<Steps>>, TakesOf<FirstOf<Steps>>, GivesOf<LastOf<Steps>>, LooseOf<LastOf<Steps>>> {
  if (steps.length === 0) throw new RqtsError('RQTS_BAD_ARGS', 'chain() needs at least one step')
  return new Flow({ kind: 'chain', steps: steps.map((step, i) => specOf(step, `step ${i + 1} of the chain`)) })
}

/** Side by side. The result is the list of their results, in this order. */
export function group<const Members extends readonly AnyFlow[]>(members: Members): FlowOf<GroupOf<Members>> {
  if (!Array.isArray(members)) throw new RqtsError('RQTS_BAD_ARGS', `group() takes a list, group([a.s(1), b.s(2)]); got ${show(members)}`)
  return new Flow({
    kind: 'group',
    members: members.map((member, i) => specOf(member, `member ${i + 1} of the group`)),
  }) as unknown as FlowOf<GroupOf<Members>>
}

type FlowOf<T> =
  T extends Typed<infer Starts, infer Takes, infer Result, infer Loose, infer Lenient> ? Flow<Starts, Takes, Result, Loose, Lenient> : never

/** A group, and a callback that gets the list of its results once all are there. */
export function chord<const Members extends readonly AnyFlow[], Callback extends AnyFlow>(
  members: Members,
  callback: Callback & CallbackFor<Members, Callback>,
): Flow<StartsOf<GroupOf<Members>>, TakesOf<GroupOf<Members>>, GivesOf<Callback>, LooseOf<Callback>> {
  return new Flow({ kind: 'chain', steps: [group(members).spec, specOf(callback, 'the callback of the chord')] })
}

type ItemsOf<T> = readonly (T extends AnyFlow ? TakesOf<T> : T extends AnyFunction ? ArgsOf<T>[0] : unknown)[]
type ItemResult<T> = T extends AnyFlow ? GivesOf<T> : T extends AnyFunction ? ResultOf<T> : unknown

/** One job per item, which is the task's first argument; a signature brings the others. The result is the list of their results. */
export function map<T extends AnyFunction | string | Signature<boolean, never, unknown, boolean>>(
  task: T,
  items: ItemsOf<T>,
): Flow<true, unknown, ItemResult<T>[], (ItemResult<T> | undefined)[]> {
  const step = stepOf(task)
  return new Flow({
    kind: 'group',
    members: checkItems('map', items).map((item): Step => ({ ...step, args: [item, ...step.args], immutable: true })),
  })
}

/** As `map`, with one job for each `size` items, which runs the task for one after the other. The result is a list of lists. */
export function chunks<T extends AnyFunction | string | Signature<boolean, never, unknown, boolean>>(
  task: T,
  items: ItemsOf<T>,
  size: number,
): Flow<true, unknown, ItemResult<T>[][], (ItemResult<T>[] | undefined)[]> {
  const step = stepOf(task)
  const parts = chunksOf(checkItems('chunks', items), size)
  return new Flow({
    kind: 'group',
    members: parts.map((part): Step => ({ ...step, args: [part, ...step.args], immutable: true, each: true })),
  })
}

function stepOf(task: AnyFunction | string | Signature<boolean, never, unknown, boolean>): Step {
  return typeof task === 'object' ? task.spec : makeSignature(task, [], false).spec
}

function checkItems(name: string, items: readonly unknown[]): readonly unknown[] {
  if (Array.isArray(items)) return items
  throw new RqtsError('RQTS_BAD_ARGS', `${name}(task, items) takes a list of items; got ${show(items)}`)
}

function specOf(flow: unknown, what: string): FlowSpec {
  const spec = (flow as { spec?: FlowSpec } | null | undefined)?.spec
  if (spec !== undefined && typeof spec === 'object') return spec
  throw new RqtsError('RQTS_BAD_ARGS', `${what} must be a signature, such as add.s(1, 2), or a workflow; got ${show(flow)}`)
}
