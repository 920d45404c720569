import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { describe, expect, it, onTestFinished } from 'vitest'
import { MAIN } from '../cli/cli.ts'
import { testPrefix, testRedisUrl } from '../support/redis.ts'

async function start(args: string[], env: Record<string, string> = {}) {
  const child = spawn(process.execPath, [MAIN, 'dashboard', '--port', '0', ...args], {
    env: { ...process.env, RQTS_REDIS_URL: await testRedisUrl(), RQTS_PREFIX: testPrefix(), ...env },
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  let stderr = ''
  child.stderr.on('data', (text) => (stderr += text))
  const line = await Promise.race([
    once(createInterface(child.stdout), 'line').then(([text]) => String(text)),
    // Not 'exit', after which the last words may still be on their way.
    once(child, 'close').then(() => ''),
  ])
  return { child, line, url: /http:\S+/.exec(line)?.[0] ?? '', stderr: () => stderr }
}

describe('rqts dashboard', () => {
  it('listens on this machine only, and ends with Ctrl-C', async () => {
    const { child, url } = await start([])
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/)
    expect((await fetch(`${url}api/session`)).status).toBe(200)
    expect(await (await fetch(url)).text()).toContain('src="./assets/')
    child.kill('SIGINT')
    expect(await once(child, 'exit')).toEqual([0, null])
  })

  it('refuses an address that others can reach, unless it asks for a password or is told to be insecure', async () => {
    for (const host of ['0.0.0.0', '::', '192.0.2.7', 'example.com']) {
      const { child, stderr } = await start(['--host', host])
      expect(child.exitCode).toBe(5)
      expect(stderr()).toMatch(/--auth user:password or --token/)
    }
    const { url } = await start(['--host', '0.0.0.0', '--insecure'])
    expect((await fetch(`${url}api/session`)).status).toBe(200)
  })

  it('takes the password from the environment, a token that it makes, and a base path', async () => {
    const asked = await start(['--host', '0.0.0.0', '--read-only', '--base-path', '/jobs'], { RQTS_AUTH: 'ann:right-password' })
    expect(asked.url).toMatch(/\/jobs\/$/)
    expect((await fetch(`${asked.url}api/session`)).status).toBe(401)
    const authorization = `Basic ${Buffer.from('ann:right-password').toString('base64')}`
    const session = await (await fetch(`${asked.url}api/session`, { headers: { authorization } })).json()
    expect(session).toMatchObject({ access: 'read', readOnly: true })
    const { url } = await start(['--token'])
    const token = new URL(url).searchParams.get('token')!
    expect(token.length).toBeGreaterThan(20)
    expect((await fetch(new URL('/api/session', url))).status).toBe(401)
    expect((await fetch(new URL('/api/session', url), { headers: { authorization: `Bearer ${token}` } })).status).toBe(200)
  })

  it('begins while Redis is away', async () => {
    const { url } = await start([], { RQTS_REDIS_URL: 'redis://127.0.0.1:1' })
    expect((await fetch(url)).status).toBe(200)
    expect((await fetch(`${url}api/overview`)).status).toBe(503)
  })
})
