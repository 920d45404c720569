import { randomBytes } from 'node:crypto'
import { setMaxListeners } from 'node:events'
import { Hono } from 'hono'
import { addressOf, lazyStore, refuseWhileAway, type Store } from '../client/inspector.ts'
import { Schedules } from '../client/schedules.ts'
import { metricsText } from '../metrics/text.ts'
import { isJobId } from '../names.ts'
import { VERSION } from '../version.ts'
import { Assets } from './assets.ts'
import { Bulks } from './bulk.ts'
import type { Route, SessionView } from './contract.ts'
import { admit, credentialOf, secureHeaders, tokenLogin, type Visitor } from './guard.ts'
import type { Handler, Handlers, Tools } from './handlers.ts'
import { Input } from './input.ts'
import { JobReader } from './job-detail.ts'
import { openApi, ROUTE_NAMES } from './openapi.ts'
import { checkBasePath, type DashboardOptions, type NormalDashboardOptions, normalizeDashboardOptions } from './options.ts'
import { OverviewReader } from './overview.ts'
import { errorResponse, Refusal } from './refusal.ts'
import { jobRoutes } from './routes-jobs.ts'
import { queueRoutes } from './routes-queues.ts'
import { scheduleRoutes } from './routes-schedules.ts'
import { Sampler } from './sampler.ts'
import { openStream, streamHead } from './stream.ts'
import { WrongGuesses } from './wrong-guesses.ts'

/** Arguments of a job may take a megabyte, escaped somewhat more. */
const MAX_BODY_BYTES = 4 * 1_048_576

export interface Arrival {
  /** Where the dashboard is mounted, if neither `basePath` nor the path of the request says so. */
  base?: string | undefined
  /** Of the visitor's machine: it may guess ten passwords a minute. Without it nobody counts. */
  address?: string | undefined
}

interface Env {
  Variables: { visitor: Visitor; base: string; nonce: string }
}

/**
 * The dashboard as a function from `Request` to `Response`, for whatever speaks them; node.ts has adapters for what does not. It opens one connection
 * with the first request and looks at Redis only while somebody looks at it.
 */
export class Dashboard {
  readonly #options: NormalDashboardOptions
  readonly #store: Store
  readonly #sampler: Sampler
  readonly #bulks: Bulks
  readonly #tools: Tools
  readonly #assets = new Assets()
  readonly #guesses = new WrongGuesses()
  readonly #app: Hono<Env>
  readonly #closing = new AbortController()

  constructor(options: DashboardOptions = {}) {
    this.#options = normalizeDashboardOptions(options)
    const { connection, prefix } = options
    this.#store = lazyStore({ connection, prefix })
    const { logger, redaction, sampleMs } = this.#options
    const overview = new OverviewReader(this.#store)
    const jobs = new JobReader(this.#store, redaction)
    this.#sampler = new Sampler(overview, jobs, sampleMs, logger)
    this.#bulks = new Bulks(this.#store, logger, redaction, (view) => this.#sampler.bulk(view))
    this.#tools = {
      store: this.#store,
      options: this.#options,
      overview,
      jobs,
      schedules: new Schedules(this.#store),
      bulks: this.#bulks,
      log: ({ user }, action, facts) => logger.info({ user, ...facts }, `dashboard: ${action}`),
    }
    this.#app = this.#routes()
    // Each open stream waits for it.
    setMaxListeners(0, this.#closing.signal)
  }

  /** Handles a request. What a server gives beside it (Bun itself, Next the parameters of the path) is left alone. */
  readonly fetch = (request: Request): Promise<Response> => this.handle(request)

  /** Handles a request of which its server knows more than it says itself. */
  readonly handle = async (request: Request, { base, address }: Arrival = {}): Promise<Response> => {
    const nonce = randomBytes(16).toString('base64')
    try {
      return secureHeaders(await this.#answer(request, base, nonce, address), nonce)
    } catch (error) {
      if (!(error instanceof Refusal)) this.#complain(error)
      return secureHeaders(errorResponse(error), nonce)
    }
  }

  async close(): Promise<void> {
    this.#closing.abort()
    this.#sampler.close()
    this.#bulks.close()
    await this.#store.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #answer(request: Request, mounted: string | undefined, nonce: string, address: string | undefined): Promise<Response> {
    const { basePath } = this.#options
    const base = mounted === undefined ? basePath : checkBasePath(mounted)
    const url = new URL(request.url)
    const visitor = await this.#admit(request, address)
    if (visitor instanceof Response) return visitor
    // Without the slash at the end, relative addresses on the page would lead elsewhere.
    if (base !== '' && url.pathname === base) return new Response(null, { status: 308, headers: { location: `${base}/${url.search}` } })
    const path = base !== '' && url.pathname.startsWith(`${base}/`) ? url.pathname.slice(base.length) : url.pathname
    url.pathname = path
    return await this.#app.fetch(new Request(url, request), { visitor, base, nonce })
  }

  async #admit(request: Request, address: string | undefined): Promise<Visitor | Response> {
    const { auth, authorize } = this.#options
    const guarded = auth !== undefined && authorize === undefined ? address : undefined
    if (guarded !== undefined) this.#guesses.check(guarded)
    try {
      return tokenLogin(request, this.#options) ?? (await admit(request, this.#options, address))
    } catch (error) {
      const credential = credentialOf(request)
      const wrong = error instanceof Refusal && error.status === 401 && credential !== undefined
      if (guarded !== undefined && wrong) this.#guesses.note(guarded, credential)
      throw error
    }
  }

  #routes(): Hono<Env> {
    const app = new Hono<Env>()
    app.use(async (c, next) => {
      for (const [name, value] of Object.entries(c.env as object)) c.set(name as never, value as never)
      await next()
    })
    const handlers: Handlers = {
      'GET /session': (_, visitor) => this.#session(visitor),
      ...jobRoutes(this.#tools),
      ...queueRoutes(this.#tools),
      ...scheduleRoutes(this.#tools),
    }
    for (const route of ROUTE_NAMES) {
      const [method, path] = route.split(' ') as ['GET' | 'POST', string]
      const handler = handlers[route] as Handler<Route>
      app.on(method, `/api${path}`, async (c) => {
        if (path !== '/session') refuseWhileAway(this.#store)
        const input = new Input(method === 'GET' ? c.req.query() : await bodyOf(c.req.raw))
        const reply = Response.json(await handler(input, c.get('visitor')))
        if (path === '/job/download') reply.headers.set('content-disposition', `attachment; filename="${nameOf(input)}.json"`)
        return reply
      })
    }
    app.get('/api/openapi.json', (c) => c.json(openApi()))
    app.get('/api/stream', (c) => {
      const job = jobAsked(c.req.query('job'))
      return c.req.method === 'HEAD' ? streamHead() : openStream(this.#sampler, job, this.#closing.signal)
    })
    app.get('/metrics', async () => new Response(await metricsText(this.#store), { headers: { 'content-type': METRICS_TYPE } }))
    app.all('/api/*', () => {
      throw new Refusal(404, 'RQTS_NOT_FOUND', 'There is no such route: see api/openapi.json')
    })
    app.get('/assets/:name', async (c) => (await this.#assets.file(c.req.param('name'))) ?? notFound())
    // Files lie beside the page; every other address is a page, and the front end knows which.
    app.get('*', async (c) => {
      const file = await this.#assets.file(c.req.path.slice(1))
      return file ?? (await this.#assets.page(c.get('base'), c.get('nonce'), c.req.path))
    })
    app.all('*', () => {
      throw new Refusal(405, 'RQTS_BAD_OPTION', 'Pages can only be read')
    })
    app.onError((error) => {
      throw error
    })
    return app
  }

  #session({ access }: Visitor): SessionView {
    const { readOnly, environment, sampleMs } = this.#options
    return { version: VERSION, access, readOnly, redis: addressOf(this.#store), prefix: this.#store.keys.prefix, environment, sampleMs }
  }

  #complain(error: unknown): void {
    if ((error as { code?: unknown }).code !== undefined) return
    this.#options.logger.error({ err: error }, 'The dashboard could not answer a request')
  }
}

const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

function notFound(): never {
  throw new Refusal(404, 'RQTS_NOT_FOUND', 'There is no such file')
}

function nameOf(input: Input): string {
  return `${input.id()}-${input.text('part', 10).replace(/\W/g, '')}`
}

function jobAsked(text: string | undefined): { queue: string; id: string } | undefined {
  if (text === undefined) return undefined
  const slash = text.lastIndexOf('/')
  const [queue, id] = [text.slice(0, Math.max(0, slash)), text.slice(slash + 1)]
  if (!isJobId(id) || !/^[A-Za-z0-9_.:/-]{1,128}$/.test(queue)) throw new Refusal(400, 'RQTS_BAD_ID', 'job must be QUEUE/ID')
  return { queue, id }
}

/** The fields of a JSON object, read no further than it may be long. */
async function bodyOf(request: Request): Promise<Record<string, unknown>> {
  const parts: Uint8Array[] = []
  let size = 0
  for await (const part of (request.body ?? []) as AsyncIterable<Uint8Array>) {
    size += part.length
    if (size > MAX_BODY_BYTES) throw new Refusal(413, 'RQTS_PAYLOAD_TOO_LARGE', `At most ${MAX_BODY_BYTES} bytes`)
    parts.push(part)
  }
  try {
    const value = JSON.parse(Buffer.concat(parts).toString('utf8')) as unknown
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  } catch {
    // Said below.
  }
  throw new Refusal(400, 'RQTS_BAD_OPTION', 'Send a JSON object')
}
