import type { Cluster, ClusterOptions, Redis, RedisOptions } from 'ioredis'

export type Driver = Redis | Cluster
/** Replies keep the shapes of RESP2. */
export type DriverOptions = Omit<RedisOptions, 'replyMapping'> & { replyMapping?: 'legacy' }

/** A call that is not answered by then rejects; the caller may send it again, every script knows its own repetitions. */
export const CALL_DEADLINE_MS = 5_000

/** For every connection, those to the nodes of a Cluster included. */
export const NODE_OPTIONS: DriverOptions = {
  connectTimeout: CALL_DEADLINE_MS,
  keepAlive: 10_000,
  // A connection that is dead without a word is given up once a call on it has gone unanswered.
  socketTimeout: CALL_DEADLINE_MS,
}

function retryStrategy(times: number): number {
  return Math.min(25 * 2 ** Math.min(times, 6), 1_000) + Math.random() * 100
}

/**
 * Reconnects quickly and for ever. Unanswered commands are sent again after a reconnect, which all scripts allow.
 * The offline queue is off: what cannot be sent before its deadline is refused, not applied behind the caller's back.
 */
export const DRIVER_OPTIONS: DriverOptions = {
  ...NODE_OPTIONS,
  lazyConnect: true,
  enableOfflineQueue: false,
  maxRetriesPerRequest: null,
  autoResendUnfulfilledCommands: true,
  // A server that loads its file tells how long it thinks to need, and is often done long before.
  maxLoadingRetryTime: 500,
  retryStrategy,
  // After a failover the old master answers READONLY: connect anew and send the command again.
  reconnectOnError: (error: Error): boolean | 2 => (error.message.startsWith('READONLY') ? 2 : false),
}

/** A new master is heard of from the sentinels, also by a connection that waits in silence; a sentinel that hangs is passed over. */
export const SENTINEL_OPTIONS: DriverOptions = { failoverDetector: true, sentinelCommandTimeout: 1_000, disconnectTimeout: 500 }

/** A call goes on trying other nodes, 100 ms apart, for about as long as its deadline: that is how long a failover may take. */
export const CLUSTER_OPTIONS: ClusterOptions = {
  clusterRetryStrategy: retryStrategy,
  slotsRefreshTimeout: 2_000,
  maxRedirections: CALL_DEADLINE_MS / 100,
}
