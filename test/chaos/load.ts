import { onTestFinished } from 'vitest'
import { RqtsError } from '../../lib/errors.ts'
import type { Logger } from '../../lib/logger.ts'
import { enqueueJobs } from '../../lib/store/enqueue.ts'
import type { Store } from '../../lib/store/store.ts'
import type { JobContext } from '../../lib/worker/context.ts'
import type { WorkerOptions } from '../../lib/worker/options.ts'
import { BaseWorker } from '../../lib/worker/worker.ts'
import { Journal } from '../support/journal.ts'
import { gate, until } from '../support/stage.ts'
import { type JobSketch, newJob } from './jobs.ts'

export interface LogLine {
  level: string
  message: string
  text: string
}

export class Log implements Logger {
  readonly lines: LogLine[] = []
  debug = (): void => undefined
  info = (fields: object, message: string): void => this.#add('info', fields, message)
  warn = (fields: object, message: string): void => this.#add('warn', fields, message)
  error = (fields: object, message: string): void => this.#add('error', fields, message)

  #add(level: string, fields: object, message: string): void {
    const { err } = fields as { err?: unknown }
    this.lines.push({ level, message, text: `${level} ${message}${err instanceof Error ? `: ${err.message}` : ''}` })
  }

  /** What is said about Redis being away or back. */
  get outages(): string[] {
    return this.lines.filter(({ message }) => /redis|failed and is tried again/i.test(message)).map(({ text }) => text)
  }
}

/** Each outage once when it begins and once when it is over; a busy machine may make more of them than the test did. */
export function saidInPairs(outages: readonly string[]): boolean {
  return outages.length < 20 && outages.every((line, i) => line.startsWith(i % 2 === 0 ? 'error' : 'info'))
}

/** Jobs on and on from one producer, worked off by workers of this process; every acknowledgement and start is in the journal. */
export class Load {
  readonly journal = new Journal()
  readonly logs: Log[] = []
  readonly workers: BaseWorker[] = []
  readonly #store: Store
  #producing: Promise<void> | undefined
  #ended = false
  /** What enqueueing was refused with. */
  readonly refusals: string[] = []
  /** Handlers that have come to their end, whether or not Redis has heard of it. */
  ends = 0
  /** How often the producer has connected. */
  connects = 0
  /** For jobs that run until then: their `args` are below zero. */
  readonly door: { promise: Promise<void>; open: () => void } = gate()
  /** A job only counts as acknowledged when so many have said, on the connection that wrote it, that they have it. */
  replicas = 0

  /** `store` may lead through a proxy. */
  constructor(store: Store) {
    this.#store = store
    store.client.driver.on('ready', () => this.connects++)
    onTestFinished(async () => {
      this.#ended = true
      await this.#producing
      await Promise.all(this.workers.map((worker) => worker.stop({ force: true })))
      this.journal.close()
    })
  }

  worker(url: string, options: Partial<WorkerOptions> = {}, queues: string | string[] = 'q'): BaseWorker {
    const log = new Log()
    const { journal, door } = this
    const ended = (): void => void this.ends++
    async function work(this: JobContext, ms: number): Promise<string> {
      journal.write('start', this.id)
      if (ms < 0) await door.promise
      else if (ms > 0) await new Promise((resolve) => setTimeout(resolve, ms))
      ended()
      return this.id
    }
    const settings = { connection: url, prefix: this.#store.keys.prefix, tasks: [work], logger: log, lease: 2_000, ...options }
    const worker = new BaseWorker(queues, settings, () => (async () => undefined) as never)
    this.logs.push(log)
    this.workers.push(worker)
    void worker.run()
    return worker
  }

  /**
   * Enqueues a job every `everyMs`; one that is not acknowledged is sent again with the same id until it is.
   */
  produce(everyMs = 5, runMs = 2, fields: NonNullable<JobSketch['fields']> = {}): void {
    this.#producing = (async () => {
      while (!this.#ended) {
        const job = newJob({ args: [runMs], fields })
        for (let acknowledged = false; !acknowledged && !this.#ended; ) {
          try {
            const { connects } = this
            const { outcomes } = await enqueueJobs(this.#store, 'q', [job], false)
            acknowledged = outcomes[0]?.kind === 'created'
            const { replicas } = this
            if (replicas > 0 && acknowledged)
              acknowledged = (await this.#store.client.call('WAIT', replicas, 500)) === replicas && connects === this.connects
          } catch (error) {
            this.refusals.push(error instanceof RqtsError ? error.code : String(error))
            await new Promise((resolve) => setTimeout(resolve, 50))
          }
          if (acknowledged) this.journal.write('enqueued', job.id)
        }
        await new Promise((resolve) => setTimeout(resolve, everyMs))
      }
    })()
  }

  async stopProducing(): Promise<void> {
    this.#ended = true
    await this.#producing
  }

  get starts(): number {
    return this.journal.read().filter((entry) => entry.what === 'start').length
  }

  /** Ms until `more` further handlers have begun. */
  async progress(more = 1, timeoutMs = 30_000): Promise<number> {
    const before = this.starts
    const began = performance.now()
    await until(`${more} more jobs have begun`, () => this.starts >= before + more, timeoutMs)
    return Math.round(performance.now() - began)
  }
}
