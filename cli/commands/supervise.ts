import { availableParallelism } from 'node:os'
import { parseDuration } from '../../lib/duration.ts'
import type { Context } from '../context.ts'
import { EXIT } from '../exit-codes.ts'
import type { WorkerLog } from '../output/worker-log.ts'
import { onLogEnd, onSignal } from '../signals.ts'
import type { WorkerFlags } from './worker.ts'
import { readRange } from './worker-range.ts'

/** Runs that end by themselves, for tests and cron, need nobody to start them again unless somebody asks for it. */
export function wantsSupervisor({ processes, burst, maxJobs, maxIdle }: WorkerFlags): boolean {
  if (processes === '0') return false
  return processes !== '1' || (burst === undefined && maxJobs === undefined && maxIdle === undefined)
}

/** Runs this same command in worker processes, and keeps them alive. */
export async function supervise(
  context: Context,
  log: WorkerLog,
  queues: readonly string[],
  flags: WorkerFlags,
  lines?: (text: string) => void,
): Promise<number> {
  const { Supervisor } = await import('../../lib/worker/supervisor/supervisor.ts')
  const range = readRange(flags.processes)!
  const supervisor = new Supervisor({
    ...context.connection,
    ...range,
    queues,
    concurrency: flags.concurrency ?? (flags.pool === 'async' ? 10 : availableParallelism()),
    command: process.argv.slice(1),
    shutdownTimeoutMs: parseDuration(flags.shutdownTimeout, '--shutdown-timeout'),
    logger: log.logger,
    ...(lines !== undefined && { lines }),
  })
  log.sign({ supervisor: process.pid })
  let logBroken = false
  onLogEnd((broken) => {
    logBroken ||= broken
    supervisor.stop('SIGTERM')
  })
  onSignal((signal) => supervisor.stop(signal))
  for (const signal of ['SIGTSTP', 'SIGCONT'] as const) process.on(signal, () => supervisor.pass(signal))
  process.on('SIGHUP', () => supervisor.stop('SIGTERM'))
  const probe =
    flags.probePort === undefined
      ? undefined
      : await (await import('../../lib/worker/probe.ts')).startProbe(flags.probePort, {
          healthy: () => supervisor.healthy(),
          ready: async () => (await supervisor.healthy()) && supervisor.ready,
          // Its processes add to the statistics in Redis, so there the sums are.
          metrics: async () => (await import('../../lib/metrics/text.ts')).metricsText(await context.store()),
        })
  try {
    const code = await supervisor.run()
    return code === EXIT.ok && logBroken ? EXIT.failed : code
  } finally {
    log.flush()
    probe?.close()
  }
}
