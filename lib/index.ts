// biome-ignore-all assist/source/organizeImports: grouped by what a reader looks for, one sentence each
/**
 * rqts: a typed job queue on Redis.
 *
 *     const add = task('add', (a: number, b: number) => a + b)
 *     const job = await new Queue('default').enqueue(add, [1, 2])
 *     await job.result() // 3, once `rqts worker` or `new Worker('default')` has run it
 */

// What runs: tasks, and what a running one sees of its job.
export { currentJob, type JobContext, task } from './rqts.ts'
export type { NamedTask, TasksOf } from './task/infer.ts'
export { tasks } from './task/reference.ts'
export type { StandardSchemaV1 } from './task/schema.ts'
export type { BatchOption } from './task/batch.ts'
export type { BatchTaskOptions, Task, TaskOptions } from './task/task.ts'
export type { TaskWithDelay } from './client/task.ts'

// Where it waits: queues, their registries, and jobs.
export { type CancelFilter, cancelJobs } from './client/cancel-jobs.ts'
export type { AttemptRecord } from './client/attempts.ts'
export type { JobEvents, JobUpdate } from './client/events.ts'
export { type FetchOptions, Job } from './client/job.ts'
export { Queue } from './client/queue.ts'
export type { QueueOptions } from './client/queue-options.ts'
export { Registry } from './client/registry.ts'
export type { ConnectOptions } from './client/shared-store.ts'
export { closeSharedConnections } from './client/task.ts'
export type { Settled, WaitOptions } from './client/waiter.ts'
export type { Duration } from './duration.ts'
export type { LimitChanges, Limits, RateLimit, TaskLimits } from './job/limits.ts'
export type { DependsOn, JobOptions, JobRef, RepeatOption, RetryOption, UniqueOption } from './job/options.ts'
export type { JobStatus } from './job/state.ts'
export type { ClusterAddress, ConnectionOption } from './store/address.ts'
export type { RegistryName } from './store/keys.ts'
export type { QueueCounts } from './store/queues.ts'

// Jobs that belong together.
export { chain, chord, chunks, Flow, group, map, Signature, signature } from './client/workflow.ts'
export { type JobOutcome, WorkflowFailed, WorkflowHandle, type WorkflowStatus } from './client/workflow-handle.ts'
export type { FlowOptions } from './client/workflow-submit.ts'
export { type Route, setRoutes } from './client/routes.ts'
export { broadcast } from './client/broadcast.ts'
export type { SignatureOptions } from './workflow/spec.ts'

// When it runs by itself.
export { type Schedule, type ScheduleDetail, type ScheduleRun } from './client/schedule-view.ts'
export { schedule } from './client/schedule.ts'
export { type ScheduleEntry, Schedules, type SyncOptions, type SyncReport } from './client/schedules.ts'
export type { ScheduledJobOptions, ScheduleOptions, SunOption } from './schedule/options.ts'
export type { CustomNext, SunEvent } from './schedule/spec.ts'
export { Scheduler, type SchedulerOptions } from './service/scheduler.ts'
export type { SchedulesHealth } from './store/schedules.ts'

// Who runs it.
export { Worker, type WorkerInfo, type WorkerReport } from './rqts.ts'
export type { WorkerOrder } from './client/steer.ts'
export type { JobEventFacts, WorkerEvents } from './worker/events.ts'
export type { Middleware, WorkerOptions } from './worker/options.ts'
export { createLogger, type Logger, type LoggerOptions, silentLogger } from './logger.ts'

// What goes wrong.
export {
  DuplicateJob,
  JobCanceled,
  JobExpired,
  JobFailed,
  JobNotFound,
  Retry,
  type RetryOptions,
  RqtsError,
  type RqtsErrorCode,
  WaitTimeout,
} from './errors.ts'
