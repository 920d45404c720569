import { setTimeout as pause } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { task } from 'rqts'

let cache: Redis

export function setup(): void {
  cache = new Redis(process.env['RQTS_REDIS_URL'] ?? 'redis://127.0.0.1:6379')
}

export async function teardown(): Promise<void> {
  await cache.quit()
}

/** Asks a slow system for what the banner shows, so that no visitor has to wait for it. */
export const refreshBanner = task({ name: 'refreshBanner', queue: 'banners', timeout: '20s' }, async function () {
  console.log(`refresh begins ${this.id}`)
  await pause(1_400, undefined, { signal: this.signal })
  await cache.set('banner', JSON.stringify({ text: 'Three days left', at: Date.now() }), 'EX', 60)
  console.log(`refresh ends ${this.id}`)
})
