import { fileURLToPath } from 'node:url'
import { type CommandSpec, command } from '../command.ts'
import type { Context } from '../context.ts'
import { Flag, whole } from '../flags.ts'
import { onSignal } from '../signals.ts'
import { queuesOf } from './worker.ts'

interface DevOptions {
  tasks?: string[]
  concurrency?: number
  dashboard: boolean
  port: number
}

const MAIN = fileURLToPath(new URL('../main.js', import.meta.url))

export const dev: CommandSpec = command<DevOptions>({
  name: 'dev',
  group: 'Run',
  summary: 'all of it while you write: Redis, worker with reload on save, scheduler, dashboard',
  arguments: '[queues...]',
  description:
    "Uses the Redis that is configured, or starts the project's own when none answers. The worker starts anew whenever code in the\nproject changes; running jobs finish on the old code. A file .env is read. While it runs, ? shows the keys.",
  flags: [
    new Flag('-t, --tasks <file>', 'module that exports tasks; may be repeated (default: tasks.* or src/tasks.*)', { repeat: true }),
    new Flag('-c, --concurrency <n>', 'jobs that run at the same time (default: 10)', { parse: whole(1, 1_000) }),
    new Flag('--port <port>', 'of the dashboard', { default: 9181, parse: whole(1, 65_535) }),
    new Flag('--no-dashboard', 'without the dashboard'),
  ],
  without: ['--json'],
  examples: [
    ['rqts dev', "jobs of 'default', tasks from tasks.ts"],
    ['rqts dev default mail -t src/mail.ts', 'other queues, other tasks'],
  ],
  async run(context, queues, options) {
    loadEnvFile()
    const { findOrStartRedis } = await import('../dev/redis.ts')
    const { Session } = await import('../dev/session.ts')
    const leaveRedis = await findOrStartRedis(context)
    passOn(context, options)
    const session = new Session(context, queuesOf(context, queues), [MAIN, 'worker', ...queues])
    onSignal(() => session.stop())
    try {
      return await session.run(options.dashboard ? { script: MAIN, port: options.port } : undefined)
    } finally {
      await context.close()
      await leaveRedis()
    }
  },
})

/** As flags of the worker would be: it asks its environment for them. */
function passOn({ settings: { globals } }: Context, { tasks, concurrency }: DevOptions): void {
  const passed = {
    RQTS_PREFIX: globals.prefix,
    RQTS_CONFIG: globals.config,
    RQTS_LOG_FORMAT: globals.logFormat,
    RQTS_TASKS: tasks?.join(' '),
    RQTS_CONCURRENCY: concurrency?.toString(),
    RQTS_QUIET: globals.quiet ? '1' : undefined,
    RQTS_VERBOSE: globals.verbose ? '1' : undefined,
    RQTS_NO_COLOR: globals.color ? undefined : '1',
  }
  for (const [name, value] of Object.entries(passed)) if (value !== undefined) process.env[name] = value
}

function loadEnvFile(): void {
  try {
    process.loadEnvFile()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
}
