/** All type-level code about tasks: from a function's type to what its callers may pass and will get. */

/** Any function at all. `never` arguments make every signature fit without `any`. */
export type AnyFunction = (...args: never[]) => unknown

declare const input: unique symbol

/** What `enqueue` takes where that differs from what the handler gets: a schema with transforms or defaults. */
export interface TakesInput<Input extends readonly unknown[]> {
  /** Type only. A function's parameters, so that `never[]` is the input of "any task", as it is for `AnyFunction`. */
  readonly [input]?: (...args: Input) => void
}

/** The arguments that `enqueue` takes for `F`; for a task known by name only they are `unknown[]`. */
export type ArgsOf<F> =
  IsAnyFunction<F> extends true
    ? unknown[]
    : F extends TakesInput<infer Input extends readonly unknown[]> & { readonly taskName: string }
      ? Input
      : F extends (...args: infer Args) => unknown
        ? Args
        : never

/** What `job.result()` gives for `F`; for a task known by name only it is `unknown`. */
export type ResultOf<F> = F extends (...args: never[]) => infer Result ? Awaited<Result> : never

/** By its own parameters: `() => void` takes every function too, and must still be known to take no arguments. */
type IsAnyFunction<F> = F extends (...args: infer Args) => infer Result
  ? [Args, never[], unknown] extends [never[], Args, Result]
    ? true
    : false
  : false

/**
 * A task of which this program has only the name and the type: what `tasks<typeof import('./tasks')>()` is made of.
 * With a bare string say the type instead: `enqueue<typeof add>('add', [1, 2])`.
 */
export type NamedTask<F, Name extends string = string> = ((...args: ArgsOf<F>) => ResultOf<F>) &
  TakesInput<ArgsOf<F>> & { readonly taskName: Name }

/** The tasks of a module by name: a `task()` under its own name, a plain function under its export name. */
export type TasksOf<Module> = {
  readonly [K in keyof Module as Module[K] extends AnyFunction ? NameOf<Module[K], K> : never]: Module[K] extends AnyFunction
    ? NamedTask<Module[K], NameOf<Module[K], K> & string>
    : never
}

type NameOf<F, ExportName> = F extends { readonly taskName: infer Name extends string }
  ? string extends Name
    ? ExportName
    : Name
  : ExportName
