import { lstatSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { askRedis, isAnswering } from '../../lib/embedded/ask.ts'
import { findProjectRedisUrl, projectRedisStatus, startProjectRedis, stopProjectRedis } from '../../lib/embedded/index.ts'
import { startChild, temporaryProject, until, withClient } from './support.ts'

test('the server is found by its files while it runs, from any folder of the project', async () => {
  const dir = temporaryProject()
  const inside = join(dir, 'src', 'deep')
  mkdirSync(inside, { recursive: true })
  expect(await projectRedisStatus({ dir })).toEqual({ running: false, dir: join(dir, '.rqts') })
  expect(findProjectRedisUrl(dir)).toBeUndefined()

  const server = await startProjectRedis({ dir })
  expect(server.started).toBe(true)
  expect(findProjectRedisUrl(inside)).toBe(server.url)
  expect(await projectRedisStatus({ dir: inside })).toEqual({
    running: true,
    url: server.url,
    pid: expect.any(Number) as number,
    dir: join(dir, '.rqts'),
  })

  await server.stop()
  expect(findProjectRedisUrl(dir)).toBeUndefined()
  expect(await projectRedisStatus({ dir })).toEqual({ running: false, dir: join(dir, '.rqts') })
})

test('a second process joins the server, and the last one to leave stops it', async () => {
  const dir = temporaryProject()
  const starter = await startChild('project', dir)
  const joiner = await startProjectRedis({ dir })
  expect([starter.started, joiner.started]).toEqual([true, false])
  expect(joiner.url).toBe(starter.url)

  await starter.end()
  expect(await isAnswering(joiner.url)).toBe(true)
  await joiner.stop()
  expect(await isAnswering(joiner.url)).toBe(false)
})

test('a process that is killed has left as well', async () => {
  const dir = temporaryProject()
  const starter = await startChild('project', dir)
  const joiner = await startChild('project', dir)
  await starter.kill()
  expect(await isAnswering(joiner.url)).toBe(true)
  await joiner.kill()
  await until('the server has gone', async () => !(await isAnswering(joiner.url)))
})

test('processes that start at the same moment end up with one server', async () => {
  const dir = temporaryProject()
  const children = await Promise.all(Array.from({ length: 4 }, () => startChild('project', dir)))
  expect(children.filter((child) => child.started)).toHaveLength(1)
  expect(new Set(children.map((child) => child.url)).size).toBe(1)
  for (const child of children) {
    expect(await isAnswering(child.url)).toBe(true)
    await child.end()
  }
  expect((await projectRedisStatus({ dir })).running).toBe(false)
})

test('starting while the last user leaves gives a server that lasts', async () => {
  const dir = temporaryProject()
  for (let round = 0; round < 10; round++) {
    const last = await startProjectRedis({ dir })
    const [next] = await Promise.all([startProjectRedis({ dir }), last.stop()])
    expect(await isAnswering(next.url)).toBe(true)
    await next.stop()
    expect(await isAnswering(next.url)).toBe(false)
  }
})

test('with keep it outlives its process, until it is told to stop', async () => {
  const dir = temporaryProject()
  const child = await startChild('keep', dir)
  await child.kill()
  const user = await startProjectRedis({ dir })
  expect(user.started).toBe(false)
  await user.stop()
  expect(await isAnswering(child.url)).toBe(true)

  expect(await stopProjectRedis({ dir })).toBe(true)
  expect(await isAnswering(child.url)).toBe(false)
  expect(await stopProjectRedis({ dir })).toBe(false)
})

test('data is there again after a stop, and after kill -9', async () => {
  const dir = temporaryProject()
  const first = await startProjectRedis({ dir })
  await withClient(first.url, (redis) => redis.set('one', '1'))
  await first.stop()

  const second = await startProjectRedis({ dir })
  await withClient(second.url, async (redis) => {
    // What everysec may undo while the disk is busy is no matter of this test.
    await redis.config('SET', 'appendfsync', 'always')
    await redis.set('two', '2')
  })
  process.kill((await projectRedisStatus({ dir })).pid as number, 'SIGKILL')
  await until('it is dead', async () => !(await isAnswering(second.url)))

  const third = await startProjectRedis({ dir })
  expect(third.started).toBe(true)
  expect(await withClient(third.url, (redis) => redis.mget('one', 'two'))).toEqual(['1', '2'])
  await second.stop()
  expect(await isAnswering(third.url)).toBe(true)
  await third.stop()
})

test('what a crash or a reboot left behind is recognised', async () => {
  const dir = temporaryProject()
  const at = (name: string) => join(dir, '.rqts', name)
  mkdirSync(at('users'), { recursive: true })
  writeFileSync(at('users/999999999-gone'), '')
  writeFileSync(at('users/keep'), '')
  writeFileSync(at('redis.url'), at('redis.sock'))
  // A pid that belongs to another program by now.
  writeFileSync(at('redis.pid'), String(process.pid))
  symlinkSync('999999999', at('lock'))
  expect(findProjectRedisUrl(dir)).toBeUndefined()
  expect(await projectRedisStatus({ dir })).toEqual({ running: false, dir: join(dir, '.rqts') })

  const server = await startProjectRedis({ dir })
  expect(server.started).toBe(true)
  expect(await isAnswering(server.url)).toBe(true)
  await server.stop()
  expect(await isAnswering(server.url)).toBe(false)
})

test('nobody else can read what it keeps', async () => {
  const dir = temporaryProject()
  const server = await startProjectRedis({ dir })
  await withClient(server.url, (redis) => redis.set('key', 'value'))
  const root = join(dir, '.rqts')
  const entries = [root, ...(readdirSync(root, { recursive: true }) as string[]).map((name) => join(root, name))]
  expect(entries.length).toBeGreaterThan(8)
  const open = entries.filter((entry) => !lstatSync(entry).isSymbolicLink() && (lstatSync(entry).mode & 0o077) !== 0)
  expect(open).toEqual([])
  await server.stop()
})

test('where the path is too long for a socket, it listens on loopback with a password', async () => {
  const dir = join(temporaryProject(), 'long'.repeat(30))
  mkdirSync(join(dir, '.rqts'), { recursive: true })
  const server = await startProjectRedis({ dir })
  expect(server.url).toMatch(/^redis:\/\/:[0-9a-f]{32}@127\.0\.0\.1:\d+$/)
  expect(findProjectRedisUrl(dir)).toBe(server.url)
  expect(await askRedis(server.url, ['PING'])).toBe('+PONG')
  expect(await askRedis(server.url.replace(/\/\/.*@/, '//'), ['PING'])).toMatch(/^-NOAUTH/)
  expect(await withClient(server.url, (redis) => redis.ping())).toBe('PONG')
  await server.stop()
  expect(await isAnswering(server.url)).toBe(false)
})
