import type { ConnectOptions } from '../client/shared-store.ts'
import { RqtsError } from '../errors.ts'
import { createLogger, type Logger } from '../logger.ts'
import { type NormalRedaction, normalizeRedaction, type RedactOptions } from './payload.ts'

/** What a visitor may do: nothing, look, or also change things. */
export type Access = 'none' | 'read' | 'write'

export type Authorize = (
  request: Request,
) => Access | { access: Access; user?: string } | Promise<Access | { access: Access; user?: string }>

export interface DashboardOptions extends ConnectOptions {
  /** Where it is mounted, if the path of requests still says so: `/jobs`. Default: at the root, or where Express says. */
  basePath?: string
  /** Nobody can change anything. */
  readOnly?: boolean
  /** Asked of every visitor: a name and password, or a token (`Authorization: Bearer …`, or once `?token=…`). */
  auth?: { user: string; password: string } | { token: string }
  /** Your own answer to who may do what, from cookies or whatever the request carries. It replaces `auth`. */
  authorize?: Authorize
  /** Names under which browsers may reach it. Default: those of this machine, or any when `auth` or `authorize` is set. `'*'` for any. */
  hosts?: readonly string[]
  /** What nobody is to see of arguments, results, meta, errors and logs. */
  redact?: RedactOptions
  /** Shown as a badge: `'production'`. */
  environment?: string
  /** How often the live view looks at Redis while somebody watches. Default 2,000. */
  sampleMs?: number
  /** Who changed what is told here. Default: lines on stderr. */
  logger?: Logger
}

export interface NormalDashboardOptions {
  basePath: string
  readOnly: boolean
  auth: DashboardOptions['auth']
  authorize: Authorize | undefined
  hosts: readonly string[] | undefined
  redaction: NormalRedaction
  environment: string | null
  sampleMs: number
  logger: Logger
}

const KNOWN: ReadonlySet<string> = new Set([
  'connection',
  'prefix',
  'basePath',
  'readOnly',
  'auth',
  'authorize',
  'hosts',
  'redact',
  'environment',
  'sampleMs',
  'logger',
] satisfies (keyof DashboardOptions)[])

export function normalizeDashboardOptions(options: DashboardOptions): NormalDashboardOptions {
  const unknown = Object.keys(options).find((name) => !KNOWN.has(name))
  if (unknown !== undefined) throw bad(`Unknown dashboard option '${unknown.slice(0, 60)}'; known are ${[...KNOWN].join(', ')}`)
  const { auth, sampleMs = 2_000 } = options
  if (auth !== undefined) checkAuth(auth)
  if (!Number.isInteger(sampleMs) || sampleMs < 250 || sampleMs > 60_000) throw bad('sampleMs must be a whole number from 250 to 60000')
  return {
    basePath: checkBasePath(options.basePath ?? ''),
    readOnly: options.readOnly ?? false,
    auth,
    authorize: options.authorize,
    hosts: options.hosts?.map((host) => host.toLowerCase()),
    redaction: normalizeRedaction(options.redact),
    environment: options.environment ?? null,
    sampleMs,
    logger: options.logger ?? createLogger(),
  }
}

function checkAuth(auth: NonNullable<DashboardOptions['auth']>): void {
  const secret = 'token' in auth ? auth.token : auth.password
  if (typeof secret !== 'string' || secret.length < 8) throw bad('A dashboard password or token has at least 8 characters')
  if (!('token' in auth) && (auth.user === '' || auth.user.includes(':'))) throw bad('A dashboard user has a name without a colon')
}

export function checkBasePath(path: string): string {
  const trimmed = path.replace(/\/+$/, '')
  if (trimmed === '' || /^(\/[A-Za-z0-9._~-]{1,100}){1,20}$/.test(trimmed)) return trimmed
  throw bad(`basePath must look like '/jobs'; got '${path.slice(0, 60)}'`)
}

function bad(message: string): RqtsError {
  return new RqtsError('RQTS_BAD_OPTION', message)
}
