import { randomBytes } from 'node:crypto'
import { Redis } from 'ioredis'
import { type PrivateRedisOptions, type RedisServer, redisUrlFromEnv, startPrivateRedis } from '../../lib/embedded/index.ts'

let shared: Promise<RedisServer> | undefined

/** The server that all tests of this file share, started on first use; it ends with the process of the file. */
export async function testRedisUrl(): Promise<string> {
  const named = redisUrlFromEnv()
  if (named !== undefined) return named
  shared ??= startPrivateRedis({ install: true })
  return (await shared).url
}

/** A key prefix that no other test uses; nothing is ever flushed. */
export function testPrefix(): string {
  return `rqts-test-${randomBytes(6).toString('hex')}`
}

/** A server for one test that kills, restarts, fills or reconfigures it. Runs `use` and stops it, whatever happens. */
export async function withPrivateRedis<T>(use: (server: RedisServer) => Promise<T>, options: PrivateRedisOptions = {}): Promise<T> {
  const server = await startPrivateRedis({ install: true, ...options })
  try {
    return await use(server)
  } finally {
    await server.stop()
  }
}

/** Every key under the prefix, sorted: empty when a test has cleaned up after itself. */
export async function leftoverKeys(prefix: string, url?: string): Promise<string[]> {
  const redis = new Redis(url ?? (await testRedisUrl()))
  try {
    const keys: string[] = []
    for await (const page of redis.scanStream({ match: `${prefix}:*`, count: 1_000 })) keys.push(...(page as string[]))
    return [...new Set(keys)].sort()
  } finally {
    redis.disconnect()
  }
}
