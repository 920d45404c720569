import { Redis } from 'ioredis'
import { onTestFinished } from 'vitest'
import { type PrivateRedisOptions, type RedisServer, startPrivateRedis } from '../../lib/embedded/index.ts'
import { Store } from '../../lib/store/store.ts'
import { Proxy } from './proxy.ts'
import { testPrefix } from './redis.ts'

/** A server that this test may torment, stopped after it. */
export async function ownServer(options: PrivateRedisOptions = {}): Promise<RedisServer> {
  const server = await startPrivateRedis({ install: true, ...options })
  onTestFinished(() => server.stop())
  return server
}

/** A plain connection past all proxies, for what an operator would do. */
export function adminOf(server: { url: string }): Redis {
  const admin = new Redis(server.url, { maxRetriesPerRequest: null, retryStrategy: () => 20 })
  admin.on('error', () => undefined)
  onTestFinished(() => admin.disconnect())
  return admin
}

export function openStore(url: string, prefix: string = testPrefix()): Store {
  const store = new Store({ connection: url, prefix })
  onTestFinished(() => store.close())
  return store
}

export async function proxyTo(server: { port: number }): Promise<Proxy> {
  const proxy = await Proxy.to(server.port)
  onTestFinished(() => proxy.close())
  return proxy
}

/** Does something again and again until the returned function is called. What fails meanwhile does not matter. */
export function every(ms: number, act: () => Promise<unknown> | void): () => Promise<void> {
  let ended = false
  const loop = (async () => {
    while (!ended) {
      await Promise.resolve(act()).catch(() => undefined)
      await new Promise((resolve) => setTimeout(resolve, ms))
    }
  })()
  return async () => {
    ended = true
    await loop
  }
}

/** Whether the process is stopped by a signal, as the kernel tells it. */
export function signalServer(server: RedisServer, signal: 'SIGSTOP' | 'SIGCONT'): void {
  process.kill(server.pid, signal)
}
