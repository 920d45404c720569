import { Redis } from 'ioredis'
import type { ConnectionOption } from './connect.ts'

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
] as const

/** The same place, for another thread to connect to; null when it cannot be told, as of a Cluster client. */
export function transferable(connection: ConnectionOption | undefined): { connection: string | object | undefined } | null {
  if (connection === undefined || typeof connection === 'string') return { connection }
  const options: Record<string, unknown> = {}
  const given = (connection instanceof Redis ? connection.options : connection) as Record<string, unknown>
  for (const name of PLACE) if (given[name] !== undefined && given[name] !== null) options[name] = given[name]
  if (connection instanceof Redis || !('call' in connection)) {
    try {
      return { connection: structuredClone(options) }
    } catch {
      return null
    }
  }
  return null
}
