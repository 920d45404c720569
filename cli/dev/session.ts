import type { Context } from '../context.ts'
import { codeOf, EXIT } from '../exit-codes.ts'
import { paint } from '../output/color.ts'
import { plural, safe } from '../output/text.ts'
import { DashboardRun, openInBrowser } from './dashboard.ts'
import { listenToKeys } from './keyboard.ts'
import { watchSources } from './sources.ts'
import { WorkerRuns } from './worker-runs.ts'

const KEYS = [
  ['r', 'reload the worker'],
  ['p', 'pause or resume it'],
  ['i', 'queues and workers'],
  ['f', 'failed jobs'],
  ['o', 'open the dashboard'],
  ['c', 'clear the screen'],
  ['q', 'quit'],
] as const

/** What runs under `rqts dev`, and its keys. */
export class Session {
  readonly #context: Context
  readonly #queues: readonly string[]
  readonly #worker: WorkerRuns
  #dashboard: DashboardRun | undefined
  #code: number = EXIT.ok
  #stops = 0
  #end: () => void = () => undefined

  /** `command` starts a worker of these queues. */
  constructor(context: Context, queues: readonly string[], command: readonly string[]) {
    this.#context = context
    this.#queues = queues
    this.#worker = new WorkerRuns(command, {
      say: (text) => this.#say(text),
      lost: (name, maxLost, how) => this.#putBack(name, maxLost, how),
      hopeless: (code) => {
        this.#code = code
        this.#end()
      },
    })
  }

  /** Resolves with the exit code when it was told to stop and the worker has ended. */
  async run(dashboard: { script: string; port: number } | undefined): Promise<number> {
    const told = new Promise<void>((resolve) => {
      this.#end = resolve
    })
    const unwatch = await watchSources(process.cwd(), () => this.#worker.start())
    const silence = listenToKeys((key) => this.#press(key))
    if (dashboard !== undefined) {
      this.#dashboard = new DashboardRun(dashboard.script, { host: '127.0.0.1', port: dashboard.port }, (code) =>
        this.#say(`the dashboard ended (exit code ${code}); the rest goes on`),
      )
    }
    if (process.stdin.isTTY) this.#say('? shows the keys, q quits')
    this.#worker.start()
    await told
    unwatch()
    await this.#worker.ended()
    this.#dashboard?.stop()
    silence()
    return this.#stops > 1 ? EXIT.aborted : this.#code
  }

  /** Once: running jobs finish; twice: they go back at once. */
  stop(): void {
    this.#stops++
    this.#worker.stop()
    this.#end()
  }

  #press(key: string): void {
    if (key === 'q' || key === 'ctrl-c') this.stop()
    else if (key === 'r') this.#worker.start()
    else if (key === 'p') this.#pause()
    else if (key === 'o') this.#openDashboard()
    else if (key === 'c') process.stdout.write('\u001b[2J\u001b[3J\u001b[H')
    else if (key === 'i' || key === 'f') void this.#show(key).catch((error: unknown) => this.#complain(error))
    else if (key === '?' || key === 'h') for (const [name, what] of KEYS) process.stdout.write(`  ${paint('bold', name)}  ${what}\n`)
  }

  /** Without it the jobs wait until their leases end, which feels like for ever to somebody who has just mended a crash. */
  async #putBack(name: string, maxLost: number, how: string): Promise<void> {
    try {
      const { QueueOrder } = await import('../../lib/worker/queue-order.ts')
      const { reportLost } = await import('../../lib/worker/supervisor/lost.ts')
      const store = await this.#context.store()
      const order = new QueueOrder(this.#queues, 'priority')
      await order.refresh(store)
      const count = await reportLost(store, { name, queues: order.all, how, maxLost })
      if (count > 0) this.#say(`${plural(count, 'job')} of the dead worker put back`)
    } catch (error) {
      this.#complain(error)
    }
  }

  #pause(): void {
    this.#worker.pause()
    this.#say(this.#worker.paused ? 'paused: p goes on' : 'goes on')
  }

  #openDashboard(): void {
    if (this.#dashboard === undefined) return this.#say('the dashboard does not run')
    this.#say(this.#dashboard.url)
    openInBrowser(this.#dashboard.url)
  }

  async #show(key: 'i' | 'f'): Promise<void> {
    const { findJobs, overview } = await import('../../lib/client/inspector.ts')
    const store = await this.#context.store()
    const { columns } = process.stdout
    if (key === 'f') {
      const { jobTable } = await import('../output/job.ts')
      return this.#context.print('', ...jobTable(await findJobs(store, { status: 'failed', limit: 10 }), columns), '')
    }
    const { queueLines, workerLines } = await import('../output/overview.ts')
    const seen = await overview(store)
    this.#context.print('', ...queueLines(seen, columns), '', ...workerLines(seen, columns), '')
  }

  /** Redis may be away for a while; the keys go on. */
  #complain(error: unknown): void {
    if (!codeOf(error)?.startsWith('RQTS_')) throw error
    this.#say(safe((error as Error).message))
  }

  #say(text: string): void {
    this.#context.note(`${paint('dim', new Date().toTimeString().slice(0, 8), process.stderr)} ${paint('cyan', text, process.stderr)}`)
  }
}
