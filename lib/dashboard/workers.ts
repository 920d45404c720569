import { iso, type Place, readStarts, type Store, type WorkerRecord } from '../client/inspector.ts'
import type { WorkerJob, WorkerState, WorkerView } from './contract.ts'

/** Jobs that are looked at to say what they are; of more, ids alone are shown. */
const MAX_JOBS = 500
const STATES: ReadonlySet<unknown> = new Set(['starting', 'idle', 'busy', 'paused', 'suspended', 'stopping'])

/** What workers say of themselves, with the jobs that they run. Two round trips for all of them. */
export async function workerViews(store: Store, records: readonly WorkerRecord[]): Promise<WorkerView[]> {
  const running = records.flatMap(({ fields }) => placesIn(fields['jobs'])).slice(0, MAX_JOBS)
  const { now, starts } = await readStarts(store, running)
  const byPlace = new Map(running.map(({ queue, id }, i) => [`${queue}/${id}`, starts[i]]))
  return records.map(({ name, alive, heartbeatAgeMs, fields }) => ({
    name,
    state: alive ? (STATES.has(fields['state']) ? (fields['state'] as WorkerState) : 'idle') : 'lost',
    host: fields['host'] ?? '',
    pid: number(fields['pid']) ?? 0,
    pids: list(fields['pids']).map(Number),
    queues: list(fields['queues']),
    pool: fields['pool'] ?? 'async',
    concurrency: number(fields['concurrency']) ?? 1,
    jobs: placesIn(fields['jobs']).map(({ queue, id }): WorkerJob => {
      const start = byPlace.get(`${queue}/${id}`)
      const elapsedMs = start?.startedAt === undefined ? null : Math.max(0, now - start.startedAt)
      return { id, queue, task: start?.task ?? null, startedAt: iso(start?.startedAt), elapsedMs }
    }),
    succeeded: number(fields['succeeded']) ?? 0,
    failed: number(fields['failed']) ?? 0,
    memory: number(fields['memory']),
    version: fields['version'] ?? '',
    node: fields['node'] ?? '',
    startedAt: iso(number(fields['started_at']) ?? undefined),
    heartbeatAgeMs,
    tasks: list(fields['task_names']),
  }))
}

function placesIn(text: string | undefined): Place[] {
  return list(text).map((ref) => {
    const slash = ref.lastIndexOf('/')
    return { queue: ref.slice(0, Math.max(0, slash)), id: ref.slice(slash + 1) }
  })
}

function list(text: string | undefined): string[] {
  return text === undefined || text === '' ? [] : text.split(',')
}

function number(text: string | undefined): number | null {
  const value = Number(text ?? Number.NaN)
  return Number.isFinite(value) ? value : null
}
