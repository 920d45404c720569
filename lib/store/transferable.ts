import { Cluster, Redis } from 'ioredis'
import { type ConnectionOption, isClient, isCluster } from './address.ts'

/** Of a client's many options those that say where it goes and as whom; the rest are functions or defaults. */
const PLACE = [
  'host',
  'port',
  'path',
  'db',
  'username',
  'password',
  'family',
  'tls',
  'sentinels',
  'name',
  'role',
  'sentinelUsername',
  'sentinelPassword',
  'sentinelTLS',
  'enableTLSForSentinelMode',
  'natMap',
] as const

/** The same place, for another thread to connect to; null when it cannot be told, as when a function leads there. */
export function transferable(connection: ConnectionOption | undefined): { connection: string | object | undefined } | null {
  if (connection === undefined || typeof connection === 'string') return { connection }
  try {
    return { connection: structuredClone(placeOf(connection)) }
  } catch {
    return null
  }
}

function placeOf(connection: Exclude<ConnectionOption, string>): object {
  if (isClient(connection)) {
    if (connection instanceof Redis) return pick(connection.options)
    // Of a client made by another copy of ioredis too little is known.
    if (!(connection instanceof Cluster)) throw new TypeError('an unknown client')
    const { startupNodes } = connection as unknown as { startupNodes: object[] }
    return clusterPlace(startupNodes, connection.options)
  }
  return isCluster(connection) ? clusterPlace(connection.nodes, connection) : pick(connection)
}

function clusterPlace(
  nodes: readonly unknown[],
  { redisOptions, natMap }: { redisOptions?: object | undefined; natMap?: unknown },
): object {
  return { nodes, redisOptions: pick(redisOptions ?? {}), ...(natMap !== undefined && natMap !== null && { natMap }) }
}

function pick(given: object): object {
  const options: Record<string, unknown> = {}
  for (const name of PLACE) {
    const value = (given as Record<string, unknown>)[name]
    if (value !== undefined && value !== null) options[name] = value
  }
  return options
}
