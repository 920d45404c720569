import type { Order } from '../../lib/worker/supervisor/staff.ts'
import { type CommandSpec, command } from '../command.ts'
import type { Context } from '../context.ts'
import { CliError, codeOf, EXIT } from '../exit-codes.ts'
import { Flag, whole } from '../flags.ts'
import { reserveStdout, writeOut } from '../output/stdout.ts'
import { plural } from '../output/text.ts'
import type { WorkerLog } from '../output/worker-log.ts'
import { onSignal } from '../signals.ts'
import { checkRange, takeSlot } from './worker-range.ts'

export interface WorkerFlags {
  tasks?: string[]
  concurrency?: number
  pool: 'async' | 'processes' | 'threads'
  maxJobsPerChild?: number
  maxMemoryPerChild?: string
  captureOutput?: boolean
  burst?: boolean
  maxJobs?: number
  maxIdle?: string
  name?: string
  strategy: 'priority' | 'round-robin' | 'random'
  scheduler: boolean
  lease: string
  grace: string
  shutdownTimeout: string
  processes: string
  probePort?: number
  watch?: boolean
}

type Worker = import('../../lib/index.ts').Worker
type WorkerOptions = import('../../lib/index.ts').WorkerOptions

export const worker: CommandSpec = command<WorkerFlags>({
  name: 'worker',
  group: 'Run',
  summary: 'run jobs',
  arguments: '[queues...]',
  description:
    "Queues in order of priority, * is a wildcard; without any: RQTS_QUEUES, else 'queues' in the config file, else 'default'.\nCtrl-C once lets running jobs finish, twice puts them back at once.",
  flags: [
    new Flag(
      '-t, --tasks <file>',
      'module that exports tasks, TypeScript too; may be repeated, or followed by more (default: tasks.* or src/tasks.*)',
      { repeat: true },
    ),
    new Flag('-c, --concurrency <n>', 'jobs that run at the same time (default: 10, with processes or threads the number of cores)', {
      parse: whole(1, 1_000),
    }),
    new Flag('-p, --pool <pool>', 'where handlers run: in this process, or in children, one job each', {
      default: 'async',
      choices: ['async', 'processes', 'threads'],
    }),
    new Flag('--processes <n>', 'worker processes to keep alive, or N..M by backlog; 0: no supervisor, the jobs run in this one', {
      default: '1',
      parse: checkRange,
    }),
    new Flag('--max-jobs-per-child <n>', 'with processes or threads: a new child after this many jobs', { parse: whole(1) }),
    new Flag('--max-memory-per-child <size>', "with processes or threads: a new child when one is larger, such as '200mb'"),
    new Flag('--capture-output', 'with processes or threads: what a job prints also goes to its log'),
    new Flag('-b, --burst', 'end when nothing is left to do'),
    new Flag('--max-jobs <n>', 'end after this many jobs', { parse: whole(1) }),
    new Flag('--max-idle <duration>', 'end after this long without a job'),
    new Flag('--name <name>', 'what others call it (default: host, process and some letters)'),
    new Flag('--strategy <strategy>', 'which queue the next job comes from', {
      default: 'priority',
      choices: ['priority', 'round-robin', 'random'],
    }),
    new Flag('--no-scheduler', 'neither promote due jobs nor recover lost ones: another worker does it'),
    new Flag('--lease <duration>', 'how long a job counts as ours without a sign of life', { default: '30s' }),
    new Flag('--grace <duration>', 'how long a handler may go on after its timeout, before its process is ended', { default: '5s' }),
    new Flag('--probe-port <port>', 'answer /healthz, /readyz and /metrics there', { parse: whole(1, 65_535) }),
    new Flag('--watch', 'load the task files anew when they change'),
    new Flag('--shutdown-timeout <duration>', 'how long running jobs may go on at the end', { default: '25s' }),
  ],
  examples: [
    ['rqts worker', "jobs of 'default', tasks from tasks.ts"],
    ["rqts worker high default 'mail.*' -c 50", 'several queues, the first one first'],
    ['rqts worker -t src/mail.ts src/reports.ts mail', 'tasks from two modules'],
    ['rqts worker --processes 2..8 -p processes', 'as many worker processes as the backlog asks for'],
    ['rqts worker --burst', 'what is there now, for tests and cron'],
  ],
  run,
})

async function run(context: Context, args: readonly string[], flags: WorkerFlags): Promise<number> {
  const { WorkerLog } = await import('../output/worker-log.ts')
  const several = !['0', '1'].includes(flags.processes)
  // Of several there is no one value to print: what happens is the output, a line each.
  const streams = context.json && several
  const stream = streams ? { write: writeOut } : context.json ? process.stderr : process.stdout
  const format = streams ? 'json' : (context.settings.globals.logFormat ?? ('isTTY' in stream && stream.isTTY ? 'pretty' : 'json'))
  const log = new WorkerLog({ format, stream, quiet: context.quiet, verbose: context.verbose })
  const queues = queuesOf(context, args)
  const tasks = flags.tasks ?? (await findTasks())
  const slot = takeSlot()
  const { supervise, wantsSupervisor } = await import('./supervise.ts')
  if (slot === undefined && wantsSupervisor(flags)) {
    // A file that is not there is said once, and not by each process that is tried.
    const { locateAll } = await import('../../lib/worker/load-tasks.ts')
    await locateAll(tasks, process.cwd()).catch(refuse)
    const merged = several && format === 'json' && stream !== process.stderr
    return await supervise(context, log, queues, flags, merged ? writeOut : undefined)
  }
  if (context.json) await keepStdout()
  const { Worker } = await import('../../lib/index.ts')
  const worker = new Worker(queues, { ...context.connection, ...workerOptions(flags, slot), tasks, logger: log.logger })
  log.sign({ worker: worker.name })
  const running = listen(worker, log)
  const stopped = obeySignals(worker, log, running, slot !== undefined)
  const { attend } = await import('./worker-process.ts')
  const attended = await attend(worker, log, running, { tasks, flags, supervised: slot !== undefined })
  try {
    const loaded = await Promise.race([worker.loadTasks().catch(refuse), stopped.asked])
    // Nothing was taken yet, and a file may load for ever.
    if (loaded === undefined) return EXIT.ok
    if (loaded.every(({ names }) => names.length === 0))
      throw new CliError(
        'RQTS_USAGE',
        `No tasks in ${tasks.join(', ')}: export a function, for example \`export async function add(a, b) { … }\``,
      )
    const plan = { queues, pool: flags.pool, fires: flags.scheduler, first: slot === undefined || slot === '1' }
    const { introduce } = await import('./worker-intro.ts')
    await Promise.race([introduce(context, log, worker, loaded, plan), stopped.asked])
    const totals = await worker.run()
    log.say(`done: ${plural(totals.processed, 'job')}, ${totals.succeeded} succeeded, ${totals.failed} failed`, 'worker ended', totals)
    log.flush()
    if (context.json && !streams) context.printJson({ name: worker.name, ...totals })
    return stopped.forced ? EXIT.aborted : attended.failed ? EXIT.failed : EXIT.ok
  } finally {
    log.flush()
    attended.end()
    await worker.stop({ force: true }).catch(() => undefined)
  }
}

/** What cannot be imported now, the next process cannot import either: the exit code of a mistake says so, also to a supervisor. */
function refuse(error: unknown): never {
  throw codeOf(error) === 'RQTS_TASK_FILE' ? Object.assign(error as Error, { exitCode: EXIT.usage }) : error
}

/** What handlers print must not come between. */
async function keepStdout(): Promise<void> {
  reserveStdout()
  const { divertChildStdout } = await import('../../lib/worker/pool/transport.ts')
  divertChildStdout()
}

export function queuesOf(context: Context, args: readonly string[]): string[] {
  if (args.length > 0) return [...args]
  const named = process.env['RQTS_QUEUES']?.split(/[\s,]+/).filter(Boolean) ?? []
  if (named.length > 0) return named
  const configured = [context.config.queues ?? []].flat()
  return configured.length > 0 ? configured : ['default']
}

/** Flags that are options of the same name. */
const OPTIONS = [
  'concurrency',
  'pool',
  'maxJobsPerChild',
  'maxMemoryPerChild',
  'captureOutput',
  'burst',
  'maxJobs',
  'maxIdle',
  'name',
  'strategy',
  'scheduler',
  'lease',
  'grace',
  'shutdownTimeout',
] as const satisfies (keyof WorkerFlags)[]

function workerOptions(flags: WorkerFlags, slot: string | undefined): WorkerOptions {
  const given = OPTIONS.flatMap((name) => (flags[name] === undefined ? [] : [[name, flags[name]] as const]))
  const options: WorkerOptions = Object.fromEntries(given)
  // This process is there for nothing but jobs.
  if (flags.pool === 'async') options.onBlocked = 'exit'
  if (flags.name !== undefined && slot !== undefined && flags.processes !== '1') options.name = `${flags.name}.${slot}`
  return options
}

async function findTasks(): Promise<string[]> {
  const { findTaskModules } = await import('../../lib/worker/load-tasks.ts')
  const { found, searched } = await findTaskModules(process.cwd())
  if (found.length > 0) return found
  throw new CliError(
    'RQTS_USAGE',
    `No tasks to run: ${process.cwd()} has none of ${searched.join(', ')}. Name the module that exports them, rqts worker --tasks FILE, or set 'tasks' in rqts.config.ts; \`rqts init\` writes one to begin with`,
  )
}

/** Lines for what happens; returns the ids of running jobs. */
function listen(worker: Worker, log: WorkerLog): ReadonlySet<string> {
  const running = new Set<string>()
  worker.on('started', (facts) => {
    running.add(facts.id)
    log.started(facts)
  })
  for (const name of ['finished', 'failed', 'retry', 'stopped'] as const) {
    worker.on(name, (facts) => {
      running.delete(facts.id)
      log[name](facts as never)
    })
  }
  worker.on('lost', ({ id }) => running.delete(id))
  worker.on('ready', () => log.say('ready', 'ready', { name: worker.name, queues: worker.queues }))
  return running
}

interface Signaled {
  /** Resolves at the first signal. */
  readonly asked: Promise<undefined>
  /** There was a second one. */
  readonly forced: boolean
}

/**
 * First signal: no more jobs, the running ones finish. Second: they go back at once. Third: whatever hangs is left behind. Platforms
 * that signal every process there is (Heroku, systemd's control-group) reach a supervised one twice, so there only its supervisor counts.
 */
function obeySignals(worker: Worker, log: WorkerLog, running: ReadonlySet<string>, supervised: boolean): Signaled {
  let stage: 'running' | 'draining' | 'aborting' = 'running'
  let tell: (none: undefined) => void
  const asked = new Promise<undefined>((resolve) => {
    tell = resolve
  })
  const abort = (signal?: NodeJS.Signals): void => {
    stage = 'aborting'
    log.say(`aborting: ${running.size} put back`, 'aborting', { running: running.size, ...(signal && { signal }) })
    void worker.stop({ force: true })
  }
  if (supervised) process.on('message', (order) => (order as Order).rqts === 'abort' && abort())
  onSignal((signal) => {
    tell(undefined)
    if (stage === 'running') {
      stage = 'draining'
      log.say(`stopping: ${running.size} running (${signal === 'SIGINT' ? 'Ctrl-C' : signal} again puts them back at once)`, 'stopping', {
        running: running.size,
        signal,
      })
      void worker.stop()
    } else if (supervised) {
      return
    } else if (stage === 'draining') {
      abort(signal)
    } else {
      log.flush()
      process.exit(EXIT.aborted)
    }
  })
  return {
    asked,
    get forced() {
      return stage === 'aborting'
    },
  }
}
