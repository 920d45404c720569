import type { Worker } from '../../lib/index.ts'
import { startProbe } from '../../lib/worker/probe.ts'
import type { Report } from '../../lib/worker/supervisor/staff.ts'
import { watchFiles } from '../../lib/worker/watch-files.ts'
import type { WorkerLog } from '../output/worker-log.ts'
import { onLogEnd } from '../signals.ts'
import type { WorkerFlags } from './worker.ts'

interface Attended {
  /** Something happened outside of any job, and this process is not to be trusted any more; or its log has no room. */
  readonly failed: boolean
  end(): void
}

/** What a process that is there for jobs only does beyond running them: tells its supervisor, heeds stray errors, answers probes. */
export async function attend(
  worker: Worker,
  log: WorkerLog,
  running: ReadonlySet<string>,
  { tasks, flags, supervised }: { tasks: readonly string[]; flags: WorkerFlags; supervised: boolean },
): Promise<Attended> {
  const ends: (() => void)[] = []
  let failed = false
  heedStrays(worker, log, running, () => {
    failed = true
  })
  process.on('SIGTSTP', () => worker.pause())
  process.on('SIGCONT', () => worker.resume())
  onLogEnd((broken) => {
    failed ||= broken
    void worker.stop()
  })
  if (supervised) obeySupervisor(worker)
  if (flags.watch === true) ends.push(watchFiles(tasks, () => void reload(worker, log)))
  if (!supervised && flags.probePort !== undefined) {
    const probe = await startProbe(flags.probePort, {
      healthy: () => worker.answers(),
      ready: async () => (worker.state === 'idle' || worker.state === 'busy') && (await worker.answers()),
      metrics: async () => (await import('../../lib/metrics/text.ts')).workerMetricsText(worker.measure()),
    })
    ends.push(() => probe.close())
  }
  return {
    get failed() {
      return failed
    },
    end: () => ends.forEach((end) => end()),
  }
}

/** One policy for what no job can be blamed for: say it, finish what runs, take no more, be replaced. */
function heedStrays(worker: Worker, log: WorkerLog, running: ReadonlySet<string>, heeded: () => void): void {
  for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
    process.on(event, (error: unknown) => {
      heeded()
      log.logger.error({ err: error, running: [...running] }, `${event} outside of any job: the worker finishes what runs and ends`)
      log.flush()
      void worker.stop()
    })
  }
}

function obeySupervisor(worker: Worker): void {
  const tell = (report: Report): void => void process.send?.(report)
  tell({ rqts: 'name', name: worker.name, maxLost: worker.maxLost })
  worker.on('ready', () => tell({ rqts: 'ready' }))
  // It died, and nobody would ever stop this process: to the outside they are one, so this is a crash.
  process.on('disconnect', () => void worker.abandon('lost its supervisor').finally(() => process.kill(process.pid, 'SIGKILL')))
}

async function reload(worker: Worker, log: WorkerLog): Promise<void> {
  try {
    const loaded = await worker.reloadTasks()
    log.say('reloaded: running jobs finish on the old code', 'reloaded', { tasks: loaded.flatMap(({ names }) => names) })
  } catch (error) {
    log.logger.error({ err: error }, 'The changed task files cannot be loaded; the old ones stay')
  }
}
