import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { expect, it } from 'vitest'
import { withPrivateRedis } from '../support/redis.ts'
import { until } from '../support/stage.ts'
import { root, run, worker } from './program.ts'

const LONG_MS = 150_000

it('web-api: 202 with an id, then progress as server-sent events', { timeout: LONG_MS }, async () => {
  await withPrivateRedis(async ({ url }) => {
    const env = { RQTS_REDIS_URL: url, PORT: '0' }
    const server = run('examples/web-api/server.ts', env)
    const base = await server.says(/(http:\S+)/)
    expect(await (await fetch(base)).text()).toContain('<form')
    expect((await fetch(`${base}/reports`, { method: 'POST', body: '{"customer":7}' })).status).toBe(400)
    expect((await fetch(`${base}/reports/none`)).status).toBe(404)

    const created = await fetch(`${base}/reports`, { method: 'POST', body: JSON.stringify({ customer: 'Ada', months: 30 }) })
    expect(created.status).toBe(202)
    const { id } = (await created.json()) as { id: string }
    expect(created.headers.get('location')).toBe(`/reports/${id}`)

    const events = await fetch(`${base}/reports/${id}/events`)
    // Its head comes with the first event: whoever listens by then misses none of those to come.
    worker(env, 'reports', '--tasks', 'examples/web-api/tasks.ts')
    expect(events.headers.get('content-type')).toBe('text/event-stream')
    const told = await events.text() // ends with the job
    expect(told).toContain('"value":{"month":30,"of":30}')
    expect(told).toContain('month 30 added up')
    expect(told.trimEnd().split('\n\n').at(-1)).toBe('event: end\ndata: {"status":"finished","value":{"customer":"Ada","revenue":139500}}')
    expect(await (await fetch(`${base}/reports/${id}`)).json()).toEqual({
      id,
      status: 'finished',
      result: { customer: 'Ada', revenue: 139_500 },
    })
    expect(await server.end('SIGTERM')).toBe(0)
  })
})

it.each([100, 10_000])('flash-sale: %i buyers, three winners, everybody is told', { timeout: LONG_MS }, async (buyers) => {
  await withPrivateRedis(async ({ url }) => {
    const env = { RQTS_REDIS_URL: url }
    for (let n = 0; n < 2; n++) worker(env, 'sale', '--tasks', 'examples/flash-sale/tasks.ts', '--concurrency', '50')
    const sale = run('examples/flash-sale/sale.ts', env, [String(buyers)])
    expect(await sale.end(), sale.output).toBe(0)
    console.log(sale.output.trim())
    expect(JSON.parse(sale.stdout)).toMatchObject({ buyers, winners: 3, soldOut: buyers - 3 })
  })
})

it('banner-cache: refreshed by schedule, never two at once', { timeout: LONG_MS }, async () => {
  await withPrivateRedis(async ({ url }) => {
    const env = { RQTS_REDIS_URL: url }
    const staff = worker(env, 'banners', '--tasks', 'examples/banner-cache/tasks.ts', '--concurrency', '5')
    const register = run('examples/banner-cache/schedule.ts', env)
    expect(await register.end(), register.output).toBe(0)
    await until('three refreshes have ended', () => staff.output.split('refresh ends').length > 3, 60_000)
    const steps = [...staff.output.matchAll(/refresh (begins|ends) (\S+)/g)]
    // Begin and end take turns, and both are of the same job.
    steps.forEach(([, what, id], at) => {
      expect(what).toBe(at % 2 === 0 ? 'begins' : 'ends')
      if (what === 'ends') expect(id).toBe(steps[at - 1]![2])
    })
    const visitor = new Redis(url)
    expect(JSON.parse((await visitor.get('banner'))!)).toMatchObject({ text: 'Three days left' })
    visitor.disconnect()
  })
})

it('mails: one per key, though the provider is asked twice and answers once', { timeout: LONG_MS }, async () => {
  const sent = new Map<string, string>()
  let requests = 0
  const provider = createServer((request, response) => {
    requests++
    const key = String(request.headers['idempotency-key'])
    const known = sent.get(key)
    if (known === undefined) sent.set(key, `message-${sent.size + 1}`)
    // Of each mail the first answer gets lost: the mail is out, and its sender does not know.
    if (known === undefined) response.destroy()
    else response.setHeader('content-type', 'application/json').end(JSON.stringify({ messageId: known }))
  })
  await new Promise<void>((resolve) => provider.listen(0, '127.0.0.1', resolve))
  try {
    await withPrivateRedis(async ({ url }) => {
      const env = { RQTS_REDIS_URL: url, MAIL_API: `http://127.0.0.1:${(provider.address() as AddressInfo).port}/mails` }
      worker(env, 'mails', '--tasks', 'examples/mails/tasks.ts')
      const app = run('examples/mails/app.ts', env)
      expect(await app.end(), app.output).toBe(0)
      expect([...sent.keys()].sort()).toEqual(['welcome-1', 'welcome-2', 'welcome-3'])
      // A request that takes too long is made once more.
      expect(requests).toBeGreaterThanOrEqual(6)
      for (const message of sent.values()) expect(app.output).toContain(message)
    })
  } finally {
    provider.close()
  }
})

it('types-only: a package that has the types of the tasks, and none of their code', { timeout: LONG_MS }, async () => {
  const home = mkdtempSync(join(tmpdir(), 'rqts-shop-'))
  try {
    cpSync(join(root, 'examples/types-only/shop'), join(home, 'shop'), { recursive: true })
    mkdirSync(join(home, 'node_modules'))
    symlinkSync(root, join(home, 'node_modules', 'rqts'))
    await withPrivateRedis(async ({ url }) => {
      const env = { RQTS_REDIS_URL: url }
      const staff = worker(env, 'billing', '--tasks', 'examples/types-only/jobs/tasks.ts')
      const shop = run(join(home, 'shop/app.ts'), env, [], home)
      expect(await shop.end(), shop.output).toBe(0)
      expect(shop.output).toMatch(/^invoice [0-9a-f]{8}, due 2030-01-31$/m)
      expect(shop.output).not.toContain('tasks loaded')
      await staff.says('tasks loaded')
    })
  } finally {
    rmSync(home, { recursive: true, force: true })
  }
})
