import type { JobStatus } from '../job/state.ts'
import { CALL_DEADLINE_MS } from './driver-options.ts'
import type { Arg } from './redis.ts'
import type { Store } from './store.ts'

/** What the script needs to know beyond the fields of the hash. Plain jobs have none. */
export interface Control {
  front?: 1
  /** Those of its flags that say where it waits: `l` in the list of its level, `k` behind others of its key. */
  line?: string
  delay?: number
  runAt?: number
  ttl?: number
  /** Tells a repetition of this very call from another job with the same id. */
  nonce?: string
  exists?: 'return'
  allowFailure?: 1
  unique?: { key: string; mode: 'reject' | 'return' | 'replace'; ttl?: number; maxWait?: number; throttle?: number }
  parents?: readonly string[]
  /** Children in other queues, which are there already. */
  children?: readonly string[]
  /** All of a workflow is written: children elsewhere that wait for this parent, which never was a job, may begin. */
  opens?: { id: string; children: readonly string[] }
  /** Not a second time within an hour, even if the first job is long gone. */
  once?: 1
}

export interface NewJob {
  id: string
  control?: Control | undefined
  /** Names and values of hash fields, alternating; those of `firstFields` first. */
  fields: readonly string[]
}

/** What every job has. Only this file knows their order: by it a plain job is told at a glance, and its values found. */
export function firstFields(task: string, args: string, timeoutMs: number): string[] {
  return ['task', task, 'args', args, 'timeout', String(timeoutMs)]
}

export const taskOf = ({ fields }: NewJob): string => fields[1]!

export const argsOf = ({ fields }: NewJob): string => fields[3]!

export type EnqueueOutcome =
  | { kind: 'created'; status: JobStatus }
  /** Another job holds the id or the unique key and the caller asked for it. */
  | { kind: 'exists'; id: string }
  | { kind: 'duplicate'; id: string }
  | { kind: 'taken'; id: string }
  | { kind: 'unknown-parent'; id: string }
  /** All or nothing, and another job of the call was refused. */
  | { kind: 'unwritten' }

export interface EnqueueReply {
  /** Redis time of the call. */
  now: number
  outcomes: EnqueueOutcome[]
}

const QUEUED: EnqueueOutcome = { kind: 'created', status: 'queued' }

export async function enqueueJobs(store: Store, queue: string, jobs: readonly NewJob[], atomic: boolean): Promise<EnqueueReply> {
  const args: Arg[] = [queue, atomic ? '1' : '0', jobs.length]
  if (pushJobs(args, jobs)) args[1] = 'p'
  // Ten thousand jobs with options take Redis half a second, and a busy machine many times that.
  const deadlineMs = CALL_DEADLINE_MS + Math.floor(jobs.length / 1_000) * 1_000
  const [unlisted, now, entries] = (await store.run('enqueue', queue, args, deadlineMs)) as [number, number, unknown[]?]
  if (unlisted === 1) await listQueue(store, queue)
  return { now, outcomes: jobs.map((_, i) => (entries === undefined ? QUEUED : parseOutcome(entries[i]))) }
}

/**
 * Most jobs are plain: without the names of their fields, and with the task and timeout of a run of like ones said once, they cost half,
 * here and in Redis. Tells whether all are.
 */
function pushJobs(args: Arg[], jobs: readonly NewJob[]): boolean {
  let [plain, run, size] = [true, -1, 0]
  for (const { id, control, fields } of jobs) {
    if (control === undefined && fields.length === 6 && fields[0] === 'task' && fields[2] === 'args' && fields[4] === 'timeout') {
      if (run === -1 || args[run + 1] !== fields[1] || args[run + 2] !== fields[5]) {
        run = args.push('', fields[1]!, fields[5]!, 0) - 4
        size = 0
      }
      args[run + 3] = ++size
      args.push(id, fields[3]!)
    } else {
      ;[plain, run] = [false, -1]
      args.push(control === undefined ? '+' : JSON.stringify(control), id, fields.length)
      for (const field of fields) args.push(field)
    }
  }
  return plain
}

/** The registry of queues lives in another slot. The script says 1 until it is noted there and then here: a crash between heals. */
async function listQueue(store: Store, queue: string): Promise<void> {
  await store.client.call('SADD', store.keys.queues, queue)
  await store.client.call('HSET', store.keys.queuePart(queue, 'meta'), 'listed', 1)
}

function parseOutcome(entry: unknown): EnqueueOutcome {
  if (entry === 'unwritten') return { kind: 'unwritten' }
  if (typeof entry === 'string') return { kind: 'created', status: entry as JobStatus }
  const [code, text] = entry as [string, string]
  if (code === 'own') return { kind: 'created', status: text as JobStatus }
  if (code === 'unknown') return { kind: 'unknown-parent', id: text }
  return { kind: code as 'exists' | 'duplicate' | 'taken', id: text }
}
