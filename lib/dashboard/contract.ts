/**
 * The JSON API of the dashboard: every route with its query, body and reply, and every event of the stream. The server is checked against
 * it, the front end is written against it, and OpenAPI describes it. All paths stand below `BASE/api`. Names of queues, workers and
 * schedules travel in the query or the body, never in the path, because they may hold `/`.
 *
 * A request that changes something carries `content-type: application/json` and comes from the same origin. An error is
 * `{ error: { code, message, what, facts } }`: 400 bad input · 401 who are you · 403 not allowed (`RQTS_READ_ONLY`, `RQTS_CROSS_ORIGIN`, `RQTS_BAD_HOST`) ·
 * 404 not there · 409 not in this state · 413 too large · 415 not JSON · 429 too much at once · 503 Redis cannot be reached.
 */
import type { ErrorDetail, ErrorGroup, GraphView, JobAction, JobDetailView, JobRef, JobRow } from './contract-jobs.ts'
import type {
  BulkView,
  OverviewView,
  RedisView,
  ScheduleDetailView,
  ScheduleView,
  StatsRange,
  StatsView,
  WorkerView,
  WorkflowView,
} from './contract-views.ts'
import type { Facts, RefusalName, SearchProblemName } from './contract-words.ts'

export type * from './contract-jobs.ts'
export type * from './contract-views.ts'
export type * from './contract-words.ts'

export interface ApiError {
  /** `what` and `facts` say the message in a form for other languages; null when the code says enough. */
  error: { code: string; message: string; what: RefusalName | null; facts: Facts }
}

export interface SessionView {
  version: string
  /** What this visitor may do. */
  access: 'read' | 'write'
  /** Nobody may change anything here. */
  readOnly: boolean
  /** Without password. */
  redis: string
  prefix: string
  /** Shown as a badge: `production`. */
  environment: string | null
  /** How often the stream tells the overview. */
  sampleMs: number
}

export interface JobsReply {
  jobs: JobRow[]
  /** Jobs that match. Exact when `exact`; otherwise what was found among those `searched`. */
  total: number
  exact: boolean
  /** Jobs looked at one by one; 0 when none had to be. */
  searched: number
  /** False when the search stopped at its bound of 10,000 jobs: more may match. */
  complete: boolean
  /** Give it as `cursor` for the next page; null after the last one. */
  next: string | null
  /** The search as it was understood, and words that were not. */
  understood: string
  problems: { text: string; what: SearchProblemName; facts: Facts }[]
}

export interface Done {
  ok: true
}

/**
 * `q` of a search: words separated by spaces, all must fit. `state:` (of a job, or `waiting`) · `task:` (`*` stands for anything) ·
 * `queue:` (the same) · `error:` (name, or text within the message) · `tag:` · `id:` · `worker:` · `workflow:` · `fingerprint:` (of a group of errors) ·
 * `since:` (`1h`, `2d`: enqueued, or when ended, ended since then) · a bare word fits id, task and description.
 * Quotes hold words together: `error:"not a number"`.
 */
export interface JobSearch {
  q?: string
  /** 1 to 200, default 25. */
  limit?: number
  cursor?: string
}

export interface Routes {
  'GET /session': { reply: SessionView }
  'GET /overview': { reply: OverviewView }
  'GET /stats': { query: { queue?: string; range?: StatsRange }; reply: StatsView }
  /** Names of tasks that live workers know, for completion and the enqueue form. `schema` is a JSON Schema of the arguments or null. */
  'GET /tasks': { reply: { tasks: { name: string; queues: string[]; schema: unknown }[] } }

  'GET /jobs': { query: JobSearch; reply: JobsReply }
  /** The same search, counted only. */
  'GET /jobs/count': { query: { q?: string }; reply: { total: number; exact: boolean; complete: boolean } }
  'GET /job': { query: { id: string; queue?: string }; reply: JobDetailView }
  /** From line `from` on (0 is the first that was written), at most 1,000. Lines that are kept no longer are passed over: the reply's `from` says where it starts. */
  'GET /job/logs': { query: { id: string; queue?: string; from?: number }; reply: { lines: string[]; from: number; total: number } }
  /** Jobs that this one hangs together with, over parents and children: at most 200. */
  'GET /job/graph': { query: { id: string; queue?: string }; reply: GraphView }
  /** The whole payload as a file. */
  'GET /job/download': {
    query: { id: string; queue?: string; part: 'args' | 'result' | 'error' | 'meta' | 'logs' | 'job' }
    reply: unknown
  }
  'POST /job/requeue': { body: JobRef & { atFront?: boolean }; reply: Done }
  'POST /job/cancel': { body: JobRef & { enqueueDependents?: boolean }; reply: Done }
  'POST /job/promote': { body: JobRef; reply: Done }
  'POST /job/delete': { body: JobRef & { dependents?: boolean }; reply: Done }
  /** A new job of the same task and options; `args` replaces the arguments. */
  'POST /job/copy': { body: JobRef & { args?: unknown[]; targetQueue?: string; delayMs?: number }; reply: JobRef }
  'POST /enqueue': { body: { queue: string; task: string; args?: unknown[]; delayMs?: number; atFront?: boolean }; reply: JobRef }

  /** All that `q` finds, or the jobs named (at most 1,000). Runs in the server; its progress comes as the event `bulk`. */
  'POST /bulk': { body: { action: JobAction; q?: string; jobs?: JobRef[] }; reply: BulkView }
  'GET /bulk': { query: { id: string }; reply: BulkView }
  'POST /bulk/abort': { body: { id: string }; reply: BulkView }

  'POST /queue/pause': { body: { queue: string }; reply: Done }
  'POST /queue/resume': { body: { queue: string }; reply: Done }
  /** Deletes what waits. */
  'POST /queue/empty': { body: { queue: string }; reply: { deleted: number } }
  /** Forgets a queue without jobs, with `jobs` deletes them first. */
  'POST /queue/delete': { body: { queue: string; jobs?: boolean }; reply: Done }

  /** Groups of the failed jobs, newest first, of at most 10,000 looked at. */
  'GET /errors': {
    query: { queue?: string; since?: string }
    reply: { groups: ErrorGroup[]; searched: number; total: number; complete: boolean }
  }
  'GET /errors/detail': { query: { fingerprint: string; queue?: string }; reply: { group: ErrorGroup; error: ErrorDetail; jobs: JobRow[] } }

  'GET /schedules': { reply: { schedules: ScheduleView[]; health: { lateMs: number; ticker: string | null } } }
  'GET /schedule': { query: { name: string }; reply: ScheduleDetailView }
  'POST /schedule/run': { body: { name: string }; reply: JobRef }
  'POST /schedule/pause': { body: { name: string }; reply: ScheduleView }
  'POST /schedule/resume': { body: { name: string }; reply: ScheduleView }
  'POST /schedule/skip': { body: { name: string }; reply: ScheduleView }
  'POST /schedule/remove': { body: { name: string }; reply: Done }
  /** What is not given stays. A program that registers the schedule at its start overwrites this. */
  'POST /schedule/edit': {
    body: { name: string; cron?: string; every?: string; tz?: string; args?: unknown[]; queue?: string }
    reply: ScheduleView
  }

  /** Found among the newest 10,000 jobs. */
  'GET /workflows': { reply: { workflows: WorkflowView[]; searched: number; complete: boolean } }

  'GET /workers': { reply: { workers: WorkerView[] } }
  /** `*` for all. */
  'POST /worker/pause': { body: { name: string; forMs?: number }; reply: { workers: string[] } }
  'POST /worker/resume': { body: { name: string }; reply: { workers: string[] } }
  'POST /worker/stop': { body: { name: string; force?: boolean }; reply: { workers: string[] } }
  'POST /worker/concurrency': { body: { name: string; value: number }; reply: { workers: string[] } }

  'GET /redis': { reply: RedisView }
}

export type Route = keyof Routes
export type QueryOf<R extends Route> = Routes[R] extends { query: infer Q } ? Q : Record<string, never>
export type BodyOf<R extends Route> = Routes[R] extends { body: infer B } ? B : undefined
export type ReplyOf<R extends Route> = Routes[R]['reply']

/**
 * `GET /stream`: server-sent events; each event's name is the key, its data the JSON of the value. `?job=QUEUE/ID` adds the events of that job.
 * At once after connecting come `redis` and, when it is up, `overview`. A comment every 15 s keeps the line open. Reconnect after an end: nothing is missed,
 * because each event holds the whole state (`logs` says from which line it starts).
 */
export interface StreamEvents {
  overview: OverviewView
  /** When it changes, and once after connecting. */
  redis: { up: boolean; message: string | null; code: string | null }
  /** The job of `?job=` whenever it changed; null when it is gone. */
  job: JobDetailView | null
  /** New log lines of that job. */
  logs: { from: number; lines: string[] }
  /** About once a second while one runs, and at its end. */
  bulk: BulkView
}
