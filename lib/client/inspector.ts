/**
 * The one reader that the command line, the dashboard and the metrics share, so that all views count alike. It only reads, a bounded
 * amount per call, in few round trips. Who needs a part takes it from its file: this one loads them all. Next stops: inspect-overview.ts for all at a glance, inspect-job.ts for one job, inspect-search.ts to find some, inspect-workers.ts for workers, inspect-server.ts for the health of Redis.
 */

import type { Stats } from '../store/stats.ts'

export { parseStoredError, type StoredError } from '../payload/stored-error.ts'
export type { Place } from '../store/jobs.ts'
export {
  readSpans,
  readTaskStats,
  readTotalStats,
  type Stats,
  summarizeStats,
  sumStats,
} from '../store/stats.ts'
export type { WorkerRecord } from '../store/workers.ts'
export { type Frame, framesOf } from './frames.ts'
export { iso, type JobDetail, type JobLocation, jobDetail, jobLogs, locate, readable, readableValue, readStarts } from './inspect-job.ts'
export {
  listQueues,
  lookAround,
  type Overview,
  overview,
  type QueueOverview,
  type SchedulesHealth,
  schedulesHealth,
  selectQueues,
  suggest,
} from './inspect-overview.ts'
export { type FoundJob, type FoundJobs, findJobs, type JobFilter } from './inspect-search.ts'
export { outboxLengths, overdueBy, schemaVersions, serverFacts, serverInfo, slowCommands } from './inspect-server.ts'
export {
  askWorker,
  knownTaskNames,
  knownTaskSchemas,
  knownTasks,
  listWorkers,
  orderShutdown,
  type WorkerDetail,
  type WorkerOverview,
  workersServing,
} from './inspect-workers.ts'
export { jobGraph } from './job-graph.ts'
export { addressOf, lazyStore, openStore, refuseWhileAway, type Store } from './open-store.ts'
export type { FoundRow } from './search-rows.ts'
/** Queue, task and what was counted. */
export type TaskCounts = readonly [queue: string, task: string, stats: Stats]
