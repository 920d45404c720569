import { Redis } from 'ioredis'
import { task } from 'rqts'

let stock: Redis

export function setup(): void {
  stock = new Redis(process.env['RQTS_REDIS_URL'] ?? 'redis://127.0.0.1:6379')
}

export async function teardown(): Promise<void> {
  await stock.quit()
}

// One step, and the same answer when the job runs twice: a buyer who is among the winners stays one.
const SELL = `
if redis.call('SISMEMBER', KEYS[1], ARGV[1]) == 1 then return 1 end
if redis.call('SCARD', KEYS[1]) >= tonumber(ARGV[2]) then return 0 end
return redis.call('SADD', KEYS[1], ARGV[1])`

export const buy = task({ name: 'buy', queue: 'sale', retry: 3 }, async (sale: string, buyer: string, items: number) => {
  const won = await stock.eval(SELL, 1, `sale:${sale}:winners`, buyer, items)
  return won === 1 ? 'won' : 'sold out'
})
