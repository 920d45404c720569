import type { RqtsErrorCode } from '../../errors.ts'
import type { RetryPolicy } from '../../job/backoff.ts'
import type { ClaimedJob, Outcome } from '../../store/attempts.ts'
import type { BatchRule } from '../../task/batch.ts'

/** What a worker and its children (processes or threads) say to each other. Plain data throughout: JSON or a structured clone. */
export type ToChild =
  /** First, and once. */
  | { say: 'init'; init: ChildInit }
  /** One job at a time: the next comes after `done`. */
  | { say: 'run'; job: ClaimedJob }
  /** Several of a task that takes them together: the next come when each is `done`. */
  | { say: 'batch'; jobs: readonly ClaimedJob[] }
  /** The signal of a running job aborts with this error. `at`: its place in the batch. */
  | { say: 'abort'; at: number; code: RqtsErrorCode; message: string }
  /** Tear down and end. */
  | { say: 'stop' }

export type FromChild =
  | { say: 'ready'; facts: ChildFacts }
  /** The task files cannot be loaded, or a `setup` threw: an error as stored. */
  | { say: 'unfit'; error: string }
  /** `at`: its place in the batch. `tookMs`: what the handler took, without the way here. `last`: the child ends after this one. `memory` in bytes, when asked for. */
  | { say: 'done'; at: number; outcome: Outcome; tookMs?: number; last?: boolean; memory?: number }

export interface ChildInit {
  /** Absolute paths. */
  tasks: readonly string[]
  middleware: readonly string[]
  cwd: string
  connection?: string | object
  prefix?: string
  /** Tell the resident memory with each `done`. */
  memory: boolean
  /** What a job prints also goes to its log. */
  captureOutput: boolean
}

export interface ChildFacts {
  loaded: readonly { source: string; names: string[] }[]
  policies: Readonly<Record<string, RetryPolicy>>
  batches: Readonly<Record<string, BatchRule>>
  schemas: string
}
