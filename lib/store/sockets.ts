import { Cluster, Redis } from 'ioredis'
import type { Driver } from './driver-options.ts'

/** What ioredis keeps to itself, as far as it is needed to let an idle process end. */
interface Inner {
  stream?: { ref?(): void; unref?(): void }
  reconnectTimeout?: { unref?(): void } | null
  connector?: { failoverDetector?: { sentinels?: { client: Redis }[] } | null }
}

/** An idle socket must not keep a producer's process from ending; a pending call must. */
export function holdSockets(driver: Driver, busy: boolean): void {
  if (!(driver instanceof Cluster)) return hold(driver, busy)
  for (const node of driver.nodes()) hold(node, busy)
  // Every Cluster client has a connection for subscriptions; this one's is not used.
  holdClusterSubscriber(driver, false)
}

/** Of a client that does nothing but subscribe: someone who waits for a result keeps the process alive, an idle subscriber does not. */
export function holdSubscriber(driver: Driver, busy: boolean): void {
  if (!(driver instanceof Cluster)) return hold(driver, busy)
  for (const node of driver.nodes()) hold(node, false)
  holdClusterSubscriber(driver, busy)
}

function holdClusterSubscriber(driver: Cluster, busy: boolean): void {
  const { subscriber } = driver as unknown as { subscriber?: { getInstance?(): Redis | null } }
  const redis = subscriber?.getInstance?.()
  if (redis) hold(redis, busy)
}

/** Connections to sentinels are there to hear of a failover, and never a reason to live. */
export function unrefSentinels(driver: Driver): void {
  if (!(driver instanceof Redis)) return
  const { connector } = driver as unknown as Inner
  for (const { client } of connector?.failoverDetector?.sentinels ?? []) {
    hold(client, false)
    client.on('connect', () => hold(client, false))
    client.on('reconnecting', () => (client as unknown as Inner).reconnectTimeout?.unref?.())
  }
}

function hold(redis: Redis, busy: boolean): void {
  const { stream } = redis as unknown as Inner
  if (busy) stream?.ref?.()
  else stream?.unref?.()
}
