/** Type-level code of workflows: what a step takes from the one before, and what it gives. */

/** `Starts`: it needs nothing from before. `Takes`: what it accepts from before. `Loose`: its result when failures are allowed. */
export interface Typed<Starts extends boolean, Takes, Result, Loose, Lenient extends boolean> {
  /** Type only. A function, so that a step which takes more may stand where one that takes less is asked for. */
  readonly '~flow'?: (given: Takes) => { starts: Starts; result: Result; loose: Loose; lenient: Lenient }
}

export type AnyTyped = Typed<boolean, never, unknown, unknown, boolean>

export type StartsOf<F> = F extends Typed<infer Starts, never, unknown, unknown, boolean> ? Starts : never
export type TakesOf<F> = F extends { readonly '~flow'?: (given: infer Takes) => unknown } ? Takes : never
export type GivesOf<F> = F extends Typed<boolean, never, infer Result, unknown, boolean> ? Result : never
export type LooseOf<F> = F extends Typed<boolean, never, unknown, infer Loose, boolean> ? Loose : never
export type LenientOf<F> = F extends Typed<boolean, never, unknown, unknown, infer Lenient> ? Lenient : never

/** All arguments, or all but the first, which then comes from the step before. */
export type GivenOf<Args extends readonly unknown[]> = Args | TailOf<Args>
export type TailOf<Args extends readonly unknown[]> = Args extends readonly [unknown?, ...infer Tail] ? Tail : Args

export type StartsWith<Args extends readonly unknown[], Given> = Given extends Args ? true : false
export type TakesWith<Args extends readonly unknown[], Given> = Args extends readonly []
  ? never
  : Given extends TailOf<Args>
    ? Args[0]
    : never

/** What compilers print where two steps do not fit. */
export interface DoesNotFit<Takes, Gives> {
  'this step takes': Takes
  'but the step before it gives': Gives
}

type Fit<F, Before> = Gives<Before, F> extends TakesOf<F> ? F : DoesNotFit<TakesOf<F>, Gives<Before, F>>
type Gives<Before, F> = LenientOf<F> extends true ? LooseOf<Before> : GivesOf<Before>

/** The steps of a chain, each in its place or, if it does not take what the one before gives, what is wrong. */
export type Linked<Steps extends readonly unknown[]> = Steps extends readonly [infer First, ...infer Rest]
  ? [First, ...LinkedTo<First, Rest>]
  : Steps
type LinkedTo<Before, Steps extends readonly unknown[]> = Steps extends readonly [infer Next, ...infer Rest]
  ? [Fit<Next, Before>, ...LinkedTo<Next, Rest>]
  : Steps

export type FirstOf<Steps extends readonly unknown[]> = Steps extends readonly [infer First, ...unknown[]] ? First : Steps[number]
export type LastOf<Steps extends readonly unknown[]> = Steps extends readonly [...unknown[], infer Last] ? Last : Steps[number]

/** A group begins when all its members can, takes what all of them take, and gives a list. */
export type GroupOf<Members extends readonly unknown[]> = Typed<
  false extends StartsOf<Members[number]> ? false : true,
  TakenByAll<Members[number]>,
  { -readonly [K in keyof Members]: GivesOf<Members[K]> },
  { -readonly [K in keyof Members]: LooseOf<Members[K]> },
  false
>
type TakenByAll<F> = (F extends unknown ? (box: [TakesOf<F>]) => void : never) extends (box: infer All) => void
  ? All extends readonly [infer Takes]
    ? Takes
    : never
  : never
/** The callback of a chord, or what is wrong with it. */
export type CallbackFor<Members extends readonly unknown[], F> = Fit<F, GroupOf<Members>>
