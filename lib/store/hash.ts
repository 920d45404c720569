import { RqtsError } from '../errors.ts'
import type { Store } from './store.ts'

/** Null when there is none. A key of another type is none either: it must not break the list that it is in. */
export async function readHash(store: Store, key: string): Promise<Record<string, string> | null> {
  try {
    return toFields(await store.client.call('HGETALL', key))
  } catch (error) {
    if (isWrongType(error)) return null
    throw error
  }
}

export function isWrongType(error: unknown): boolean {
  return error instanceof RqtsError && error.message.includes('WRONGTYPE')
}

/** HGETALL through `call` is a flat list on RESP2 and a map on RESP3. */
export function toFields(reply: unknown): Record<string, string> | null {
  const fields: Record<string, string> = Object.create(null)
  if (Array.isArray(reply)) {
    for (let i = 0; i + 1 < reply.length; i += 2) fields[String(reply[i])] = String(reply[i + 1])
  } else if (reply instanceof Map) {
    for (const [name, value] of reply) fields[String(name)] = String(value)
  } else if (typeof reply === 'object' && reply !== null) {
    for (const [name, value] of Object.entries(reply)) fields[name] = String(value)
  }
  return Object.keys(fields).length === 0 ? null : fields
}
