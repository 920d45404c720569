import { randomBytes } from 'node:crypto'
import type { Dashboard } from '../../lib/dashboard/index.ts'
import { type CommandSpec, command } from '../command.ts'
import type { Context } from '../context.ts'
import { CliError } from '../exit-codes.ts'
import { Flag, whole } from '../flags.ts'
import { onSignal } from '../signals.ts'

interface DashboardFlags {
  port: number
  host: string
  auth?: string
  token?: string | true
  readOnly?: boolean
  basePath?: string
  allowHost?: string[]
  environment?: string
  open?: boolean
  insecure?: boolean
}

export const dashboard: CommandSpec = command<DashboardFlags>({
  name: 'dashboard',
  group: 'Run',
  summary: 'the web page: what is queued, running and broken, and what to do about it',
  description: 'It begins while Redis is away, and says so. Ctrl-C ends it.',
  flags: [
    new Flag('--port <port>', 'where it listens; 0 for any free port', { default: 9181, parse: whole(0, 65_535) }),
    new Flag('--host <host>', 'the address it listens at; one that others can reach needs --auth or --token', { default: '127.0.0.1' }),
    new Flag('--auth <user:password>', 'ask for these; better in RQTS_AUTH, where no list of processes shows them'),
    new Flag('--token [token]', 'ask for this token; without a value one is made and shown'),
    new Flag('--read-only', 'nobody can change anything'),
    new Flag('--base-path <path>', 'where a proxy mounts it: /jobs'),
    new Flag('--allow-host <host>', 'also answer under this name', { repeat: true }),
    new Flag('--environment <name>', 'shown as a badge: production'),
    new Flag('--open', 'open it in the browser'),
    new Flag('--insecure', 'let everyone in who can reach it'),
  ],
  examples: [
    ['rqts dashboard --open', 'on this machine, for this machine'],
    ['rqts dashboard --host 0.0.0.0 --token --read-only', 'for others, to look only'],
    ['RQTS_AUTH=ann:secret-words rqts dashboard --host 0.0.0.0 --base-path /jobs', 'behind a proxy'],
  ],
  async run(context, _args, flags) {
    const { createDashboard, nodeHandler } = await import('../../lib/dashboard/index.ts')
    const { createServer } = await import('node:http')
    const token = flags.token === true ? randomBytes(18).toString('base64url') : flags.token
    const own = createDashboard(await optionsOf(context, { ...flags, ...(token !== undefined && { token }) }))
    const server = createServer(nodeHandler(own))
    const port = await listen(server, flags)
    const host = flags.host.includes(':') ? `[${flags.host}]` : flags.host
    const url = `http://${/^(0\.0\.0\.0|\[::\])$/.test(host) ? 'localhost' : host}:${port}${(flags.basePath ?? '').replace(/\/+$/, '')}/`
    const entry = token === undefined ? url : `${url}?token=${token}`
    context.result({ url, ...(flags.token === true && { token }) }, [`The dashboard is at ${flags.token === true ? entry : url}`])
    if (flags.open === true) (await import('../dev/dashboard.ts')).openInBrowser(entry)
    await new Promise<void>((resolve) => onSignal(() => resolve()))
    await end(server, own)
  },
})

async function optionsOf(
  context: Context,
  flags: DashboardFlags,
): Promise<Parameters<typeof import('../../lib/dashboard/index.ts').createDashboard>[0]> {
  const { createLogger } = await import('../../lib/index.ts')
  const { auth, token, host } = flags
  if (auth !== undefined && token !== undefined) throw new CliError('RQTS_USAGE', 'Give --auth or --token, not both')
  if (auth !== undefined && !/^[^:]+:.+$/.test(auth)) throw new CliError('RQTS_USAGE', '--auth takes user:password')
  const open = auth === undefined && token === undefined
  if (open && !isLoopback(host) && flags.insecure !== true) {
    throw new CliError(
      'RQTS_REFUSED',
      `At ${host} others could reach the dashboard, and change your jobs: add --auth user:password or --token, or --insecure if everyone may`,
    )
  }
  const colon = auth?.indexOf(':') ?? -1
  const format = context.settings.globals.logFormat ?? (process.stderr.isTTY ? 'pretty' : 'json')
  const hosts = flags.allowHost ?? []
  return {
    ...context.connection,
    ...(auth !== undefined && { auth: { user: auth.slice(0, colon), password: auth.slice(colon + 1) } }),
    ...(typeof token === 'string' && { auth: { token } }),
    ...(flags.readOnly === true && { readOnly: true }),
    ...(flags.basePath !== undefined && { basePath: flags.basePath }),
    ...(flags.environment !== undefined && { environment: flags.environment }),
    ...(open && flags.insecure === true
      ? { hosts: ['*'] }
      : hosts.length > 0 && { hosts: [...hosts, 'localhost', '127.0.0.1', '[::1]', host] }),
    logger: createLogger({ format, level: context.quiet ? 'error' : 'info' }),
  }
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host)
}

type Server = import('node:http').Server

async function listen(server: Server, { host, port }: DashboardFlags): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) =>
      reject(new CliError('RQTS_CLI', `Cannot listen at ${host}:${port}: ${error.message}. Give another --port`)),
    )
    server.listen(port, host, resolve)
  })
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : port
}

async function end(server: Server, own: Dashboard): Promise<void> {
  server.close()
  await own.close()
  server.closeAllConnections()
}
