import { randomBytes } from 'node:crypto'
import { type PrivateRedisOptions, type RedisServer, redisUrlFromEnv, startPrivateRedis } from '../../lib/embedded/index.ts'
import { type Address, parseAddress } from '../../lib/store/address.ts'
import { Store } from '../../lib/store/store.ts'

/** Set by global-setup.ts: all tests that ask for no server of their own run on a Cluster. */
const CLUSTER_URL = process.env.RQTS_TEST_CLUSTER_URL
export const ON_CLUSTER: boolean = CLUSTER_URL !== undefined

let shared: Promise<RedisServer> | undefined

/** The server that all tests of this file share, started on first use; it ends with the process of the file. */
export async function testRedisUrl(): Promise<string> {
  const named = CLUSTER_URL ?? redisUrlFromEnv()
  if (named !== undefined) return named
  shared ??= startPrivateRedis({ install: true })
  return (await shared).url
}

/** The options that say the same as a URL. */
export function literal(url: string): Address {
  const { hostname: host, port } = url.includes(',') ? { hostname: '', port: '' } : new URL(url)
  return parseAddress(url) ?? { host, port: Number(port) }
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
  const store = new Store({ connection: url ?? (await testRedisUrl()), prefix })
  try {
    return (await store.client.scan(`${prefix}:*`)).sort()
  } finally {
    await store.close()
  }
}
