import { createServer } from 'node:http'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createDashboard, nodeHandler } from '../../lib/dashboard/index.ts'
import { task } from '../../lib/index.ts'
import { silentLogger } from '../../lib/logger.ts'
import { Store } from '../../lib/store/store.ts'
import { withPrivateRedis } from '../support/redis.ts'
import { gate, until } from '../support/stage.ts'
import { board, eventsOf, next } from './support.ts'

const add = task('add', (a: number, b: number) => a + b)

/** Calls of the script that counts a queue, by everybody: what the sampler costs. */
async function looks(store: Store): Promise<number> {
  const info = String(await store.client.call('INFO', 'commandstats'))
  return Number(/cmdstat_smembers:calls=(\d+)/.exec(info)?.[1] ?? 0)
}

describe('the stream', () => {
  it('tells the overview at once and whenever it is looked at', async () => {
    const b = await board({ sampleMs: 250 })
    await b.queue().enqueue(add, [1, 2])
    const events = eventsOf(await b.ask('/api/stream'))
    expect(await next(events, 'redis')).toEqual({ up: true, message: null, code: null })
    expect((await next(events, 'overview')).totals.queued).toBe(1)
    await b.queue().enqueue(add, [3, 4])
    await next(events, 'overview', ({ totals }) => totals.queued === 2)
    await events.return(undefined)
  })

  it('looks once for all tabs, and not at all when the last has gone', async () => {
    // A server of its own, where nobody else's looks are counted.
    await withPrivateRedis(async (server) => {
      const store = new Store({ connection: server.url })
      const dashboard = createDashboard({ connection: server.url, sampleMs: 250, logger: silentLogger })
      onTestFinished(async () => void (await Promise.all([store.close(), dashboard.close()])))
      const open = async () => eventsOf(await dashboard.fetch(new Request('http://localhost/api/stream')))
      const tabs = await Promise.all(Array.from({ length: 20 }, open))
      for (const tab of tabs) await next(tab, 'overview')
      const before = await looks(store)
      let seen = 0
      for (let i = 0; i < 4; i++, seen++) await next(tabs[0]!, 'overview')
      // One look reads the names of queues once; twenty tabs would be twenty.
      expect((await looks(store)) - before).toBeLessThanOrEqual(3 * seen)
      for (const tab of tabs) await tab.return(undefined)
      // A look that was under way may still end; then it is quiet.
      let last = -1
      await until('nobody looks any more', async () => {
        await new Promise((resolve) => setTimeout(resolve, 600))
        const now = await looks(store)
        const quiet = now === last
        last = now
        return quiet
      })
    })
  })

  it('opens no stream for a HEAD, however many come', async () => {
    const b = await board({ sampleMs: 250 })
    for (let i = 0; i < 250; i++) {
      const head = await b.dashboard.fetch(new Request('http://localhost/api/stream', { method: 'HEAD' }))
      expect([head.status, head.headers.get('content-type'), await head.text()]).toEqual([200, 'text/event-stream; charset=utf-8', ''])
    }
    const events = eventsOf(await b.ask('/api/stream'))
    await next(events, 'overview')
    await events.return(undefined)
  })

  it('follows a job: its state, its progress and its log lines', async () => {
    const b = await board({ sampleMs: 250 })
    const held = gate()
    const chatty = task('chatty', async function () {
      await this.log('first')
      await this.progress(50)
      await held.promise
      await this.log('second')
    })
    const job = await b.queue().enqueue(chatty, [])
    const events = eventsOf(await b.ask(`/api/stream?job=default/${job.id}`))
    expect((await next(events, 'job'))?.state).toBe('queued')
    const running = b.worker('default', { tasks: [chatty] }).run()
    await next(events, 'job', (detail) => detail?.progress === 50)
    held.open()
    expect(await next(events, 'logs', ({ lines }) => lines.includes('second'))).toMatchObject({ lines: expect.arrayContaining(['second']) })
    await b.post('POST /worker/pause', { name: '*' })
    await events.return(undefined)
    await b.post('POST /worker/resume', { name: '*' })
    void running
  })

  it('tells new log lines also when old ones go for them, each once', async () => {
    const b = await board({ sampleMs: 250 })
    const [begun, more] = [gate(), gate()]
    const chatty = task('chatty', async function () {
      await Promise.all(Array.from({ length: 1_003 }, (_, i) => this.log(`line ${i}`)))
      begun.open()
      await more.promise
      for (const i of [1_003, 1_004]) await this.log(`line ${i}`)
    })
    const job = await b.queue().enqueue(chatty, [])
    const running = b.worker('default', { tasks: [chatty], burst: true }).run()
    await begun.promise
    const events = eventsOf(await b.ask(`/api/stream?job=default/${job.id}`))
    const told: string[] = []
    const hear = async (upTo: number): Promise<void> => {
      while (told.length < upTo) {
        const { from, lines } = await next(events, 'logs')
        expect(from).toBe(told.length === 0 ? 3 : 3 + told.length)
        told.push(...lines)
      }
    }
    await hear(1_000)
    more.open()
    await hear(1_002)
    expect(told).toEqual(Array.from({ length: 1_002 }, (_, i) => `line ${i + 3}`))
    await events.return(undefined)
    await running
    const { id } = job
    expect((await b.get('GET /job', { id })).logCount).toBe(1_005)
    expect(await b.get('GET /job/logs', { id, from: 1_004 })).toEqual({ lines: ['line 1004'], from: 1_004, total: 1_005 })
    const { lines, from } = await b.get('GET /job/logs', { id })
    expect([from, lines.length, lines[0]]).toEqual([5, 1_000, 'line 5'])
  })

  it('tells how far a bulk action is', async () => {
    const b = await board({ sampleMs: 250 })
    await b.queue().enqueueMany(Array.from({ length: 50 }, (_, i) => [add, [i, i]] as const))
    const events = eventsOf(await b.ask('/api/stream'))
    await next(events, 'overview')
    const { id } = await b.post('POST /bulk', { action: 'cancel', q: 'state:queued' })
    expect(await next(events, 'bulk', ({ state }) => state === 'done')).toMatchObject({ id, done: 50, total: 50 })
    await events.return(undefined)
  })

  it('says that Redis is away, and heals by itself', async () => {
    await withPrivateRedis(async (server) => {
      const dashboard = createDashboard({ connection: server.url, sampleMs: 250, logger: silentLogger })
      onTestFinished(() => dashboard.close())
      const events = eventsOf(await dashboard.fetch(new Request('http://localhost/api/stream')))
      await next(events, 'redis', ({ up }) => up)
      await server.kill()
      const { message } = await next(events, 'redis', ({ up }) => !up)
      expect(message).toMatch(/^Cannot reach Redis/)
      expect((await dashboard.fetch(new Request('http://localhost/api/overview'))).status).toBe(503)
      // The page itself needs no Redis.
      expect((await dashboard.fetch(new Request('http://localhost/'))).status).toBe(200)
      await server.restart()
      await next(events, 'redis', ({ up }) => up)
      await next(events, 'overview')
      await events.return(undefined)
    })
  }, 120_000)

  it('ends with the dashboard', async () => {
    const b = await board()
    const events = eventsOf(await b.ask('/api/stream'))
    await next(events, 'overview')
    await b.dashboard.close()
    for await (const event of events) expect(event.event).toBeTypeOf('string')
    expect((await b.ask('/api/stream')).status).toBe(503)
  })
})

describe('mounted', () => {
  async function serve(handler: (request: never, response: never) => void): Promise<string> {
    const server = createServer(handler as never)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => {
      server.closeAllConnections()
      server.close()
    })
    return `http://127.0.0.1:${(server.address() as { port: number }).port}`
  }

  it("in Node's http server, with bodies, streams and their end", async () => {
    const b = await board({ sampleMs: 250 })
    const url = await serve(nodeHandler(b.dashboard) as never)
    const made = await fetch(`${url}/api/enqueue`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"queue":"default","task":"add","args":[1,2]}',
    })
    expect(made.status).toBe(200)
    expect(await b.queue().count()).toBe(1)
    const abort = new AbortController()
    const events = eventsOf(await fetch(`${url}/api/stream`, { signal: abort.signal }))
    expect((await next(events, 'overview')).totals.queued).toBe(1)
    abort.abort()
    await expect(events.next()).rejects.toThrow()
  })

  it('at a base path, behind a proxy that keeps it and under Express, which cuts it off', async () => {
    const b = await board({ basePath: '/jobs' })
    const html = async (path: string) => (await b.ask(path)).text()
    expect(await html('/jobs/')).toContain('<base href="/jobs/">')
    expect(await html('/jobs/job/x')).toContain('<base href="/jobs/">')
    expect((await b.ask('/jobs/api/session')).status).toBe(200)
    const redirect = await b.ask('/jobs?x=1')
    expect([redirect.status, redirect.headers.get('location')]).toEqual([308, '/jobs/?x=1'])
    const express = nodeHandler((await board()).dashboard)
    // What Express does to a request of `app.use('/admin/jobs', handler)`.
    const url = await serve(((request: { url: string; originalUrl?: string; baseUrl?: string }, response: never) => {
      request.originalUrl = request.url
      request.baseUrl = '/admin/jobs'
      request.url = request.url.slice('/admin/jobs'.length) || '/'
      express(request as never, response)
    }) as never)
    expect(await (await fetch(`${url}/admin/jobs/`)).text()).toContain('<base href="/admin/jobs/">')
    expect((await fetch(`${url}/admin/jobs/api/session`)).status).toBe(200)
    expect((await fetch(`${url}/admin/jobs`)).url).toBe(`${url}/admin/jobs/`)
  })
})
