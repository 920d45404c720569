/**
 * The composition root: the only file that knows both the client and the worker. It gives handlers a way to enqueue, inline queues
 * a way to run handlers, and public names their full types. Next stops: client/queue.ts, worker/worker.ts.
 */
import { inlinePort } from './client/inline.ts'
import { askWorker, listWorkers, type WorkerDetail, type WorkerOverview } from './client/inspector.ts'
import type { Job } from './client/job.ts'
import { Queue } from './client/queue.ts'
import type { ConnectOptions } from './client/shared-store.ts'
import { steerWorker, type WorkerOrder } from './client/steer.ts'
import { makeTask, type TaskWithDelay } from './client/task.ts'
import { enqueueInside } from './client/workflow-submit.ts'
import { RqtsError } from './errors.ts'
import type { JobOptions } from './job/options.ts'
import { queueOf } from './partition.ts'
import { Store } from './store/store.ts'
import type { ValueOf } from './task/batch.ts'
import type { CallOf, Target } from './task/call.ts'
import type { AnyFunction, ResultOf } from './task/infer.ts'
import { validateArgs } from './task/schema.ts'
import type { BatchTaskOptions, TaskOptions } from './task/task.ts'
import {
  type EnqueueFromJob,
  RunningContext,
  runInContext,
  currentJob as runningJob,
  type JobContext as WorkerJobContext,
} from './worker/context.ts'
import type { WorkerOptions } from './worker/options.ts'
import { BaseWorker } from './worker/worker.ts'
import type { FlowSpec } from './workflow/spec.ts'

/** What a running handler sees of its job: `this`, or `currentJob()`. */
export interface JobContext extends WorkerJobContext {
  /** Enqueues on this job's own queue, or on the one that the options name. */
  enqueue<F extends AnyFunction = AnyFunction>(
    task: F | string,
    ...call: CallOf<F, JobOptions & { queue?: string }>
  ): Promise<Job<ResultOf<F>>>
}

/**
 * A function that can run as a job: `const add = task('add', (a: number, b: number) => a + b)`. It is still called like a function;
 * `add.delay(1, 2)` and `queue.enqueue(add, [1, 2])` run it in a worker. With options instead of a name it brings its own defaults.
 * With the option `batch` the handler takes the calls of several jobs at once and returns a list of their outcomes.
 */
export function task<const Name extends string, Args extends readonly unknown[], Outcome, Input extends readonly unknown[] = Args>(
  options: BatchTaskOptions<Args, Name, Input>,
  fn: (calls: Args[], jobs: readonly JobContext[]) => readonly Outcome[] | Promise<readonly Outcome[]>,
): TaskWithDelay<Args, Promise<ValueOf<Outcome>>, Name, Input>
export function task<Args extends readonly unknown[], Result, const Name extends string = string, Input extends readonly unknown[] = Args>(
  nameOrOptions: Name | TaskOptions<Args, Name, Input>,
  fn: (this: JobContext, ...args: Args) => Result,
): TaskWithDelay<Args, Result, Name, Input>
export function task(nameOrOptions: string | TaskOptions | BatchTaskOptions, fn: AnyFunction): unknown {
  return makeTask(nameOrOptions as TaskOptions<never[]>, fn, task)
}

/** The job in which this code runs, undefined outside of any. */
export function currentJob(): JobContext | undefined {
  return runningJob() as JobContext | undefined
}

/** What a worker says of itself in Redis. */
export type WorkerInfo = WorkerOverview
/** What it says when it is asked in person. */
export type WorkerReport = WorkerDetail

/** Runs jobs of one or more queues. */
export class Worker extends BaseWorker {
  constructor(queues: string | readonly string[], options: WorkerOptions = {}) {
    super(queues, options, enqueueFromJob)
  }

  /**
   * Tells a running worker, wherever it is, to pause, resume, stop or change its concurrency: kept in Redis, done within a second.
   * `'*'` means all, for pause and resume. Returns the names of those that are meant.
   */
  static async steer(name: string, order: WorkerOrder, options: ConnectOptions = {}): Promise<string[]> {
    const store = new Store(options)
    try {
      return await steerWorker(store, name, order)
    } finally {
      await store.close()
    }
  }

  /** Asks one what it does: its jobs, tasks, memory. Null when Redis knows none of this name; without an answer in a second, what it said last. */
  static async ask(name: string, options: ConnectOptions = {}): Promise<WorkerReport | null> {
    const store = new Store(options)
    try {
      return await askWorker(store, name)
    } finally {
      await store.close()
    }
  }

  /** All workers that Redis knows of, those that were lost within the last hour included. */
  static async all(options: ConnectOptions = {}): Promise<WorkerInfo[]> {
    const store = new Store(options)
    try {
      return await listWorkers(store)
    } finally {
      await store.close()
    }
  }
}

/** Queues that handlers enqueue on, per connection of their worker: one each, so that their calls travel together. */
const handlerQueues = new WeakMap<Store, Map<string, Queue>>()

export function enqueueFromJob(store: Store, own: string): EnqueueFromJob {
  const enqueue = (target: Target, args: unknown, options: JobOptions & { queue?: string } = {}): Promise<Job> => {
    const { queue: name = queueOf(own), ...rest } = options
    const queues = handlerQueues.get(store) ?? new Map<string, Queue>()
    handlerQueues.set(store, queues)
    const queue = queues.get(name) ?? new Queue(name, {}, store)
    queues.set(name, queue)
    return Object.keys(rest).length === 0 ? queue.enqueue(target, args as []) : queue.enqueue(target, args as [], rest)
  }
  const flow = (spec: object, gives: boolean): Promise<string> => enqueueInside(store, own, spec as FlowSpec, gives)
  return Object.assign(enqueue, { flow }) as unknown as EnqueueFromJob
}

inlinePort.run = async (definition, args, { job, write, mergeMeta, enqueue }) => {
  const context = new RunningContext(job, () => ({ write, mergeMeta, enqueue: enqueue as unknown as EnqueueFromJob }))
  const { schema, name } = definition
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    if (job.timeoutMs < 0 || job.timeoutMs >= 2 ** 31) return
    timer = setTimeout(() => {
      const error = new RqtsError('RQTS_TIMEOUT', `Task ${name} ran longer than its timeout of ${job.timeoutMs} ms`, { jobId: job.id })
      context.abort(error)
      reject(error)
    }, job.timeoutMs)
  })
  const run = async (): Promise<unknown> => {
    const checked = schema === undefined ? args : await validateArgs(schema, args, name)
    return await (definition.handler as (this: unknown, ...args: unknown[]) => unknown).apply(context, checked)
  }
  try {
    return await Promise.race([runInContext(context, run), late])
  } finally {
    clearTimeout(timer)
  }
}
