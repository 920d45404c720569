import { type CommandSpec, command } from '../command.ts'
import type { Context } from '../context.ts'
import { CliError, EXIT } from '../exit-codes.ts'
import { Flag } from '../flags.ts'
import { safe } from '../output/text.ts'

const ACTIONS = ['start', 'stop', 'status'] as const

export const redis: CommandSpec = command<{ install?: boolean }>({
  name: 'redis',
  group: 'Set up',
  summary: "the project's own Redis: start, stop, status",
  arguments: '<start|stop|status>',
  description:
    'It listens on a socket in .rqts/ of this project and keeps its data there. Queues, workers and commands started in the\nproject find it by themselves, unless RQTS_REDIS_URL or REDIS_URL names another one. `status` exits 1 when it does not run.',
  flags: [new Flag('--no-install', 'start: do not install Redis when this machine has none')],
  // Those say where another Redis is.
  without: ['--url', '--prefix', '--config'],
  examples: [
    ['rqts redis start', 'it runs until `rqts redis stop`'],
    ['rqts redis status --json', 'for programs'],
  ],
  async run(context, [action = ''], options) {
    if (action === 'start') return await start(context, options.install !== false)
    if (action === 'stop') return await stop(context)
    if (action === 'status') return await status(context)
    throw new CliError('RQTS_USAGE', `rqts redis ${ACTIONS.join('|')}; got '${action}'`)
  },
})

async function start(context: Context, install: boolean): Promise<number> {
  const { startProjectRedis } = await import('../../lib/embedded/index.ts')
  const server = await startProjectRedis({ keep: true, install, log: (line) => context.note(line) })
  const lines = [`${server.started ? 'started' : 'it runs already'}: ${safe(server.url)}`]
  context.result(
    { running: true, started: server.started, url: masked(server.url) },
    context.quiet ? [] : lines.map((line) => line.replace(server.url, masked(server.url))),
  )
  for (const name of ['RQTS_REDIS_URL', 'REDIS_URL']) {
    if (process.env[name]) context.warn(`${name} is set, so commands use that Redis and not this one`)
  }
  return EXIT.ok
}

async function stop(context: Context): Promise<number> {
  const { stopProjectRedis } = await import('../../lib/embedded/index.ts')
  const stopped = await stopProjectRedis()
  context.result({ running: false, stopped }, context.quiet ? [] : [stopped ? 'stopped; its data is kept in .rqts/' : 'it did not run'])
  return EXIT.ok
}

async function status(context: Context): Promise<number> {
  const { projectRedisStatus } = await import('../../lib/embedded/index.ts')
  const { running, url, pid, dir } = await projectRedisStatus()
  const text = running
    ? `runs at ${masked(url ?? '')} (process ${pid ?? '?'}), data in ${dir}`
    : `does not run: rqts redis start. Its place is ${dir}`
  context.result({ running, url: url === undefined ? null : masked(url), pid: pid ?? null, dir }, [safe(text)])
  return running ? EXIT.ok : EXIT.failed
}

/** Where it listens on a port it has a password. */
function masked(url: string): string {
  return url.replace(/(:\/\/[^/@]*:)[^/@]*@/, '$1***@')
}
