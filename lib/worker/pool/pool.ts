import type { RetryPolicy } from '../../job/backoff.ts'
import type { ClaimedJob } from '../../store/attempts.ts'
import type { BatchRule } from '../../task/batch.ts'
import type { Interruption } from '../ending.ts'
import type { LoadedTasks } from '../load-tasks.ts'
import type { Run } from '../run.ts'

export type PoolKind = 'async' | 'processes' | 'threads'

/**
 * Where handlers run. The three kinds differ in what a handler can harm, and in nothing that it sees:
 * test/worker/pools.test.ts runs the same suite over all of them.
 */
export interface Pool {
  readonly kind: PoolKind
  /** What the task files hold. Also what tells that there are any. */
  load(): Promise<readonly LoadedTasks[]>
  readonly names: readonly string[]
  readonly policies: Readonly<Record<string, RetryPolicy>>
  /** Of the tasks' arguments, see task/json-schema.ts. */
  readonly schemas: string
  /** Resolves when jobs can be taken. */
  open(): Promise<void>
  prepare(job: ClaimedJob): Run
  /** Of tasks that take several jobs at once. */
  readonly batches: ReadonlyMap<string, BatchRule>
  /** Never throws; the run ends through `run.end`, possibly before this returns. */
  execute(run: Run): void
  /** Jobs of one such task together: they start in one place and end one by one. */
  executeBatch(runs: readonly Run[]): void
  /** Aborts the handler's signal and ends the attempt: at once, or as soon as the handler has been made to stop. */
  interrupt(run: Run, kind: Interruption): void
  resize(concurrency: number): void
  /** Reads the task files anew: running jobs finish on the old code, the next ones run the new. */
  reload(): Promise<readonly LoadedTasks[]>
  /** Pids of the processes in which handlers run, when they are not this one. */
  readonly pids: readonly number[]
  /** No more jobs will come. */
  drain(): void
  close(): Promise<void>
}
