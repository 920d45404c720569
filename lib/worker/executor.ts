import { RqtsError } from '../errors.ts'
import { decode, encode } from '../payload/payload.ts'
import type { ClaimedJob, Outcome } from '../store/attempts.ts'
import { validateArgs } from '../task/schema.ts'
import type { TaskDefinition } from '../task/task.ts'
import { type Traced, traceRun } from '../tracing.ts'
import { type ContextPort, RunningContext, runInContext } from './context.ts'
import { failure, type Interruption, interrupted, interruptionError, type TaskRetry } from './ending.ts'
import { Gathering } from './gathering.ts'
import { builtinTask, callsOf, withInputs } from './inputs.ts'
import { attemptOf, Run, type RunListener } from './run.ts'
import type { TaskSet } from './task-set.ts'

/** An attempt whose handler runs in this process or thread. */
export class LocalRun extends Run {
  traced: Traced | undefined
  readonly context: RunningContext
  /** Of a batch: heard of whichever way the run ends. */
  after: (() => void) | undefined

  constructor(job: ClaimedJob, context: RunningContext, listener: RunListener) {
    super(job, listener)
    this.context = context
  }

  override end(outcome: Outcome | undefined, error?: unknown): void {
    if (!this.ended) this.traced?.end(error)
    super.end(outcome, error)
    this.after?.()
  }
}

/** What is done with the arguments of a run once they have been read and checked. */
type Call = (run: LocalRun, definition: TaskDefinition, args: unknown[]) => unknown

/** Takes a claimed job through decode → resolve → validate → run → outcome. Next stop: job/outcome.ts, then pump.ts. */
export class Executor {
  readonly #tasks: TaskSet
  readonly #portOf: (job: ClaimedJob) => ContextPort
  readonly #ended: RunListener

  constructor(tasks: TaskSet, portOf: (job: ClaimedJob) => ContextPort, ended: RunListener) {
    this.#tasks = tasks
    this.#portOf = portOf
    this.#ended = ended
  }

  prepare(job: ClaimedJob): LocalRun {
    return new LocalRun(job, new RunningContext(job, this.#portOf), this.#ended)
  }

  /** Never throws; the run ends through `run.end`. */
  execute(run: LocalRun): void {
    this.#begin(run, callHandler)
  }

  /** Several jobs of one task that takes batches; each ends by itself. */
  executeBatch(runs: readonly LocalRun[]): void {
    const definition = this.#tasks.registry.get(runs[0]!.job.task)
    const gathering = definition?.batch && runs.length > 1 ? new Gathering(definition, runs) : undefined
    const call: Call = gathering === undefined ? callHandler : (run, _, args) => gathering.join(run, args)
    for (const run of runs) this.#begin(run, call)
  }

  #begin(run: LocalRun, call: Call): void {
    const { queue, id, task, attempt, more } = run.job
    const traced = traceRun({ queue, id, task, attempt, trace: more?.trace })
    if (traced === undefined) return this.#start(run, call)
    run.traced = traced
    traced.within(() => this.#start(run, call))
  }

  #start(run: LocalRun, call: Call): void {
    const { job } = run
    const { registry } = this.#tasks
    const definition = registry.get(job.task) ?? builtinTask(job.task)
    if (definition === undefined) return this.fail(run, registry.unknownTaskError(job.task), 'unknown-task')
    try {
      const result = this.#invoke(run, definition, call)
      if (isThenable(result)) {
        result.then(
          (value) => this.#succeed(run, value),
          (error: unknown) => this.fail(run, error),
        )
      } else {
        this.#succeed(run, result)
      }
    } catch (error) {
      this.fail(run, error)
    }
  }

  /** Aborts the signal and ends the attempt, whatever its handler still does. */
  interrupt(run: LocalRun, kind: Interruption): void {
    if (run.ended) return
    const error = interruptionError(run.job, kind)
    run.context.abort(error)
    const ending = interrupted(run.job, kind, error, this.#retryOf(run.job))
    run.end(ending.outcome, ending.error)
  }

  fail(run: LocalRun, error: unknown, reason = 'error'): void {
    if (run.ended) return
    const ending = failure(run.job, error, reason, this.#retryOf(run.job))
    run.end(ending.outcome, ending.error)
  }

  #retryOf(job: ClaimedJob): TaskRetry {
    const definition = this.#tasks.registry.get(job.task)
    return { policy: definition?.normal.retry, backoff: definition?.backoff }
  }

  #invoke(run: LocalRun, definition: TaskDefinition, call: Call): unknown {
    const args = run.job.more === undefined ? readArgs(run.job) : withInputs(run.job, readArgs(run.job))
    const { schema } = definition
    const calls = run.job.more && callsOf(run.job, args)
    if (schema === undefined && this.#tasks.middleware.length === 0 && !calls)
      return runInContext(run.context, () => call(run, definition, args))
    const once = async (given: unknown[]): Promise<unknown> => {
      const checked = schema === undefined ? given : await validateArgs(schema, given, definition.name)
      return await this.#through(0, run, () => call(run, definition, checked))
    }
    return runInContext(run.context, () => (calls ? inTurn(calls, once) : once(args)))
  }

  async #through(index: number, run: LocalRun, handler: () => unknown): Promise<unknown> {
    const layer = this.#tasks.middleware[index]
    return layer === undefined ? await handler() : await layer(run.context, () => this.#through(index + 1, run, handler))
  }

  #succeed(run: LocalRun, value: unknown): void {
    if (run.ended) return
    try {
      const result = value === undefined ? '' : encode(value, 'result')
      const { leftTo } = run.context
      if (leftTo !== undefined) return run.end({ ...attemptOf(run.job), ...leftTo, result: leftTo.kind === 'wait' ? result : '' })
      // Spelled out: a spread costs more than all else that is done here.
      const { queue, id, token } = run.job
      run.end({ queue, id, token, kind: 'ok', result })
    } catch (error) {
      // The work is done: to run it again because its result does not fit would do it twice.
      const notStored = new RqtsError(
        'RQTS_RESULT_NOT_STORED',
        `Task ${run.job.task} returned what cannot be stored: ${error instanceof Error ? error.message : String(error)}. The job is not run again.`,
        { cause: error, jobId: run.job.id },
      )
      this.fail(run, notStored, 'result')
    }
  }
}

function readArgs(job: ClaimedJob): unknown[] {
  if (job.args === '[]') return []
  let args: unknown
  try {
    args = decode(job.args)
  } catch (error) {
    throw new RqtsError('RQTS_CORRUPT', `The stored arguments of job ${job.id} cannot be read`, { cause: error, jobId: job.id })
  }
  if (Array.isArray(args)) return args
  throw new RqtsError('RQTS_CORRUPT', `The stored arguments of job ${job.id} are not a list`, { jobId: job.id })
}

async function inTurn(calls: readonly unknown[][], once: (args: unknown[]) => Promise<unknown>): Promise<unknown[]> {
  const results: unknown[] = []
  for (const args of calls) results.push(await once(args))
  return results
}

function callHandler({ context }: LocalRun, definition: TaskDefinition, args: unknown[]): unknown {
  return (definition.handler as (this: unknown, ...args: unknown[]) => unknown).apply(context, args)
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'
}
