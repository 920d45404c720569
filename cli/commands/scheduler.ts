import { type CommandSpec, command } from '../command.ts'
import { EXIT } from '../exit-codes.ts'
import { Flag } from '../flags.ts'
import { plural, safe } from '../output/text.ts'
import { onSignal } from '../signals.ts'

export const scheduler: CommandSpec = command<{ name?: string }>({
  name: 'scheduler',
  group: 'Run',
  summary: 'fire schedules and promote due jobs, run none',
  description: 'Workers do it too, unless told --no-scheduler. Any number may run: one of all leads at a time.',
  flags: [new Flag('--name <name>', 'what others call it (default: host, process and some letters)')],
  examples: [
    ['rqts scheduler', 'where workers come and go, or run with --no-scheduler'],
    ['rqts scheduler --log-format json', 'for log collectors'],
  ],
  async run(context, _args, { name }) {
    const { createLogger, Scheduler } = await import('../../lib/index.ts')
    const { Schedules } = await import('../../lib/client/schedules.ts')
    const stream = context.json ? process.stderr : process.stdout
    const format = context.settings.globals.logFormat ?? (stream.isTTY ? 'pretty' : 'json')
    const logger = createLogger({ format, stream, level: context.quiet ? 'error' : context.verbose ? 'debug' : 'info' })
    // Here a server that is not there is the answer; later it is waited for.
    const health = await new Schedules(await context.store()).health()
    const own = new Scheduler({ ...context.connection, logger, ...(name !== undefined && { name }) })
    let signals = 0
    const stopped = new Promise<void>((resolve) => onSignal(() => (signals++ === 0 ? resolve() : process.exit(EXIT.aborted))))
    own.start()
    logger.info(
      { name: own.name, schedules: health.schedules, active: health.active },
      `${safe(own.name)} fires ${plural(health.active, 'schedule')}`,
    )
    await stopped
    const left = own.stop()
    const { isAway } = await import('../../lib/client/open-store.ts')
    // A Redis that is away hears no farewell, and forgets by itself who led.
    if (isAway(await context.store())) void left.catch(() => undefined)
    else await left
    logger.info({ name: own.name }, 'stopped')
    if (context.json) context.printJson({ name: own.name })
  },
})
