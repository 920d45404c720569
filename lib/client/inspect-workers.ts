import { matcher } from '../names.ts'
import { hint, wishStop } from '../store/control.ts'
import type { Store } from '../store/store.ts'
import { readTaskSchemas } from '../store/task-schemas.ts'
import { readWorker, readWorkers, type WorkerRecord } from '../store/workers.ts'

export interface WorkerOverview {
  name: string
  /** `paused`: takes no jobs for now; `suspended`: none does, all were paused together; `lost`: not heard of, which is not known to be down. */
  state: 'starting' | 'idle' | 'busy' | 'paused' | 'suspended' | 'stopping' | 'lost'
  host: string
  pid: number
  /** As given to the worker, wildcards included. */
  queues: string[]
  pool: string
  concurrency: number
  /** Ids of running jobs. */
  jobs: string[]
  succeeded: number
  failed: number
  /** Resident memory of the worker's own process, in bytes; 0 when it did not say. */
  memory: number
  heartbeatAgeMs: number
}

/** What an overview shows of a worker. */
export const OVERVIEW_FIELDS = ['state', 'host', 'pid', 'queues', 'pool', 'concurrency', 'jobs', 'succeeded', 'failed', 'memory'] as const

const STATES: ReadonlySet<unknown> = new Set(['starting', 'idle', 'busy', 'paused', 'suspended', 'stopping'])

export function workerOverview({ name, alive, heartbeatAgeMs, fields }: WorkerRecord): WorkerOverview {
  const state = STATES.has(fields['state']) ? (fields['state'] as WorkerOverview['state']) : 'idle'
  return {
    name,
    state: alive ? state : 'lost',
    host: fields['host'] ?? '',
    pid: Number(fields['pid'] ?? 0),
    queues: listOf(fields['queues']),
    pool: fields['pool'] ?? 'async',
    concurrency: Number(fields['concurrency'] ?? 1),
    jobs: listOf(fields['jobs']).map((job) => job.slice(job.lastIndexOf('/') + 1)),
    succeeded: Number(fields['succeeded'] ?? 0),
    failed: Number(fields['failed'] ?? 0),
    memory: Number(fields['memory'] ?? 0),
    heartbeatAgeMs,
  }
}

function listOf(text: string | undefined): string[] {
  return text === undefined || text === '' ? [] : text.split(',')
}

export async function listWorkers(store: Store): Promise<WorkerOverview[]> {
  return (await readWorkers(store, OVERVIEW_FIELDS)).map(workerOverview)
}

/** A worker asked in person. */
export interface WorkerDetail extends WorkerOverview {
  /** False when it did not answer in time: all here is what it said last. That is not the same as being down. */
  answered: boolean
  tasks: string[]
  /** Of its children, when handlers run there. */
  pids: number[]
  startedAt: string | null
  /** Of rqts, and of Node. */
  version: string
  node: string
}

const PATIENCE_MS = 1_000
const ASK_AGAIN_MS = 25

/** Null when Redis knows none of this name. */
export async function askWorker(store: Store, name: string): Promise<WorkerDetail | null> {
  const asked = await store.now()
  const heard = await hint(store, name, 'tell')
  const record = heard ? await awaitAnswer(store, name, asked) : await readWorker(store, name)
  if (record === null) return null
  return { ...workerOverview(record), answered: heard && toldSince(record, asked), ...detailsOf(record) }
}

/** What a worker tells of itself after it was asked to, or has told last when it does not answer; null when it is not there. */
async function awaitAnswer(store: Store, name: string, asked: number): Promise<WorkerRecord | null> {
  for (const patience = performance.now() + PATIENCE_MS; ; await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_MS))) {
    const record = await readWorker(store, name)
    if (record === null || toldSince(record, asked) || performance.now() > patience) return record
  }
}

function toldSince({ fields }: WorkerRecord, asked: number): boolean {
  return Number(fields['heartbeat'] ?? 0) >= asked
}

function detailsOf({ fields }: WorkerRecord): Omit<WorkerDetail, keyof WorkerOverview | 'answered'> {
  return {
    tasks: listOf(fields['task_names']),
    pids: listOf(fields['pids']).map(Number),
    startedAt: fields['started_at'] === undefined ? null : new Date(Number(fields['started_at'])).toISOString(),
    version: fields['version'] ?? '',
    node: fields['node'] ?? '',
  }
}

/** What live workers of a queue can run; undefined when there are none, or one does not list all that it knows. */
export async function knownTasks(store: Store, queue: string): Promise<Set<string> | undefined> {
  const records = (await readWorkers(store)).filter(
    ({ alive, fields }) => alive && (fields['queues'] ?? '').split(',').some((pattern) => matcher(pattern)(queue)),
  )
  const tasks = new Set<string>()
  for (const { fields } of records) {
    const names = (fields['task_names'] ?? '').split(',').filter(Boolean)
    if (names.length !== Number(fields['tasks'] ?? 0)) return undefined
    for (const name of names) tasks.add(name)
  }
  return records.length === 0 ? undefined : tasks
}

/** Tells a worker to stop; with `force` it puts back at once what runs. Returns whether it was listening. */
export async function orderShutdown(store: Store, worker: string, force: boolean): Promise<boolean> {
  const asked = await store.now()
  await wishStop(store, worker, force ? 'force' : 'drain')
  const heard = await hint(store, worker)
  if (!store.client.isCluster) return heard
  // There nobody counts who listens. Whoever hears this tells of itself, or is gone.
  await hint(store, worker, 'tell')
  const record = await awaitAnswer(store, worker, asked)
  return record === null || toldSince(record, asked)
}

/** Live workers that serve a queue, by name or wildcard. */
export function workersServing<W extends Pick<WorkerOverview, 'state' | 'queues'>>(workers: readonly W[], queue: string): W[] {
  return workers.filter(({ state, queues }) => state !== 'lost' && queues.some((pattern) => matcher(pattern)(queue)))
}

/** Names that live workers know, and the queues (or patterns of queues) on which. */
export async function knownTaskNames(store: Store): Promise<{ name: string; queues: string[] }[]> {
  const known = new Map<string, Set<string>>()
  for (const { alive, fields } of await readWorkers(store)) {
    if (!alive) continue
    for (const name of (fields['task_names'] ?? '').split(',').filter(Boolean)) {
      const queues = known.get(name) ?? new Set<string>()
      for (const queue of (fields['queues'] ?? '').split(',').filter(Boolean)) queues.add(queue)
      known.set(name, queues)
    }
  }
  return [...known].map(([name, queues]) => ({ name, queues: [...queues].sort() })).sort((a, b) => (a.name < b.name ? -1 : 1))
}

const MAX_SCHEMA_SETS = 20

/** Task → JSON Schema of its arguments, as live workers tell them. Workers that say the same are asked once. */
export async function knownTaskSchemas(store: Store): Promise<Map<string, unknown>> {
  const sets = new Map<string, string>()
  for (const { name, alive, fields } of await readWorkers(store, ['schemas'])) {
    if (alive && fields['schemas'] !== undefined && sets.size < MAX_SCHEMA_SETS) sets.set(fields['schemas'], name)
  }
  const found = await Promise.all([...sets.values()].map((worker) => readTaskSchemas(store, worker)))
  return new Map(found.flatMap((schemas) => [...schemas]))
}
