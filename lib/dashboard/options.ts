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
  const logger = options.logger ?? createLogger()
  if (auth !== undefined) checkAuth(auth, logger)
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
    logger,
  }
}

const SHORT = 8

/** A token has no other use than this one and is never chosen to be remembered; a password may be, and its owner is told. */
function checkAuth(auth: unknown, logger: Logger): void {
  if (typeof auth !== 'object' || auth === null) throw bad('auth must be { user, password } or { token }')
  const { token, user, password } = auth as { token?: unknown; user?: unknown; password?: unknown }
  if ('token' in auth) {
    if (typeof token !== 'string' || token.length < SHORT) throw bad(`A dashboard token has at least ${SHORT} characters`)
    return
  }
  if (typeof user !== 'string' || user === '' || user.includes(':')) throw bad('A dashboard user has a name without a colon')
  if (typeof password !== 'string' || password === '') throw bad('A dashboard user has a password')
  if (password.length < SHORT)
    logger.warn({ user }, `The dashboard's password is short: others guess it sooner than one of ${SHORT} characters`)
}

export function checkBasePath(path: string): string {
  const trimmed = path.replace(/\/+$/, '')
  if (trimmed === '' || /^(\/[A-Za-z0-9._~-]{1,100}){1,20}$/.test(trimmed)) return trimmed
  throw bad(`basePath must look like '/jobs'; got '${path.slice(0, 60)}'`)
}

function bad(message: string): RqtsError {
  return new RqtsError('RQTS_BAD_OPTION', message)
}
