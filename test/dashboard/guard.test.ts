import { describe, expect, it } from 'vitest'
import { createDashboard, type DashboardOptions } from '../../lib/dashboard/index.ts'
import { ROUTE_NAMES } from '../../lib/dashboard/openapi.ts'
import { task } from '../../lib/index.ts'
import { createLogger } from '../../lib/logger.ts'
import { until } from '../support/stage.ts'
import { type Board, board, ORIGIN } from './support.ts'

const add = task('add', (a: number, b: number) => a + b)
const AUTH = { user: 'ann', password: 'right-password' }
const basic = (user: string, password: string): string => `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
const SAME = { 'content-type': 'application/json', 'sec-fetch-site': 'same-origin' }
/** Every address there is: the routes, the stream, the metrics, the page and its files. */
const PATHS: (readonly [method: string, path: string])[] = [
  ...ROUTE_NAMES.map((route) => [route.split(' ')[0]!, `/api${route.split(' ')[1]!}`] as const),
  ...['/api/stream', '/api/openapi.json', '/api/nothing', '/metrics', '/', '/jobs', '/icon.svg', '/assets/main.js'].map(
    (path) => ['GET', path] as const,
  ),
]

async function statuses(b: Board, headers: Record<string, string>): Promise<Set<number>> {
  const found = new Set<number>()
  for (const [method, path] of PATHS) {
    const response = await b.ask(path, { method, headers: { ...SAME, ...headers }, ...(method === 'POST' && { body: '{}' }) })
    found.add(response.status)
    await response.body?.cancel()
  }
  return found
}

describe('who may enter', () => {
  it('may guess ten times a minute from one address, whatever the way in', async () => {
    const b = await board({ auth: AUTH })
    const enter = (address: string | undefined, password?: string) =>
      b.dashboard.handle(
        new Request(`${ORIGIN}/api/session`, password === undefined ? {} : { headers: { authorization: basic('ann', password) } }),
        { address },
      )
    const from = async (address: string | undefined, password?: string) => (await enter(address, password)).status
    // An outdated password sent again and again is one guess, none at all is none.
    for (let i = 0; i < 12; i++) expect([await from('10.0.0.1'), await from('10.0.0.1', 'the-old-one')]).toEqual([401, 401])
    for (let i = 1; i < 10; i++) expect(await from('10.0.0.1', `guess-${i}`)).toBe(401)
    const refused = await enter('10.0.0.1', 'right-password')
    expect(refused.status).toBe(429)
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(await from('10.0.0.2', 'right-password')).toBe(200)
    const token = await board({ auth: { token: 'a-long-token' } })
    const ask = async (query: string) =>
      (await token.dashboard.handle(new Request(`${ORIGIN}/?token=${query}`), { address: '10.0.0.1' })).status
    for (let i = 0; i < 10; i++) expect(await ask(`guess-${i}`)).toBe(401)
    expect(await ask('a-long-token')).toBe(429)
  })

  it('with no password set, a forged name lets nobody in who comes from another machine', async () => {
    const b = await board()
    const from = async (address: string | undefined) =>
      (await b.dashboard.handle(new Request(`${ORIGIN}/api/session`, { headers: { host: 'localhost:9181' } }), { address })).status
    for (const here of ['127.0.0.1', '127.0.1.1', '::1', '::ffff:127.0.0.1', undefined]) expect(await from(here), here).toBe(200)
    for (const elsewhere of ['10.0.0.1', '2001:db8::1', '::ffff:10.0.0.1', '127.evil', ''])
      expect(await from(elsewhere), elsewhere).toBe(403)
    const open = await board({ hosts: ['*'] })
    expect((await open.dashboard.handle(new Request(`${ORIGIN}/api/session`), { address: '10.0.0.1' })).status).toBe(200)
  })

  it('without or with a wrong password every address says 401, the stream and files too', async () => {
    const b = await board({ auth: AUTH })
    for (const authorization of [
      '',
      'Basic',
      'Basic !!!',
      basic('ann', 'wrong'),
      basic('', ''),
      basic('ann', 'right-password '),
      'Bearer right-password',
    ]) {
      expect(await statuses(b, authorization === '' ? {} : { authorization })).toEqual(new Set([401]))
    }
    expect((await b.ask('/')).headers.get('www-authenticate')).toMatch(/^Basic /)
    expect((await b.ask('/', { headers: { authorization: basic('ann', 'right-password') } })).status).toBe(200)
  })

  it('a token comes as a bearer, or once in the address, which makes it a cookie', async () => {
    const b = await board({ auth: { token: 'a-long-token' } })
    expect(await statuses(b, {})).toEqual(new Set([401]))
    expect(await statuses(b, { cookie: 'rqts_token=a-long-token' })).toEqual(new Set([401]))
    expect((await b.ask('/?token=wrong-token')).status).toBe(401)
    expect((await b.ask('/api/session', { headers: { authorization: 'Bearer a-long-token' } })).status).toBe(200)
    const login = await b.ask('/jobs?token=a-long-token&q=x')
    expect(login.status).toBe(303)
    expect(login.headers.get('location')).toBe('./jobs?q=x')
    const cookie = login.headers.get('set-cookie')!
    expect(cookie).toMatch(/HttpOnly; SameSite=Strict/)
    expect(cookie).not.toContain('a-long-token')
    expect((await b.ask('/api/session', { headers: { cookie: cookie.split(';')[0]! } })).status).toBe(200)
  })

  it('authorize decides, and what it does not clearly allow is refused', async () => {
    const answers: Record<string, unknown> = {
      none: 'none',
      read: 'read',
      write: { access: 'write', user: 'bob' },
      odd: 'yes',
      nothing: undefined,
    }
    const b = await board({ authorize: (request) => answers[request.headers.get('x-role') ?? 'nothing'] as never })
    for (const role of ['none', 'odd', 'nothing']) expect(await statuses(b, { 'x-role': role })).toEqual(new Set([401]))
    const session = async (role: string) => (await b.ask('/api/session', { headers: { 'x-role': role } })).json()
    expect(await session('read')).toMatchObject({ access: 'read' })
    expect(await session('write')).toMatchObject({ access: 'write' })
    const pause = (role: string) =>
      b.ask('/api/queue/pause', { method: 'POST', headers: { ...SAME, 'x-role': role }, body: '{"queue":"default"}' })
    expect((await pause('read')).status).toBe(403)
    expect((await pause('write')).status).toBe(200)
  })

  it('a hook that throws lets nobody in', async () => {
    const b = await board({
      authorize: () => {
        throw new Error('the session store is away: redis://user:secret@host')
      },
    })
    const response = await b.ask('/api/session')
    expect(response.status).toBe(500)
    expect(await response.text()).not.toContain('secret')
  })
})

describe('who may change things', () => {
  it('nobody, when it is read-only: every route that changes says 403 and Redis stays as it was', async () => {
    const b = await board({ readOnly: true })
    const job = await b.queue().enqueue(add, [1, 2])
    for (const route of ROUTE_NAMES.filter((name) => name.startsWith('POST'))) {
      const body = JSON.stringify({ queue: 'default', id: job.id, name: 'x', action: 'delete', q: 'state:queued', task: 'add' })
      const response = await b.ask(`/api${route.slice(5)}`, { method: 'POST', headers: SAME, body })
      expect(response.status).toBe(403)
      expect(await response.json()).toMatchObject({ error: { code: 'RQTS_READ_ONLY' } })
    }
    expect((await b.get('GET /session')).access).toBe('read')
    expect(await b.queue().count()).toBe(1)
  })

  it('no page of another origin (CSRF)', async () => {
    const b = await board()
    const post = (headers: Record<string, string>, body = '{"queue":"default"}') =>
      b.ask('/api/queue/pause', { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body })
    for (const site of ['cross-site', 'same-site', 'none', 'nonsense']) expect((await post({ 'sec-fetch-site': site })).status).toBe(403)
    for (const origin of ['http://evil.example', 'null', 'http://localhost:9999', 'http://localhost.evil.example:9181', 'nonsense']) {
      expect((await post({ origin })).status).toBe(403)
    }
    // A browser that says both is believed in what no page can set.
    expect((await post({ 'sec-fetch-site': 'cross-site', origin: ORIGIN })).status).toBe(403)
    expect((await post({ origin: ORIGIN })).status).toBe(200)
    expect((await post({})).status).toBe(200)
  })

  it('no form: only JSON is read, and nothing changes by a GET', async () => {
    const b = await board()
    for (const type of ['application/x-www-form-urlencoded', 'text/plain', 'multipart/form-data', 'text/plain; application/json', '']) {
      const headers = { 'sec-fetch-site': 'same-origin', 'content-type': type }
      expect((await b.ask('/api/queue/pause', { method: 'POST', headers, body: '{"queue":"default"}' })).status).toBe(415)
    }
    for (const route of ROUTE_NAMES.filter((name) => name.startsWith('POST') && name !== 'POST /bulk')) {
      expect((await b.ask(`/api${route.slice(5)}?queue=default&id=x&name=x`)).status).toBe(404)
    }
    for (const method of ['PUT', 'DELETE', 'PATCH', 'OPTIONS']) {
      const response = await b.ask('/api/queue/pause', { method, headers: SAME })
      expect(response.status).toBeGreaterThanOrEqual(400)
      expect(response.headers.get('access-control-allow-origin')).toBeNull()
    }
  })

  it('is told to the log: who, what and how much', async () => {
    const lines: string[] = []
    const logger = createLogger({ format: 'json', stream: { write: (text) => lines.push(text) } })
    const b = await board({ auth: AUTH, logger })
    const headers = { ...SAME, authorization: basic('ann', 'right-password') }
    const post = (path: string, body: object) => b.ask(path, { method: 'POST', headers, body: JSON.stringify(body) })
    await b.queue().enqueueMany([
      [add, [1, 2]],
      [add, [3, 4]],
    ])
    await post('/api/queue/empty', { queue: 'default' })
    await b.queue().enqueue(add, [1, 2])
    await post('/api/bulk', { action: 'delete', q: 'state:queued' })
    await until('the bulk action is told', () => lines.some((line) => line.includes('has ended')))
    expect(lines[0]).toContain('"user":"ann"')
    expect(JSON.parse(lines[0]!)).toMatchObject({ msg: 'dashboard: empty queue', queue: 'default', deleted: 2 })
    expect(JSON.parse(lines.at(-1)!)).toMatchObject({ user: 'ann', action: 'delete', done: 1, total: 1 })
    expect(lines.join('')).not.toContain('right-password')
  })
})

describe('under which name', () => {
  const under = async (b: Board, host: string, headers: Record<string, string> = {}) =>
    (await b.dashboard.fetch(new Request(`http://${host}/api/session`, { headers: { host, ...headers } }))).status

  it('without a password only under the names of this machine (DNS rebinding)', async () => {
    const b = await board()
    for (const host of ['localhost', 'localhost:9181', '127.0.0.1:80', '[::1]:9181', 'LOCALHOST']) expect(await under(b, host)).toBe(200)
    for (const host of ['evil.example', 'localhost.evil.example', '10.0.0.5:9181', 'evil.example:9181'])
      expect(await under(b, host)).toBe(403)
    expect(await under(b, 'evil.example', { 'x-forwarded-host': 'localhost' })).toBe(403)
  })

  it('under those that are named, with a password under any', async () => {
    const named = await board({ hosts: ['Jobs.Example.com'] })
    expect(await under(named, 'jobs.example.com:8080')).toBe(200)
    expect(await under(named, 'localhost')).toBe(403)
    expect(await under(await board({ auth: AUTH }), 'jobs.example.com', { authorization: basic('ann', 'right-password') })).toBe(200)
    expect(await under(await board({ hosts: ['*'] }), 'anything.example')).toBe(200)
  })
})

describe('every answer', () => {
  it('keeps browsers from framing, sniffing, caching and running what is not ours', async () => {
    const b = await board()
    for (const path of ['/', '/api/overview', '/api/nothing', '/metrics', '/api/job?id=nobody']) {
      const { headers } = await b.ask(path)
      const policy = headers.get('content-security-policy')!
      expect(policy).toMatch(/default-src 'none'; script-src 'self' 'nonce-[A-Za-z0-9+/=]{24}'/)
      expect(policy).toContain("frame-ancestors 'none'")
      expect(policy).not.toMatch(/unsafe-inline|unsafe-eval|\*|https?:/)
      expect(headers.get('x-content-type-options')).toBe('nosniff')
      expect(headers.get('cache-control')).toBe('no-store')
      expect(headers.get('referrer-policy')).toBe('no-referrer')
    }
    const nonce = async () => /nonce-([^']+)/.exec((await b.ask('/')).headers.get('content-security-policy')!)![1]
    expect(await nonce()).not.toBe(await nonce())
    const page = await b.ask('/')
    const [, own] = /nonce-([^']+)/.exec(page.headers.get('content-security-policy')!)!
    const html = await page.text()
    for (const [tag] of html.matchAll(/<script[^>]*>/g)) expect(tag).toContain(`nonce="${own}"`)
    expect(html).not.toMatch(/<script[^>]*>[^<]/)
    expect(html).not.toMatch(/ on\w+=/)
  })

  it('of a job is JSON, whatever its names hold', async () => {
    const b = await board()
    await b.queue().enqueue(add, [1, 2], { description: '<script>alert(1)</script>', tags: ['x'] })
    const response = await b.ask('/api/jobs?q=%3Cscript%3E')
    expect(response.headers.get('content-type')).toBe('application/json')
    expect(((await response.json()) as { total: number }).total).toBe(1)
  })

  it('serves no file but its own', async () => {
    const b = await board()
    for (const path of [
      '/assets/..%2f..%2fpackage.json',
      '/assets/%2e%2e/index.js',
      '/assets/index.html',
      '/..%2findex.js',
      '/assets/.env',
      '/assets/x.ts',
    ]) {
      const response = await b.ask(path)
      expect(await response.text()).not.toMatch(/"dependencies"|createDashboard/)
    }
  })
})

describe('what is asked', () => {
  it('is bounded and checked, field by field', async () => {
    const b = await board()
    const long = 'x'.repeat(5_000)
    const bad = [
      'jobs?limit=0',
      'jobs?limit=1e9',
      'jobs?limit=-1',
      'jobs?limit=x',
      `jobs?q=${long}`,
      `jobs?cursor=${long}`,
      'job?id=..%2F..',
      'job',
      'job?id=a&queue=%7Bx%7D',
      'job/logs?id=a&from=-1',
      'job/logs?id=a&from=9999999999',
      'job/download?id=a&part=token',
      'stats?range=99y',
      `stats?queue=${long}`,
      'errors?since=forever',
      'errors/detail',
      'schedule?name=%00',
      `bulk?id=${long}`,
      'stream?job=x',
      'stream?job=%7B/a',
    ]
    for (const path of bad) expect([path, (await b.ask(`/api/${path}`)).status]).toEqual([path, 400])
    const post = async (path: string, body: string) => (await b.ask(`/api/${path}`, { method: 'POST', headers: SAME, body })).status
    for (const body of [
      '',
      'x',
      '[]',
      'null',
      '"text"',
      '{"queue":5}',
      '{"queue":["a"]}',
      '{"queue":{"toString":"x"}}',
      '{"__proto__":{"queue":"default"}}',
    ]) {
      expect([body, await post('queue/pause', body)]).toEqual([body, 400])
    }
    expect(await post('queue/pause', JSON.stringify({ queue: 'x'.repeat(5_000_000) }))).toBe(413)
    expect(await post('worker/concurrency', '{"name":"w","value":1000000}')).toBe(400)
    expect(await post('worker/stop', '{"name":"*"}')).toBe(400)
    expect(await post('job/copy', `{"id":"a","queue":"q","args":${JSON.stringify(Array.from({ length: 1_001 }, () => 1))}}`)).toBe(400)
  })

  it('of a search is answered in time, however odd it is', async () => {
    const b = await board()
    await b.queue().enqueueMany(Array.from({ length: 500 }, () => [add, [1, 2], { description: 'a'.repeat(500) }] as const))
    const odd = [
      `task:${'*a'.repeat(200)}b`,
      `"${'a'.repeat(900)}`,
      `${'a:'.repeat(400)}`,
      '(a+)+$ [[[',
      `error:${'a'.repeat(900)}`,
      'id:* task:* queue:*',
    ]
    for (const q of odd) expect((await b.ask(`/api/jobs?q=${encodeURIComponent(q)}`)).status).toBe(200)
  })

  it('a short password is taken, and its owner warned', async () => {
    const lines: string[] = []
    const logger = createLogger({ format: 'json', stream: { write: (text) => lines.push(text) } })
    const b = await board({ auth: { user: 'user', password: 'pass' }, logger })
    expect(lines.map((line) => JSON.parse(line) as object)).toMatchObject([{ level: 'warn', user: 'user' }])
    expect(lines[0]).not.toContain('"pass"')
    expect((await b.ask('/', { headers: { authorization: basic('user', 'pass') } })).status).toBe(200)
    expect((await b.ask('/', { headers: { authorization: basic('user', 'past') } })).status).toBe(401)
  })

  it('wrong options are refused when the dashboard is made', () => {
    const wrong: unknown[] = [
      { auth: { user: 'a', password: '' } },
      { auth: 'a:long-enough' },
      { auth: { user: '', password: 'long-enough' } },
      { auth: { user: 'a:b', password: 'long-enough' } },
      { auth: { token: 'short' } },
      { basePath: 'jobs' },
      { basePath: '/"><script>' },
      { sampleMs: 1 },
      { readonly: true },
    ]
    for (const options of wrong)
      expect(() => createDashboard(options as DashboardOptions)).toThrowError(expect.objectContaining({ code: 'RQTS_BAD_OPTION' }))
  })
})
