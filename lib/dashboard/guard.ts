/**
 * Who may do what. Every request passes here before anything else happens, the stream and the files of the page included: is the name by which it
 * was reached ours (DNS rebinding), who is it, and for what changes something: does it come from our own page (CSRF), is it allowed to.
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import type { Access, NormalDashboardOptions } from './options.ts'
import { Refusal } from './refusal.ts'

export interface Visitor {
  access: 'read' | 'write'
  /** For the log. */
  user: string
}

const COOKIE = 'rqts_token'
const LOCAL = new Set(['localhost', '127.0.0.1', '[::1]', '::1'])

export async function admit(request: Request, options: NormalDashboardOptions, address?: string): Promise<Visitor> {
  checkHost(request, options)
  checkAddress(options, address)
  const { access, user } = await identify(request, options)
  if (access === 'none') throw unknownVisitor(options)
  const changes = request.method !== 'GET' && request.method !== 'HEAD'
  if (changes) checkOrigin(request)
  const allowed = options.readOnly ? 'read' : access
  if (changes && allowed !== 'write') {
    if (options.readOnly) throw new Refusal(403, 'RQTS_READ_ONLY', 'This dashboard is read-only', { what: 'read-only' })
    throw new Refusal(403, 'RQTS_READ_ONLY', 'You may look, but not change anything', { what: 'look-only' })
  }
  return { access: allowed, user }
}

/** A page elsewhere that has its name resolve to this machine must not reach a dashboard that trusts whoever is on this machine. */
function checkHost(request: Request, { hosts, auth, authorize }: NormalDashboardOptions): void {
  const host = (request.headers.get('host') ?? new URL(request.url).host).toLowerCase()
  const name = host.replace(/:\d{1,5}$/, '')
  if (hosts === undefined) {
    if (auth !== undefined || authorize !== undefined || LOCAL.has(name)) return
  } else if (hosts.includes('*') || hosts.includes(name) || hosts.includes(host)) return
  throw new Refusal(
    403,
    'RQTS_BAD_HOST',
    'This dashboard does not answer under this name. Whoever runs it can allow it: set hosts, or who may enter with auth or authorize',
  )
}

/** A name can be forged by whoever can reach the port; where the connection comes from cannot. */
function checkAddress({ hosts, auth, authorize }: NormalDashboardOptions, address: string | undefined): void {
  const open = hosts !== undefined || auth !== undefined || authorize !== undefined
  if (open || address === undefined || /^(::ffff:)?127(\.\d{1,3}){3}$|^::1$/.test(address)) return
  const why = 'This dashboard answers only to the machine that it runs on. Whoever runs it can let others in: set auth or authorize'
  throw new Refusal(403, 'RQTS_BAD_HOST', why, { what: 'elsewhere' })
}

async function identify(request: Request, { auth, authorize }: NormalDashboardOptions): Promise<{ access: Access; user: string }> {
  if (authorize !== undefined) {
    const answer = ((await authorize(request)) ?? 'none') as Access | { access: Access; user?: string }
    const { access, user = 'authorized' } = typeof answer === 'string' ? { access: answer } : answer
    // Anything else, such as undefined from a forgotten return, is a no.
    return { access: access === 'read' || access === 'write' ? access : 'none', user }
  }
  if (auth === undefined) return { access: 'write', user: 'anonymous' }
  if ('token' in auth) return { access: hasToken(request, auth.token) ? 'write' : 'none', user: 'token' }
  return { access: knowsPassword(request, auth) ? 'write' : 'none', user: auth.user }
}

function knowsPassword(request: Request, { user, password }: { user: string; password: string }): boolean {
  const [scheme = '', code = ''] = (request.headers.get('authorization') ?? '').split(' ')
  if (scheme.toLowerCase() !== 'basic') return false
  return same(Buffer.from(code, 'base64').toString('utf8'), `${user}:${password}`)
}

function hasToken(request: Request, token: string): boolean {
  const [scheme = '', given = ''] = (request.headers.get('authorization') ?? '').split(' ')
  if (scheme.toLowerCase() === 'bearer') return same(given, token)
  const cookies = (request.headers.get('cookie') ?? '').split(';').map((pair) => pair.trim())
  const kept = cookies.find((pair) => pair.startsWith(`${COOKIE}=`))?.slice(COOKIE.length + 1)
  return kept !== undefined && same(kept, cookieValue(token))
}

/** `?token=` in the address, once: answered with a cookie and the address without it, so that it stays in no history. */
export function tokenLogin(request: Request, options: NormalDashboardOptions): Response | undefined {
  const { auth, authorize } = options
  if (auth === undefined || !('token' in auth) || authorize !== undefined || request.method !== 'GET') return undefined
  const url = new URL(request.url)
  const given = url.searchParams.get('token')
  if (given === null || !same(given, auth.token)) return undefined
  checkHost(request, options)
  const cookie = `${COOKIE}=${cookieValue(auth.token)}; HttpOnly; SameSite=Strict; Path=/${url.protocol === 'https:' ? '; Secure' : ''}`
  url.searchParams.delete('token')
  const name = url.pathname.slice(url.pathname.lastIndexOf('/') + 1)
  return new Response(null, { status: 303, headers: { location: `./${name}${url.search}`, 'set-cookie': cookie } })
}

/** What a request says to be let in with, right or wrong. */
export function credentialOf(request: Request): string | undefined {
  const cookie = new RegExp(`(?:^|;\\s*)${COOKIE}=([^;]*)`).exec(request.headers.get('cookie') ?? '')?.[1]
  return new URL(request.url).searchParams.get('token') ?? request.headers.get('authorization') ?? cookie
}

function cookieValue(token: string): string {
  return createHmac('sha256', token).update('rqts dashboard').digest('base64url')
}

/** In a time that tells neither what was right nor how long it is. */
function same(given: string, expected: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(given), digest(expected))
}

/** Browsers say where a request comes from; whoever does not say is no browser, and cannot be tricked by a page. */
function checkOrigin(request: Request): void {
  const site = request.headers.get('sec-fetch-site')
  const origin = request.headers.get('origin')
  const host = request.headers.get('host') ?? new URL(request.url).host
  const own = site === null ? origin === null || hostOf(origin) === host : site === 'same-origin'
  if (!own) throw new Refusal(403, 'RQTS_CROSS_ORIGIN', 'A page of another origin may not change anything here')
  const type = (request.headers.get('content-type') ?? '').split(';')[0]!.trim().toLowerCase()
  if (type !== 'application/json') throw new Refusal(415, 'RQTS_BAD_OPTION', 'Send application/json')
}

function hostOf(origin: string): string | undefined {
  try {
    return new URL(origin).host
  } catch {
    return undefined
  }
}

function unknownVisitor({ auth, authorize }: NormalDashboardOptions): Refusal {
  const basic = authorize === undefined && auth !== undefined && !('token' in auth)
  const how: Record<string, string> = basic ? { 'www-authenticate': 'Basic realm="rqts", charset="UTF-8"' } : {}
  return new Refusal(401, 'RQTS_UNAUTHORIZED', 'Say who you are', { headers: how })
}

/** Of every answer. The nonce is for the page's own script and style tags. */
export function secureHeaders(response: Response, nonce: string): Response {
  const { headers } = response
  const policy = [
    "default-src 'none'",
    `script-src 'self' 'nonce-${nonce}'`,
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "manifest-src 'self'",
    "base-uri 'self'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ]
  headers.set('content-security-policy', policy.join('; '))
  headers.set('x-content-type-options', 'nosniff')
  headers.set('x-frame-options', 'DENY')
  headers.set('referrer-policy', 'no-referrer')
  headers.set('cross-origin-resource-policy', 'same-origin')
  headers.set('cross-origin-opener-policy', 'same-origin')
  if (!headers.has('cache-control')) headers.set('cache-control', 'no-store')
  return response
}
