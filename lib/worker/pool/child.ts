import { clock } from '../../clock.ts'
import { RqtsError } from '../../errors.ts'
import { encodeError } from '../../payload/stored-error.ts'
import type { ClaimedJob, Outcome } from '../../store/attempts.ts'
import type { ConnectionOption } from '../../store/connect.ts'
import { Store } from '../../store/store.ts'
import type { ContextPort } from '../context.ts'
import { Executor, type LocalRun } from '../executor.ts'
import { jobPort } from '../job-port.ts'
import { TaskSet } from '../task-set.ts'
import { OutputCapture } from './output.ts'
import type { ChildInit, FromChild, ToChild } from './protocol.ts'

export interface ChildPort {
  send(message: FromChild, sent?: () => void): void
  exit(code: number): void
}

/** Runs jobs for a worker in another process or thread, one at a time. The worker decides what becomes of them. */
export class Child {
  readonly #port: ChildPort
  #init: ChildInit | undefined
  #tasks = new TaskSet()
  #executor: Executor | undefined
  #store: Store | undefined
  #output: OutputCapture | undefined
  /** One, or those of a batch: by their places in it, as long as they run. */
  #runs: (LocalRun | undefined)[] = []

  constructor(port: ChildPort) {
    this.#port = port
    for (const event of ['uncaughtException', 'unhandledRejection'] as const) process.on(event, (error: unknown) => this.#stray(error))
  }

  obey(message: ToChild): void {
    if (message.say === 'run') this.#start([message.job])
    else if (message.say === 'batch') this.#start(message.jobs)
    else if (message.say === 'abort') this.#abort(message)
    else if (message.say === 'init') void this.#prepare(message.init)
    else void this.#stop()
  }

  async #prepare(init: ChildInit): Promise<void> {
    this.#init = init
    try {
      const enqueue = await enqueuePort()
      this.#tasks = await TaskSet.load(init, { cwd: init.cwd })
      await this.#tasks.setup()
      const portOf = (job: ClaimedJob): ContextPort => jobPort(this.#openStore(init), job, enqueue)
      this.#executor = new Executor(this.#tasks, portOf, (run, outcome) => void this.#done(run as LocalRun, outcome!))
      if (init.captureOutput) this.#output = new OutputCapture()
      const loaded = this.#tasks.loaded.map(({ source, names }) => ({ source, names }))
      const { policies, batches, schemas } = this.#tasks
      this.#port.send({ say: 'ready', facts: { loaded, policies, batches, schemas } })
    } catch (error) {
      this.#port.send({ say: 'unfit', error: encodeError(error) }, () => this.#port.exit(1))
    }
  }

  #start(jobs: readonly ClaimedJob[]): void {
    const runs = jobs.map((job) => this.#executor!.prepare(job))
    const [first] = runs as [LocalRun]
    this.#runs = [...runs]
    // What a batch prints is of all its jobs, and kept with the first.
    this.#output?.begin((line) => first.context.log(line))
    if (runs.length === 1) this.#executor!.execute(first)
    else this.#executor!.executeBatch(runs)
  }

  #abort({ at, code, message }: ToChild & { say: 'abort' }): void {
    const run = this.#runs[at]
    run?.context.abort(new RqtsError(code, message, { jobId: run.job.id }))
  }

  async #done(run: LocalRun, outcome: Outcome): Promise<void> {
    const runs = this.#runs
    const at = runs.indexOf(run)
    const tookMs = clock.monotonic() - run.startedAt
    if (this.#output !== undefined) await this.#output.end()
    runs[at] = undefined
    this.#port.send(
      this.#init!.memory ? { say: 'done', at, outcome, tookMs, memory: process.memoryUsage.rss() } : { say: 'done', at, outcome, tookMs },
    )
  }

  /** It belongs to what runs here, a job or a batch, or to one before it. Nobody knows what else it left undone, so this is the end. */
  #stray(error: unknown): void {
    const left = this.#runs.flatMap((run, at) => (run === undefined ? [] : [{ run, at }]))
    const end = (): void => this.#port.exit(1)
    if (left.length === 0 || this.#executor === undefined) {
      process.stderr.write(`A job that has ended threw into the void: ${encodeError(error)}\n`, end)
      return
    }
    this.#runs = []
    left.forEach(({ run, at }, i) => {
      const last = i === left.length - 1
      const tell = (_: unknown, outcome: Outcome | undefined): void =>
        this.#port.send({ say: 'done', at, outcome: outcome!, ...(last && { last }) }, last ? end : undefined)
      const executor = new Executor(this.#tasks, () => undefined as never, tell)
      executor.fail(executor.prepare(run.job), error)
    })
  }

  /** Opened by the first job that writes or enqueues. */
  #openStore({ connection, prefix }: ChildInit): Store {
    this.#store ??= new Store({ connection: connection as ConnectionOption | undefined, prefix })
    return this.#store
  }

  async #stop(): Promise<void> {
    try {
      await this.#tasks.teardown()
    } catch (error) {
      process.stderr.write(`teardown failed: ${encodeError(error)}\n`)
    }
    await this.#store?.close()
    this.#port.exit(0)
  }
}

/** Only rqts.ts knows how a handler enqueues, and in this process nobody else has loaded it. */
async function enqueuePort(): Promise<(store: Store, queue: string) => import('../context.ts').EnqueueFromJob> {
  // oxlint-disable-next-line no-restricted-imports
  return (await import('../../rqts.ts')).enqueueFromJob
}
