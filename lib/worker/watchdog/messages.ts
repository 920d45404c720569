import type { RetryPolicy } from '../../job/backoff.ts'

/** How the thread is started. */
export interface WatchdogInit {
  connection?: string | object
  prefix: string
  worker: string
  identity: string
  leaseMs: number
  graceMs: number
  /** End the process for a job that blocks it beyond its timeout and grace. */
  exit: boolean
  policies: Readonly<Record<string, RetryPolicy>>
  /** One number that the main thread keeps counting up. */
  pulse: SharedArrayBuffer
  /** One for all watchdogs of the process: see turns.ts. */
  turns: SharedArrayBuffer
}

/** With each heartbeat, for the time when there are none. */
export interface Beat {
  queues: readonly string[]
  record: Readonly<Record<string, string | number>>
  aliveMs: number
}

export type ToWatchdog = Beat | 'stop'

/** Told when the main thread is back. */
export interface Blocked {
  ms: number
  culprit: Culprit | undefined
}

/** Whose code the main thread was found in. `id` and `task` are missing when it was no job's. */
export interface Culprit {
  id?: string
  task?: string
  /** `function file:line` */
  at: string
}
