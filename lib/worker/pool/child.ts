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
  #run: LocalRun | undefined

  constructor(port: ChildPort) {
    this.#port = port
    for (const event of ['uncaughtException', 'unhandledRejection'] as const) process.on(event, (error: unknown) => this.#stray(error))
  }

  obey(message: ToChild): void {
    if (message.say === 'run') this.#start(message.job)
    else if (message.say === 'abort') this.#run?.context.abort(new RqtsError(message.code, message.message, { jobId: this.#run.job.id }))
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
      this.#executor = new Executor(this.#tasks, portOf, (_, outcome) => void this.#done(outcome!))
      if (init.captureOutput) this.#output = new OutputCapture()
      const loaded = this.#tasks.loaded.map(({ source, names }) => ({ source, names }))
      this.#port.send({ say: 'ready', facts: { loaded, policies: this.#tasks.policies } })
    } catch (error) {
      this.#port.send({ say: 'unfit', error: encodeError(error) }, () => this.#port.exit(1))
    }
  }

  #start(job: ClaimedJob): void {
    const run = this.#executor!.prepare(job)
    this.#run = run
    this.#output?.begin((line) => run.context.log(line))
    this.#executor!.execute(run)
  }

  async #done(outcome: Outcome): Promise<void> {
    if (this.#output !== undefined) await this.#output.end()
    this.#run = undefined
    this.#port.send(this.#init!.memory ? { say: 'done', outcome, memory: process.memoryUsage.rss() } : { say: 'done', outcome })
  }

  /** It belongs to the one job that runs here, or to one before it. Nobody knows what else it left undone, so this is the end. */
  #stray(error: unknown): void {
    const run = this.#run
    const end = (): void => this.#port.exit(1)
    if (run === undefined || this.#executor === undefined) {
      process.stderr.write(`A job that has ended threw into the void: ${encodeError(error)}\n`, end)
      return
    }
    this.#run = undefined
    const last = new Executor(
      this.#tasks,
      () => undefined as never,
      (_, outcome) => this.#port.send({ say: 'done', outcome: outcome!, last: true }, end),
    )
    last.fail(last.prepare(run.job), error)
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
