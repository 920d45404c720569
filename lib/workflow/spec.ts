import type { JobOptions } from '../job/options.ts'
import type { Target } from '../task/call.ts'

/** Options of one step; when it runs is the workflow's matter, so there is no `dependsOn`. */
export interface SignatureOptions extends Omit<JobOptions, 'dependsOn'> {
  /** Wins over the task's own queue, the routes and the queue of the whole workflow. */
  queue?: string
  /** Run also when steps before it did not finish; their results are `undefined` then. */
  allowFailure?: boolean
}

/** One job of a workflow. */
export interface Step {
  readonly kind: 'task'
  readonly task: Target
  readonly args: readonly unknown[]
  /** Takes nothing of the steps before it. */
  readonly immutable: boolean
  /** The first argument is a list: the task is called for each of its items, and the result is the list of results. */
  readonly each?: true
  readonly options: SignatureOptions
}

/** What a workflow is made of: plain data, which any part of the program may look at. */
export type FlowSpec =
  | Step
  | { readonly kind: 'chain'; readonly steps: readonly FlowSpec[] }
  | { readonly kind: 'group'; readonly members: readonly FlowSpec[] }

/** The task of jobs that only wait for others and hand on their results. Workers bring it along. */
export const COLLECT = 'rqts.collect'
