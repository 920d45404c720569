import { unlessFull } from './errors.ts'
import type { Store } from './store.ts'

/** As long as the worker's record. */
const KEPT_MS = 3_600_000
/** Of UTF-8; what a worker writes is less. */
const MAX_BYTES = 1_048_576

/** Written once: later beats only keep it, unless it is gone or another. Returns whether Redis holds it. */
export async function keepTaskSchemas(store: Store, worker: string, text: string, written: boolean): Promise<boolean> {
  const key = store.keys.taskSchemas(worker)
  if (written && (await store.client.call('PEXPIRE', key, KEPT_MS)) === 1) return true
  try {
    await store.client.call('SET', key, text, 'PX', KEPT_MS)
    return true
  } catch (error) {
    unlessFull(error)
    return false
  }
}

/** Task → JSON Schema. Whoever can write to Redis can write this: what is too large or no object counts as none. */
export async function readTaskSchemas(store: Store, worker: string): Promise<Map<string, unknown>> {
  try {
    const text = (await store.client.call('GETRANGE', store.keys.taskSchemas(worker), 0, MAX_BYTES)) as string
    if (text === '' || Buffer.byteLength(text) > MAX_BYTES) return new Map()
    const found = JSON.parse(text) as unknown
    if (typeof found !== 'object' || found === null || Array.isArray(found)) return new Map()
    return new Map(Object.entries(found).filter(([, schema]) => typeof schema === 'object' && schema !== null && !Array.isArray(schema)))
  } catch (error) {
    if (error instanceof SyntaxError || (error as Error).message.includes('WRONGTYPE')) return new Map()
    throw error
  }
}
