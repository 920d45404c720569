import { createHash } from 'node:crypto'
import { hostname } from 'node:os'
import type { Logger } from '../logger.ts'
import { Service } from '../service/service.ts'
import type { Store } from '../store/store.ts'
import { keepTaskSchemas } from '../store/task-schemas.ts'
import { delistWorker, enlistWorker } from '../store/workers.ts'
import { VERSION } from '../version.ts'
import type { WorkerState } from './phase.ts'
import type { PoolKind } from './pool/pool.ts'

export type WorkerFields = Readonly<Record<string, string | number>>

export interface Presence {
  state: WorkerState
  pool: PoolKind
  /** Of children, when handlers run there. */
  pids: readonly number[]
  queues: readonly string[]
  concurrency: number
  tasks: readonly string[]
  /** See task/json-schema.ts; empty when there are none. */
  schemas: string
  /** `queue/id` of running jobs. */
  jobs: readonly string[]
  succeeded: number
  failed: number
}

const BEAT_MS = 7_000
const ALIVE_MS = 20_000
const BEATS_PER_TIDYING = 10
const MAX_LISTED_JOBS = 100
const MAX_LISTED_TASKS = 200

/** The worker's entry in Redis: what `rqts info` shows. Written whole at each beat, so a flushed Redis heals by itself. */
export class Heartbeat {
  readonly #store: Store
  readonly #name: string
  readonly #identity: string
  readonly #presence: () => Presence
  readonly #tell: (record: WorkerFields, aliveMs: number) => void
  readonly #service: Service
  readonly #startedAt = Date.now()
  #told = ''
  #schemas = ''
  #beats = 0
  #enlisted = false

  /** `told`: what was written, for whoever must write it when this thread cannot. */
  constructor(
    store: Store,
    name: string,
    identity: string,
    logger: Logger,
    presence: () => Presence,
    told: (record: WorkerFields, aliveMs: number) => void,
  ) {
    this.#store = store
    this.#name = name
    this.#identity = identity
    this.#presence = presence
    this.#tell = told
    this.#service = new Service('heartbeat', logger, async () => {
      await this.beat()
      return BEAT_MS * (0.9 + Math.random() * 0.2)
    })
  }

  start(): void {
    this.#service.start()
  }

  /** Called every second or so: what people look at is told soon, but not each time a job comes or goes. */
  notice(): void {
    if (newsOf(this.#presence()) !== this.#told) this.hurry()
  }

  /** The state has changed and people may be looking. */
  hurry(): void {
    this.#service.hurry()
  }

  /** False when a live worker of the same name exists. */
  async beat(): Promise<boolean> {
    const presence = this.#presence()
    const { state, pool, pids, queues, concurrency, tasks, schemas, jobs, succeeded, failed } = presence
    this.#told = newsOf(presence)
    const record: WorkerFields = {
      state,
      host: hostname(),
      pid: process.pid,
      queues: queues.join(','),
      pool,
      pids: pids.join(','),
      concurrency,
      tasks: tasks.length,
      task_names: tasks.slice(0, MAX_LISTED_TASKS).join(','),
      schemas: digestOf(schemas),
      jobs: jobs.slice(0, MAX_LISTED_JOBS).join(','),
      succeeded,
      failed,
      started_at: this.#startedAt,
      memory: process.memoryUsage.rss(),
      version: VERSION,
      node: process.version,
    }
    const enlisted = await enlistWorker(this.#store, this.#name, this.#identity, ALIVE_MS, record, this.#beats++ % BEATS_PER_TIDYING === 0)
    if (enlisted) this.#tell(record, ALIVE_MS)
    if (enlisted && schemas !== '') {
      const kept = await keepTaskSchemas(this.#store, this.#name, schemas, schemas === this.#schemas)
      this.#schemas = kept ? schemas : ''
    }
    this.#enlisted ||= enlisted
    return enlisted
  }

  async stop(queues: readonly string[]): Promise<void> {
    await this.#service.stop()
    // The record may be another worker's, whose name this one was refused.
    if (this.#enlisted) await delistWorker(this.#store, this.#name, queues)
  }
}

function newsOf({ state, succeeded, failed, jobs }: Presence): string {
  return `${state} ${succeeded} ${failed} ${jobs.slice(0, MAX_LISTED_JOBS).join(',')}`
}

/** Of workers that say the same, whoever reads needs only one. */
function digestOf(schemas: string): string {
  return schemas === '' ? '' : createHash('sha256').update(schemas).digest('base64url').slice(0, 16)
}
