import { EventEmitter } from 'node:events'
import type { Logger } from '../logger.ts'

export interface JobEventFacts {
  id: string
  queue: string
  task: string
  attempt: number
}

/** What a worker tells, and with which facts. Log lines and metrics are made from these. */
export interface WorkerEvents {
  ready: { name: string; queues: readonly string[] }
  started: JobEventFacts & { waitedMs: number }
  finished: JobEventFacts & { elapsedMs: number }
  failed: JobEventFacts & { elapsedMs: number; error: unknown; reason: string }
  retry: JobEventFacts & { elapsedMs: number; error: unknown; delayMs: number }
  /** This worker's lease on the job went to another; or, with an error, the job took its child process or thread down. */
  lost: JobEventFacts & { error?: unknown }
  /** Jobs of other workers were found without a lease and put back, or failed for the last time. */
  stalled: { queue: string; ids: readonly string[]; failed: boolean }
  /** The job was canceled while it ran. */
  stopped: JobEventFacts & { elapsedMs: number }
  /** The event loop stood still for so long, in this job's code when one is named. */
  blocked: { ms: number; id?: string; task?: string; at?: string }
  error: { error: unknown }
}

export type WorkerListener<Name extends keyof WorkerEvents> = (facts: WorkerEvents[Name]) => void

/** A listener that throws is logged; it stops neither the worker nor the other listeners. */
export class WorkerEmitter {
  readonly #emitter = new EventEmitter()
  readonly #logger: Logger

  constructor(logger: Logger) {
    this.#logger = logger
    this.#emitter.setMaxListeners(0)
  }

  on<Name extends keyof WorkerEvents>(name: Name, listener: WorkerListener<Name>): void {
    this.#emitter.on(`rqts:${name}`, listener)
  }

  off<Name extends keyof WorkerEvents>(name: Name, listener: WorkerListener<Name>): void {
    this.#emitter.off(`rqts:${name}`, listener)
  }

  /** Facts are only gathered when somebody listens. */
  emit<Name extends keyof WorkerEvents>(name: Name, facts: () => WorkerEvents[Name]): void {
    const listeners = this.#emitter.listeners(`rqts:${name}`) as WorkerListener<Name>[]
    if (listeners.length === 0) return
    const told = facts()
    for (const listener of listeners) {
      try {
        listener(told)
      } catch (error) {
        this.#logger.error({ err: error }, `A listener of the worker's '${name}' event threw`)
      }
    }
  }
}
