import type { IncomingMessage, ServerResponse } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import type { Dashboard } from './dashboard.ts'

/** What Express adds to a request of a mounted handler. */
type Mounted = IncomingMessage & { baseUrl?: string; originalUrl?: string }

/** For Node's `http.createServer`, and for `app.use('/jobs', …)` of Express, Connect and Restify. */
export function nodeHandler(dashboard: Dashboard): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => {
    const { baseUrl, originalUrl } = request as Mounted
    // Express cuts the path off under which it has mounted this; the page must know it.
    const listener = getRequestListener(
      (asked) => dashboard.handle(asked, { base: baseUrl === '' ? undefined : baseUrl, address: request.socket.remoteAddress }),
      {
        overrideGlobalObjects: false,
      },
    )
    if (originalUrl !== undefined) request.url = originalUrl
    void listener(request, response)
  }
}

interface FastifyReply {
  hijack(): unknown
  raw: ServerResponse
}

interface FastifyLike {
  prefix?: string
  removeAllContentTypeParsers(): void
  addContentTypeParser(type: string, parser: (request: unknown, payload: unknown, done: (error: null) => void) => void): unknown
  all(path: string, handler: (request: { raw: IncomingMessage }, reply: FastifyReply) => void): unknown
}

/** `await app.register(fastifyPlugin(dashboard), { prefix: '/jobs' })` */
export function fastifyPlugin(dashboard: Dashboard): (app: FastifyLike) => Promise<void> {
  return async (app) => {
    // The dashboard reads and bounds bodies itself.
    app.removeAllContentTypeParsers()
    app.addContentTypeParser('*', (_request, _payload, done) => done(null))
    const prefix = app.prefix === undefined || app.prefix === '/' ? undefined : app.prefix
    const handle = (request: { raw: IncomingMessage }, reply: FastifyReply): void => {
      const listener = getRequestListener((asked) => dashboard.handle(asked, { base: prefix, address: request.raw.socket.remoteAddress }), {
        overrideGlobalObjects: false,
      })
      reply.hijack()
      void listener(request.raw, reply.raw)
    }
    app.all('/*', handle)
    app.all('/', handle)
    await Promise.resolve()
  }
}

export interface NextHandlersOptions {
  /** The visitor's address, which Next does not tell: from a header that your proxy sets and overwrites, so that guesses of passwords are counted. */
  address?: (request: Request) => string | null | undefined
}

/** For `app/jobs/[[...path]]/route.ts` of Next: `export const { GET, POST } = nextHandlers(dashboard)`, with `basePath: '/jobs'`. */
export function nextHandlers(
  dashboard: Dashboard,
  { address }: NextHandlersOptions = {},
): Record<'GET' | 'HEAD' | 'POST', (request: Request) => Promise<Response>> {
  const handle = (request: Request): Promise<Response> => dashboard.handle(request, { address: address?.(request) ?? undefined })
  return { GET: handle, HEAD: handle, POST: handle }
}
