import type { ConnectionOption } from '../store/connect.ts'
import { Store } from '../store/store.ts'

/** Where Redis is. Everything here that takes these options shares connections wherever they say the same. */
export interface ConnectOptions {
  /**
   * A URL, also `redis+sentinel://host:port,…/NAME` and `redis+cluster://host:port,…`; ioredis options; those of its Cluster with `nodes`; or
   * an ioredis client of yours, which is used but never closed.
   * Default: RQTS_REDIS_URL, else REDIS_URL, else the embedded server of this project, else redis://127.0.0.1:6379.
   */
  connection?: ConnectionOption
  /** What all keys begin with. Default `'rqts'`. */
  prefix?: string
}

const byText = new Map<string, Store>()
let byObject = new WeakMap<object, Map<string, Store>>()
const open = new Set<Store>()

/** The store for what has no lifetime of its own (`Job.fetch`, `add.delay`): opened once, kept until the process ends. */
export function sharedStore(options: ConnectOptions = {}): Store {
  const { connection, prefix = 'rqts' } = options
  const text = textOf(connection)
  let stores = byText
  if (text === undefined) {
    stores = byObject.get(connection as object) ?? new Map<string, Store>()
    byObject.set(connection as object, stores)
  }
  const key = `${prefix} ${text ?? ''}`
  const known = stores.get(key)
  if (known !== undefined) return known
  const store = new Store(options)
  stores.set(key, store)
  open.add(store)
  return store
}

/** Literals that say the same mean the same place. Undefined for what only its identity tells apart. */
function textOf(connection: ConnectOptions['connection']): string | undefined {
  if (typeof connection !== 'object') return connection ?? ''
  if (Object.getPrototypeOf(connection) !== Object.prototype) return undefined
  try {
    return JSON.stringify(connection, (_, value: unknown) => {
      if (typeof value === 'function') throw new TypeError('opaque')
      return value
    })
  } catch {
    return undefined
  }
}

export async function closeSharedStores(): Promise<void> {
  const stores = [...open]
  open.clear()
  byText.clear()
  byObject = new WeakMap()
  await Promise.all(stores.map((store) => store.close()))
}
