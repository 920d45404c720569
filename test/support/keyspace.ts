import type { Store } from '../../lib/store/store.ts'

export type RawValue = string | string[] | Record<string, string>
export interface RawKey {
  type: string
  value: RawValue
  /** Epoch ms, read so that it is never too early; absent for a key without TTL. */
  dies?: number
}
export type KeySpace = Record<string, RawKey>

/** Every key that matches, whatever it is, with its whole content. */
export async function readKeySpace(store: Store, match = `${store.keys.prefix}:*`): Promise<KeySpace> {
  const names = await scan(store, match)
  const keys = await Promise.all(names.map(async (name) => [name, await readKey(store, name)] as const))
  return Object.fromEntries(keys.flatMap(([name, key]) => (key === null ? [] : [[name, key]])))
}

/** Equal when nothing has changed: two refused calls leave equal digests. */
export async function digest(store: Store): Promise<string> {
  const keys = await readKeySpace(store)
  return JSON.stringify(
    Object.entries(keys).map(([name, { type, value, dies }]) => [name, type, value, dies === undefined ? 'stays' : 'dies']),
  )
}

export async function scan(store: Store, match: string): Promise<string[]> {
  return (await store.client.scan(match)).sort()
}

/** Deletes everything under the store's prefix. */
export async function wipe(store: Store): Promise<void> {
  const names = await scan(store, `${store.keys.prefix}:*`)
  // One by one, for on a Cluster they are on several nodes; not all at once, or the last would be too late where the machine is busy.
  for (let at = 0; at < names.length; at += 500) await store.client.callAll(names.slice(at, at + 500).map((name) => ['DEL', name] as const))
}

async function readKey(store: Store, name: string): Promise<RawKey | null> {
  const type = String(await store.client.call('TYPE', name))
  const value = await readValue(store, name, type)
  const ttlMs = Number(await store.client.call('PTTL', name))
  if (ttlMs === -2) return null
  return ttlMs === -1 ? { type, value } : { type, value, dies: (await store.now()) + ttlMs }
}

async function readValue(store: Store, name: string, type: string): Promise<RawValue> {
  const call = (...args: [string, ...string[]]): Promise<unknown> => store.client.call(...args)
  switch (type) {
    case 'hash':
      return pairs(await call('HGETALL', name))
    case 'zset':
      return pairs(await call('ZRANGE', name, '0', '-1', 'WITHSCORES'))
    case 'list':
      return ((await call('LRANGE', name, '0', '-1')) as unknown[]).map(String)
    case 'set':
      return [...((await call('SMEMBERS', name)) as Iterable<unknown>)].map(String).sort()
    default:
      return String(await call('GET', name))
  }
}

/** Flat on RESP2; a map, or a list of pairs, on RESP3. */
function pairs(reply: unknown): Record<string, string> {
  const list = Array.isArray(reply) ? reply.flat() : Object.entries(reply as object).flat()
  const found: [string, string][] = []
  for (let i = 0; i + 1 < list.length; i += 2) found.push([String(list[i]), String(list[i + 1])])
  return Object.fromEntries(found.sort(([a], [b]) => (a < b ? -1 : 1)))
}
