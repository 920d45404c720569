import type { AnyFunction } from '../task/infer.ts'
import { resolveTask } from '../task/resolve.ts'
import { defineTask, type Task, type TaskOptions } from '../task/task.ts'
import type { GivenOf, StartsWith, TakesWith } from '../workflow/types.ts'
import type { Job } from './job.ts'
import { Queue } from './queue.ts'
import { routerOf } from './routes.ts'
import { closeSharedStores, sharedStore } from './shared-store.ts'
import { makeSignature, type Signature } from './workflow.ts'

/** What `task()` adds to a function's own type. */
export interface Delayed<Input extends readonly unknown[], Result> {
  /** Enqueues on the task's own queue, else on `default`, over the default connection. */
  delay(...args: Input): Promise<Job<Awaited<Result>>>
  /** A call for a workflow. With a step before it, that one's result comes first: give all arguments but that one. */
  s<const Given extends GivenOf<Input>>(...args: Given): Signature<StartsWith<Input, Given>, TakesWith<Input, Given>, Awaited<Result>>
  /** A call for a workflow that takes nothing of the steps before it. */
  si(...args: Input): Signature<true, unknown, Awaited<Result>>
}

/** What `task()` makes: callable exactly like the function, and with a way to enqueue it. */
export type TaskWithDelay<
  Args extends readonly unknown[] = never[],
  Result = unknown,
  Name extends string = string,
  Input extends readonly unknown[] = Args,
> = Task<Args, Result, Name, Input> & Delayed<Input, Result>

/** `caller` is the function whose caller defines the task: errors about two tasks of one name say where that was. */
export function makeTask<Args extends readonly unknown[], Result, const Name extends string, Input extends readonly unknown[] = Args>(
  nameOrOptions: Name | TaskOptions<Args, Name, Input>,
  fn: (this: never, ...args: Args) => Result,
  caller: AnyFunction,
): TaskWithDelay<Args, Result, Name, Input> {
  const queue = typeof nameOrOptions === 'string' ? undefined : nameOrOptions?.queue
  const extend = (made: AnyFunction): Delayed<Input, Result> => ({
    delay: (...args) =>
      sharedQueue(queue ?? routerOf(undefined).queueOf(resolveTask(made)) ?? 'default').enqueue(made, args as never) as Promise<
        Job<Awaited<Result>>
      >,
    s: (...args) => makeSignature(made, args, false),
    si: (...args) => makeSignature(made, args, true),
  })
  return defineTask(nameOrOptions, fn, { extend, caller })
}

const queues = new Map<string, Queue>()

/** The queue that `.delay` uses: one per name and process. */
export function sharedQueue(name: string): Queue {
  let queue = queues.get(name)
  if (queue === undefined) {
    queue = new Queue(name, {}, sharedStore().share())
    queues.set(name, queue)
  }
  return queue
}

/** Closes what `Job.fetch` and `.delay` keep open. They connect anew when they are used again. */
export async function closeSharedConnections(): Promise<void> {
  const open = [...queues.values()]
  queues.clear()
  await Promise.all(open.map((queue) => queue.close()))
  await closeSharedStores()
}
