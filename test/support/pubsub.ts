import { Cluster } from 'ioredis'
import type { Store } from '../../lib/store/store.ts'

/** Who listens to channels under the store's prefix: of each node of a Cluster, as none knows of the others'. */
export async function subscriptions(store: Store): Promise<{ clients: number; channels: number }> {
  const { driver } = store.client
  const found = { clients: 0, channels: 0 }
  for (const node of driver instanceof Cluster ? driver.nodes('master') : [driver]) {
    const list = String(await node.call('CLIENT', ['LIST', 'TYPE', 'pubsub']))
    found.clients += list.split('\n').filter((line) => /\bsub=[1-9]/.test(line)).length
    found.channels += ((await node.call('PUBSUB', ['CHANNELS', `${store.keys.prefix}:*`])) as string[]).length
  }
  return found
}
