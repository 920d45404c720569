import { type Duration, parseDuration, show } from '../duration.ts'
import { RqtsError } from '../errors.ts'

export interface BatchOption {
  /** Most jobs that one call of the handler gets, up to 1,000. */
  size: number
  /** How long a job waits for others to come along, at most a minute. Default 10 ms: time enough to fetch those that are there. */
  wait?: Duration
}

/** What a worker must know to put jobs together; plain data. */
export interface BatchRule {
  readonly size: number
  readonly waitMs: number
}

/** Takes the arguments of several jobs, and whatever stands for these jobs; gives an outcome for each, by position. */
export type BatchHandler = (calls: unknown[][], jobs: readonly unknown[]) => unknown

/** What a job's result is, of the outcomes that a batch handler may give for it: a value, a promise of one, as allSettled says it, or an error. */
export type ValueOf<Outcome> =
  Outcome extends PromiseLike<infer Inner>
    ? ValueOf<Inner>
    : Outcome extends PromiseRejectedResult | Error
      ? never
      : Outcome extends PromiseFulfilledResult<infer Value>
        ? Value
        : Outcome

const MAX_SIZE = 1_000
const MAX_WAIT = '1m'
const DEFAULT_WAIT_MS = 10

export function batchRule(task: string, option: BatchOption): BatchRule {
  if (typeof option !== 'object' || option === null) throw bad(task, 'must be { size, wait? }', option)
  const { size, wait = DEFAULT_WAIT_MS, ...others } = option
  const unknown = Object.keys(others)[0]
  if (unknown !== undefined) throw bad(task, `has no '${unknown.slice(0, 60)}': it is { size, wait? }`, option)
  if (!Number.isInteger(size) || size < 1 || size > MAX_SIZE) throw bad(task, `needs a size from 1 to ${MAX_SIZE}`, size)
  const waitMs = parseDuration(wait, 'batch.wait')
  // Meanwhile the jobs are this worker's, and no other can run them.
  if (waitMs > parseDuration(MAX_WAIT, 'batch.wait')) throw bad(task, `waits ${MAX_WAIT} at most`, wait)
  return { size, waitMs }
}

function bad(task: string, what: string, got: unknown): RqtsError {
  return new RqtsError('RQTS_BAD_OPTION', `The option batch of task '${task}' ${what}; got ${show(got)}`)
}

/** One promise per call, each on its own: one that fails fails nobody else. Rejects when the handler throws, which fails all. */
export async function runBatch(
  task: string,
  handler: BatchHandler,
  calls: unknown[][],
  jobs: readonly unknown[],
): Promise<Promise<unknown>[]> {
  const outcomes = await handler(calls, jobs)
  if (!Array.isArray(outcomes) || outcomes.length !== calls.length) {
    const got = Array.isArray(outcomes) ? `a list of ${outcomes.length}` : show(outcomes)
    throw new RqtsError(
      'RQTS_BAD_TASK',
      `Task '${task}' takes batches: it must return a list with an outcome for each of its ${calls.length} calls; got ${got}`,
    )
  }
  const settled = outcomes.map(settle)
  // Whoever waits for the first of them must not make the second an unhandled rejection.
  for (const one of settled) one.catch(() => undefined)
  return settled
}

async function settle(given: unknown): Promise<unknown> {
  const outcome = await given
  if (outcome instanceof Error) throw outcome
  if (isSettled(outcome)) {
    if (outcome.status === 'rejected') throw outcome.reason
    return outcome.value
  }
  return outcome
}

/** As Promise.allSettled gives it. */
function isSettled(value: unknown): value is PromiseSettledResult<unknown> {
  if (typeof value !== 'object' || value === null || Object.keys(value).length !== 2) return false
  const { status } = value as { status?: unknown }
  return (status === 'fulfilled' && 'value' in value) || (status === 'rejected' && 'reason' in value)
}

/** What the task is when it is called like a function, and when a job of it runs alone: a batch of one. */
export function batchOfOne(task: string, handler: BatchHandler): (this: unknown, ...args: unknown[]) => Promise<unknown> {
  return async function one(this: unknown, ...args) {
    const [outcome] = await runBatch(task, handler, [args], this === undefined ? [] : [this])
    return await outcome
  }
}
