import { DEFAULT_PER_KEY, type Limits } from '../job/limits.ts'
import { toFields } from './jobs.ts'
import { registerQueue } from './queues.ts'
import type { Store } from './store.ts'

/** `changes` as `normalizeLimits` returns them; null ends all limits. They hold when this returns. */
export async function changeLimits(store: Store, queue: string, changes: object | null): Promise<void> {
  let patch = JSON.stringify(changes)
  for (let cursor = '0'; ; patch = '') {
    cursor = String(await store.run('limits', queue, [patch, cursor]))
    if (cursor === '0') break
  }
  await registerQueue(store, queue)
}

export async function readLimits(store: Store, queue: string): Promise<Limits> {
  const [text, fields] = await store.client.callAll([
    ['HGET', store.keys.queuePart(queue, 'meta'), 'limits'],
    ['HGETALL', store.keys.queuePart(queue, 'limits')],
  ])
  const { concurrency, rate, tasks = {}, keys: perKey = DEFAULT_PER_KEY } = parse(text as string | null)
  const keys = Object.entries(toFields(fields) ?? {}).map(([key, most]) => [key, Number(most)] as const)
  // Always in this order, whatever Lua has made of it.
  return { ...(concurrency && { concurrency }), ...(rate && { rate }), tasks, perKey, keys: Object.fromEntries(keys) }
}

/** As limits.lua writes it. */
function parse(text: string | null): Omit<Partial<Limits>, 'keys' | 'perKey'> & { keys?: number } {
  try {
    return text === null ? {} : (JSON.parse(text) as ReturnType<typeof parse>)
  } catch {
    return {}
  }
}
