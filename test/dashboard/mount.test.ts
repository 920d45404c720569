import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import express from 'express'
import { fastify } from 'fastify'
import { Hono } from 'hono'
import { describe, expect, it, onTestFinished } from 'vitest'
import { fastifyPlugin, nextHandlers, nodeHandler } from '../../lib/dashboard/index.ts'
import { type Board, board, eventsOf, next, ORIGIN } from './support.ts'

async function listen(listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** What every mount has to do: the page knows its path, bodies arrive, the stream streams and ends, other routes are left alone. */
async function works(b: Board, url: string): Promise<void> {
  expect(await (await fetch(`${url}/jobs/`)).text()).toContain('<base href="/jobs/">')
  expect((await fetch(`${url}/jobs`)).url).toBe(`${url}/jobs/`)
  expect(await (await fetch(`${url}/jobs/api/session`)).json()).toMatchObject({ access: 'write' })
  expect((await fetch(`${url}/jobs/api/nothing`)).status).toBe(404)
  const made = await fetch(`${url}/jobs/api/enqueue`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ queue: 'mail', task: 'send', args: ['x'.repeat(200_000)] }),
  })
  expect(made.status).toBe(200)
  expect(await b.queue('mail').count()).toBe(1)
  const leave = new AbortController()
  const events = eventsOf(await fetch(`${url}/jobs/api/stream`, { signal: leave.signal }))
  expect((await next(events, 'overview')).totals.queued).toBe(1)
  leave.abort()
  await expect(events.next()).rejects.toThrow()
  expect((await fetch(`${url}/jobs/api/stream`, { method: 'HEAD' })).status).toBe(200)
  expect(await (await fetch(`${url}/other`)).text()).toBe('mine')
}

const AUTH = { user: 'ann', password: 'opensesame' }

/** Ten wrong passwords of one address, then not even the right one. */
async function countsGuesses(ask: (headers: Record<string, string>) => Promise<Response>): Promise<void> {
  const status = async (password: string): Promise<number> =>
    (await ask({ authorization: `Basic ${Buffer.from(`ann:${password}`).toString('base64')}` })).status
  for (let i = 0; i < 10; i++) expect(await status(`guess-${i}`)).toBe(401)
  expect(await status(AUTH.password)).toBe(429)
}

describe('mounted', () => {
  it('in Express', async () => {
    const b = await board({ sampleMs: 250 })
    const guarded = await board({ auth: AUTH })
    const app = express()
    app.use('/jobs', nodeHandler(b.dashboard))
    app.use('/guarded', nodeHandler(guarded.dashboard))
    app.get('/other', (_, response) => void response.send('mine'))
    const url = await listen(app)
    await works(b, url)
    await countsGuesses((headers) => fetch(`${url}/guarded/api/session`, { headers }))
  })

  it('in Fastify, whose own parsers stay as they are', async () => {
    const b = await board({ sampleMs: 250 })
    const guarded = await board({ auth: AUTH })
    const app = fastify()
    await app.register(fastifyPlugin(b.dashboard), { prefix: '/jobs' })
    await app.register(fastifyPlugin(guarded.dashboard), { prefix: '/guarded' })
    app.get('/other', () => 'mine')
    app.post('/other', (request) => request.body)
    const url = await app.listen({ port: 0, host: '127.0.0.1' })
    onTestFinished(async () => {
      app.server.closeAllConnections()
      await app.close()
    })
    await works(b, url)
    const echo = await fetch(`${url}/other`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"a":1}' })
    expect(await echo.json()).toEqual({ a: 1 })
    await countsGuesses((headers) => fetch(`${url}/guarded/api/session`, { headers }))
  })

  it('in Hono', async () => {
    const b = await board({ sampleMs: 250, basePath: '/jobs' })
    const app = new Hono()
    app.get('/other', (c) => c.text('mine'))
    app.all('/jobs/*', (c) => b.dashboard.fetch(c.req.raw))
    app.all('/jobs', (c) => b.dashboard.fetch(c.req.raw))
    const listener = getRequestListener(app.fetch)
    await works(b, await listen((request, response) => void listener(request, response)))
  })

  it('in Next, as route handlers that get a request and the parameters of the path', async () => {
    const b = await board({ sampleMs: 250, basePath: '/jobs' })
    const handlers = nextHandlers(b.dashboard) as Record<string, (request: Request, context: object) => Promise<Response>>
    const route = (method: string, path: string[], init: RequestInit = {}): Promise<Response> =>
      handlers[method]!(new Request(`${ORIGIN}/jobs/${path.join('/')}`, { method, ...init }), { params: Promise.resolve({ path }) })
    expect(await (await route('GET', [])).text()).toContain('<base href="/jobs/">')
    const body = JSON.stringify({ queue: 'mail', task: 'send', args: [] })
    expect((await route('POST', ['api', 'enqueue'], { body, headers: { 'content-type': 'application/json' } })).status).toBe(200)
    const events = eventsOf(await route('GET', ['api', 'stream']))
    expect((await next(events, 'overview')).totals.queued).toBe(1)
    await events.return(undefined)
    expect(await (await route('HEAD', ['api', 'stream'])).text()).toBe('')
    const guarded = await board({ auth: AUTH })
    const { GET } = nextHandlers(guarded.dashboard, { address: (request) => request.headers.get('x-real-ip') })
    const from = (address: string) => (headers: Record<string, string>) =>
      GET(new Request(`${ORIGIN}/api/session`, { headers: { ...headers, 'x-real-ip': address } }))
    await countsGuesses(from('10.0.0.1'))
    await countsGuesses(from('10.0.0.2'))
  })

  it('where a runtime gives more than the request: Bun its server, Workers their environment and context', async () => {
    const b = await board()
    const fetched = b.dashboard.fetch as (...given: unknown[]) => Promise<Response>
    for (const more of [
      [{ hostname: 'bun', requestIP: () => null }],
      [{ base: '/evil', address: '1.2.3.4' }, { waitUntil: () => undefined }],
      ['/evil', 'x'],
    ]) {
      const page = await fetched(new Request(`${ORIGIN}/`), ...more)
      expect([page.status, (await page.text()).includes('evil')]).toEqual([200, false])
    }
  })
})
