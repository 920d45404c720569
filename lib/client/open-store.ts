/** A connection for those who look, and what it is called in messages. */

import { RqtsError } from '../errors.ts'
import { redactUrl } from '../redact.ts'
import { translateError } from '../store/errors.ts'
import { Store, type StoreOptions } from '../store/store.ts'

export type { Store }

/** Without proof: for what is to start while Redis is away, and heal by itself. */
export function lazyStore(options: StoreOptions = {}): Store {
  return new Store(options)
}

/** Whether it is known that Redis is away. */
export function isAway(store: Store): boolean {
  const { status } = store.client.driver
  return status === 'reconnecting' || status === 'close'
}

/** Says at once that Redis is away when that is known: who looks does not wait for a call's deadline to hear it. */
export function refuseWhileAway(store: Store): void {
  if (isAway(store)) throw new RqtsError('RQTS_REDIS_UNAVAILABLE', `Cannot reach Redis at ${addressOf(store)}; it is tried again and again`)
}

/** Opens a connection and proves it. The first refusal is the answer: who looks does not wait for a server to come up. */
export async function openStore(options: StoreOptions = {}): Promise<Store> {
  const store = new Store(options)
  const { driver } = store.client
  let refuse: (error: Error) => void = () => undefined
  try {
    const refused = new Promise<never>((_, reject) => {
      refuse = (error) => reject(translateError(error, store.connections.where))
      driver.once('error', refuse)
    })
    await Promise.race([store.client.call('PING'), refused])
    return store
  } catch (error) {
    await store.close()
    throw error
  } finally {
    driver.off('error', refuse)
  }
}

/** Where Redis is, without password. */
export function addressOf(store: Store): string {
  return redactUrl(store.connections.where.replace(/ \([^()]*\)$/, ''))
}
