import type { WorkerOptions } from '../lib/worker/options.ts'

/**
 * `rqts.config.ts`: what every command of this project has in common. Flags and `RQTS_…` variables win over it, field by field. Any flag
 * can stand here under its name; those of `rqts worker` also in `worker`, and then no other command with such a flag takes it.
 */
export interface RqtsConfig extends WorkerConfig, DashboardConfig {
  /**
   * `redis://user:password@host:port/db`, `rediss://…`, the path of a unix socket, `redis+sentinel://host:port,host:port/NAME`, or
   * `redis+cluster://host:port,host:port`.
   */
  url?: string
  /** In place of `url`, also for what a URL cannot say: ioredis options, or those of its Cluster with `nodes`. */
  connection?: Exclude<WorkerOptions['connection'], { call: unknown }>
  /** Default `'rqts'`. */
  prefix?: string
  logFormat?: 'pretty' | 'json'
  /** Modules that export the tasks, relative to this file. */
  tasks?: string | readonly string[]
  /** Queues of `rqts worker` when none are named. */
  queues?: string | readonly string[]
  worker?: WorkerConfig
}

export interface WorkerConfig extends WorkerFlags {
  /** Worker processes to keep alive, or `'N..M'` by backlog. */
  processes?: number | string
  probePort?: number
  watch?: boolean
}

/** Flags of `rqts dashboard`. */
export interface DashboardConfig {
  port?: number
  host?: string
  auth?: string
  token?: string | true
  readOnly?: boolean
  basePath?: string
  allowHost?: string | readonly string[]
  environment?: string
  open?: boolean
  insecure?: boolean
}

type WorkerFlags = Pick<
  WorkerOptions,
  | 'burst'
  | 'captureOutput'
  | 'concurrency'
  | 'grace'
  | 'lease'
  | 'maxIdle'
  | 'maxJobs'
  | 'maxJobsPerChild'
  | 'maxMemoryPerChild'
  | 'name'
  | 'pool'
  | 'scheduler'
  | 'shutdownTimeout'
  | 'strategy'
>

/** Gives an editor the types; returns what it was given. */
export function defineConfig(config: RqtsConfig): RqtsConfig {
  return config
}
