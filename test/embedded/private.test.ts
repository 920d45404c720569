import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { expect, test } from 'vitest'
import { isAnswering } from '../../lib/embedded/ask.ts'
import { startPrivateRedis } from '../../lib/embedded/index.ts'
import { withPrivateRedis } from '../support/redis.ts'
import { startChild, until, withClient } from './support.ts'

test('a private server listens on loopback only, writes nothing to disk, and leaves nothing behind', async () => {
  const dir = await withPrivateRedis(async (server) => {
    expect(server.url).toBe(`redis://127.0.0.1:${server.port}`)
    await withClient(server.url, async (redis) => {
      expect(await redis.config('GET', 'bind')).toEqual(['bind', '127.0.0.1'])
      expect(await redis.config('GET', 'save')).toEqual(['save', ''])
      expect(await redis.config('GET', 'appendonly')).toEqual(['appendonly', 'no'])
      expect((await redis.info('server')).match(/process_id:(\d+)/)?.[1]).toBe(String(server.pid))
    })
    return server.dir
  })
  expect(existsSync(dir)).toBe(false)
})

test('servers that start at the same moment get ports of their own', async () => {
  const servers = await Promise.all(Array.from({ length: 6 }, () => startPrivateRedis()))
  expect(new Set(servers.map((server) => server.port)).size).toBe(6)
  await Promise.all(servers.map((server) => server.stop()))
})

test('a unix socket has no port', async () => {
  await withPrivateRedis(
    async (server) => {
      expect(server.port).toBe(0)
      expect(server.url).toBe(`${server.dir}/redis.sock`)
      expect(await withClient(server.url, (redis) => redis.ping())).toBe('PONG')
    },
    { unixSocket: true },
  )
})

test('kill ends it, restart brings it back at the same address, empty', async () => {
  await withPrivateRedis(async (server) => {
    const { url, pid } = server
    await withClient(url, (redis) => redis.set('key', 'value'))
    await server.kill()
    expect(server.pid).toBe(0)
    expect(await isAnswering(url)).toBe(false)
    await server.restart()
    expect(server.url).toBe(url)
    expect(server.pid).not.toBe(pid)
    expect(await withClient(url, (redis) => redis.get('key'))).toBe(null)
  })
})

test('with persist, data outlives a restart', async () => {
  await withPrivateRedis(
    async (server) => {
      await withClient(server.url, (redis) => redis.set('key', 'value'))
      await server.restart()
      expect(await withClient(server.url, (redis) => redis.get('key'))).toBe('value')
    },
    // With everysec a kill may undo what was answered while the disk was busy.
    { persist: true, args: ['--appendfsync', 'always'] },
  )
})

test('a signal that does not end it returns at once', async () => {
  await withPrivateRedis(async (server) => {
    await server.kill('SIGSTOP')
    await server.kill('SIGCONT')
    expect(await isAnswering(server.url)).toBe(true)
  })
})

test('a port that is taken and a wrong argument are told in the words of the server', async () => {
  await withPrivateRedis(async ({ port }) => {
    await expect(startPrivateRedis({ port })).rejects.toMatchObject({
      code: 'RQTS_REDIS_UNAVAILABLE',
      message: expect.stringContaining('Address already in use') as string,
    })
  })
  await expect(startPrivateRedis({ args: ['--no-such-option', '1'] })).rejects.toMatchObject({
    code: 'RQTS_REDIS_UNAVAILABLE',
    message: expect.stringContaining('no-such-option') as string,
  })
})

test('a server dies with the process that started it, even after kill -9', async () => {
  const child = await startChild('private')
  expect(await isAnswering(child.url)).toBe(true)
  await child.kill()
  await until('the server has gone', async () => !(await isAnswering(child.url)))
  await until('its folder has gone', () => !existsSync(child.dir))
})

test('a server that was never stopped does not keep its process alive', async () => {
  const child = await startChild('forget')
  if (child.process.exitCode === null) await once(child.process, 'exit')
  expect(child.process.exitCode).toBe(0)
  await until('the server has gone', async () => !(await isAnswering(child.url)))
})
