import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { beforeEach, expect, test, vi } from 'vitest'
import { unpackIntoCache } from '../../lib/embedded/apt.ts'
import { isAnswering } from '../../lib/embedded/ask.ts'
import { cachedProgram, cachedRedisDir } from '../../lib/embedded/cache.ts'
import { findRedisProgram, redisUrlFromEnv, startPrivateRedis } from '../../lib/embedded/index.ts'
import { which } from '../../lib/embedded/run.ts'
import { temporaryDir } from './support.ts'

beforeEach(() => {
  vi.unstubAllEnvs()
  vi.stubEnv('XDG_CACHE_HOME', temporaryDir())
})

function fakeServer(name: string, version: string): string {
  const dir = temporaryDir()
  writeFileSync(join(dir, name), `#!/bin/sh\necho "Redis server v=${version} sha=00000000:0 bits=64"\n`, { mode: 0o755 })
  return dir
}

test('without a server anywhere the error says what was tried and what to do', async () => {
  vi.stubEnv('PATH', temporaryDir())
  const error = await findRedisProgram().catch((caught: unknown) => caught)
  expect(error).toMatchObject({ code: 'RQTS_NO_REDIS_SERVER' })
  const { message } = error as Error
  expect(message).toContain('neither redis-server nor valkey-server is on PATH')
  expect(message).toContain('the caller did not ask to install one')
  expect(message).toContain('RQTS_REDIS_URL')
  expect(message).toContain('docker run')
})

test('asked to install where nothing can, it says so', async () => {
  vi.stubEnv('PATH', temporaryDir())
  await expect(startPrivateRedis({ install: true, log: () => undefined })).rejects.toMatchObject({
    code: 'RQTS_NO_REDIS_SERVER',
    message: expect.stringContaining('there is neither apt-get nor Homebrew') as string,
  })
})

test('a server that is too old is passed over, and named', async () => {
  vi.stubEnv('PATH', fakeServer('redis-server', '6.0.16'))
  await expect(findRedisProgram()).rejects.toThrow(/redis-server is version 6\.0\.16, and 6\.2 or later is needed/)
})

test('valkey will do', async () => {
  const dir = fakeServer('valkey-server', '8.0.1')
  vi.stubEnv('PATH', dir)
  expect(await findRedisProgram()).toEqual({ command: join(dir, 'valkey-server'), env: {} })
})

test('RQTS_REDIS_URL goes before REDIS_URL, and an empty one counts for nothing', () => {
  vi.stubEnv('RQTS_REDIS_URL', '')
  vi.stubEnv('REDIS_URL', '')
  expect(redisUrlFromEnv()).toBeUndefined()
  vi.stubEnv('REDIS_URL', 'redis://two')
  expect(redisUrlFromEnv()).toBe('redis://two')
  vi.stubEnv('RQTS_REDIS_URL', 'redis://one')
  expect(redisUrlFromEnv()).toBe('redis://one')
})

test('a download that does not run any more is as good as none', async () => {
  vi.stubEnv('PATH', temporaryDir())
  const bin = join(cachedRedisDir(), 'usr', 'bin')
  mkdirSync(bin, { recursive: true })
  writeFileSync(join(bin, 'redis-server'), '#!/bin/false\n', { mode: 0o755 })
  expect(cachedProgram()).toBeDefined()
  await expect(findRedisProgram()).rejects.toMatchObject({ code: 'RQTS_NO_REDIS_SERVER' })
})

const MOST_MS = 90_000

test.skipIf(which('apt-get') === undefined)(
  'without root, the packages are unpacked into the cache and run from there',
  async ({ skip }) => {
    const lines: string[] = []
    const late = pause(MOST_MS, 'apt-get takes too long', { ref: false })
    const problem = await Promise.race([unpackIntoCache((line) => lines.push(line)), late])
    // Out of reach, or just being renewed.
    if (problem?.startsWith('apt-get')) skip(`the package archive does not serve: ${problem}`)
    expect(problem).toBeUndefined()
    expect(lines[0]).toContain(cachedRedisDir())

    vi.stubEnv('PATH', folderOf('sh', 'rm'))
    const program = await findRedisProgram()
    expect(program.command).toBe(join(cachedRedisDir(), 'usr/bin/redis-server'))
    const server = await startPrivateRedis()
    expect(await isAnswering(server.url)).toBe(true)
    await server.stop()
    expect(existsSync(server.dir)).toBe(false)
  },
  2 * MOST_MS,
)

/** A PATH of these programs alone. */
function folderOf(...names: string[]): string {
  const dir = temporaryDir()
  for (const name of names) symlinkSync(which(name) as string, join(dir, name))
  return dir
}
