/** What callers of `enqueue` write after a task, checked against its type. */
import type { JobOptions } from '../job/options.ts'
import type { StoredError } from '../payload/stored-error.ts'
import type { AnyFunction, ArgsOf, ResultOf } from './infer.ts'

/** A task, an exported function, a reference from `tasks<…>()`, or a name. */
export type Target = AnyFunction | string

/** Arguments and options of a call. A function without parameters, or with optional ones only, needs no list. */
export type CallOf<F, Options = JobOptions> =
  [] extends ArgsOf<F>
    ? [args?: Readonly<ArgsOf<F>>, options?: Options & CallbacksOf<F>]
    : [args: Readonly<ArgsOf<F>>, options?: Options & CallbacksOf<F>]

/** What may be enqueued with the outcome of `F`: of a task known by name only nothing can be checked. */
interface CallbacksOf<F> {
  onSuccess?: CallbackWith<AnyFunction extends F ? never : ResultOf<F>>
  onFailure?: CallbackWith<StoredError>
}
/** Methods, since options that were written down elsewhere as `JobOptions` fit too: of those nothing is known. */
type CallbackWith<Outcome> =
  | { call(outcome: Outcome): unknown }['call']
  | string
  | { readonly spec: object; '~flow'?(outcome: Outcome): unknown }

/** The function of a target: of a bare name nothing is known. */
export type FunctionOf<T> = T extends AnyFunction ? T : AnyFunction

/** One job of `enqueueMany`. */
export type EntryOf<T> = readonly [task: T, ...call: CallOf<FunctionOf<T>>]
