/** What the JSON API shows of jobs and their errors; the rest is in contract-views.ts. */

export type JobState = 'queued' | 'started' | 'finished' | 'failed' | 'deferred' | 'scheduled' | 'stopped' | 'canceled' | 'expired'

export interface JobRow {
  id: string
  queue: string
  task: string
  state: JobState
  description: string
  tags: string[]
  attempt: number
  maxAttempts: number
  worker: string | null
  error: { name: string; message: string } | null
  reason: string | null
  createdAt: string | null
  enqueuedAt: string | null
  startedAt: string | null
  endedAt: string | null
  runAt: string | null
  waitedMs: number | null
  ranMs: number | null
  workflow: string | null
}

/** A value that may have been redacted or cut. */
export interface PayloadView {
  /** The value; when `truncated`, text: the beginning of its JSON. */
  value: unknown
  bytes: number
  truncated: boolean
  redacted: boolean
}

export interface FrameView {
  text: string
  /** The user's code rather than node_modules or Node itself. */
  own: boolean
  /** `tasks.ts:12` */
  place: string | null
}

export interface ErrorDetail {
  name: string
  message: string
  code: string | number | null
  stack: string | null
  frames: FrameView[]
  cause: ErrorDetail | null
}

export interface TimelineEntry {
  kind: 'created' | 'enqueued' | 'scheduled' | 'attempt' | 'ended'
  at: string
  endedAt: string | null
  /** Of an attempt. */
  attempt: number | null
  worker: string | null
  outcome: string | null
  error: { name: string; message: string } | null
}

export interface JobDetailView extends JobRow {
  args: PayloadView
  result: PayloadView | null
  errorDetail: ErrorDetail | null
  meta: PayloadView
  progress: unknown
  timeline: TimelineEntry[]
  timeoutMs: number
  ttlMs: number | null
  resultTtlMs: number
  failureTtlMs: number
  retry: unknown
  dependencies: JobRef[]
  dependents: JobRef[]
  /** Lines written so far; the last 1,000 are kept. */
  logCount: number
  /** A shell command that enqueues the same. Null when an argument was redacted or cut. */
  command: string | null
  /** JSON Schema of the task's arguments, when a live worker knows one. */
  schema: unknown
  /** What may be done with it now. */
  actions: JobAction[]
}

export interface JobRef {
  id: string
  queue: string
}

export type JobAction = 'requeue' | 'cancel' | 'delete' | 'promote'

export interface GraphView {
  nodes: { id: string; queue: string; task: string; state: JobState | 'gone'; description: string; workflow: string | null }[]
  /** `queue/id` of parent and child. */
  edges: { from: string; to: string }[]
  /** More jobs hang together than are shown. */
  truncated: boolean
}

export interface ErrorGroup {
  /** Names the group in `fingerprint:` searches. */
  fingerprint: string
  task: string
  name: string
  /** The newest. */
  message: string
  /** Where the user's code threw. */
  frame: string | null
  count: number
  queues: string[]
  firstAt: string | null
  lastAt: string | null
  example: JobRef
}
