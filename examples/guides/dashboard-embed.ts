import { createServer } from 'node:http'
import { createDashboard, nodeHandler } from 'rqts/dashboard'

/** Whatever tells your users apart. */
declare function userOf(request: Request): { name: string; admin: boolean } | undefined

// #region embed
const dashboard = createDashboard({
  basePath: '/jobs',
  environment: 'production',
  authorize(request) {
    const user = userOf(request)
    if (user === undefined) return 'none'
    return { access: user.admin ? 'write' : 'read', user: user.name }
  },
  redact: {
    keys: /password|secret|token|iban/i,
    value: (value, { task, part }) => (task === 'payroll' && part === 'result' ? 'hidden' : value),
  },
})
createServer(nodeHandler(dashboard)).listen(3000)

// #endregion

// #region mounts
import { fastifyPlugin, nextHandlers } from 'rqts/dashboard'

declare const express: { use(path: string, handler: ReturnType<typeof nodeHandler>): void }
declare const fastify: { register(plugin: ReturnType<typeof fastifyPlugin>, options: { prefix: string }): Promise<void> }
declare const hono: { all(path: string, handler: (c: { req: { raw: Request } }) => Promise<Response>): void }

express.use('/jobs', nodeHandler(dashboard))
await fastify.register(fastifyPlugin(dashboard), { prefix: '/jobs' })
hono.all('/jobs/*', (c) => dashboard.fetch(c.req.raw)) // with basePath: '/jobs'
export const { GET, POST } = nextHandlers(dashboard) // app/jobs/[[...path]]/route.ts, with basePath: '/jobs'
// #endregion
