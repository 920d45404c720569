import { Cluster, type ClusterNode, type ClusterOptions, Redis, type RedisOptions } from 'ioredis'
import { RqtsError } from '../errors.ts'
import { redactUrl } from '../redact.ts'

/** A Redis Cluster: ioredis's options of one, and some of its nodes; the others are found through these. */
export interface ClusterAddress extends ClusterOptions {
  nodes: ClusterNode[]
}

/** A URL, ioredis options, the nodes of a Cluster, or an ioredis client of your own, which is used but never closed. */
export type ConnectionOption = string | RedisOptions | ClusterAddress | Redis | Cluster

/** How to reach Redis, without a client yet. */
export type Address = RedisOptions | ClusterAddress

export function isClient(option: ConnectionOption): option is Redis | Cluster {
  return typeof option === 'object' && ('call' in option || option instanceof Redis || option instanceof Cluster)
}

export function isCluster(address: Address): address is ClusterAddress {
  return 'nodes' in address
}

const MANY_HOSTS = /^(rediss?)\+(cluster|sentinel):\/\/(?:([^/?#]*)@)?([^/?#@]*)(\/[^?#]*)?(?:\?([^#]*))?$/

/**
 * `redis+cluster://user:password@host:port,host:port` and `redis+sentinel://user:password@host:port,host:port/NAME/db`; `rediss+…` with TLS.
 * Undefined for a URL of a single server, which ioredis reads.
 */
export function parseAddress(url: string): Address | undefined {
  if (!/^\w+\+\w+:/.test(url)) {
    // ioredis would take the scheme for a host and never say so.
    if (/^\w+:\/\//.test(url) && !/^rediss?:/i.test(url)) throw bad(url, 'it must begin with redis://, or rediss:// for TLS')
    return undefined
  }
  const [, scheme, kind, credentials = '', hosts = '', path = '', query = ''] = MANY_HOSTS.exec(url) ?? []
  if (kind === undefined) throw bad(url, 'it is neither redis+cluster://host:port,… nor redis+sentinel://host:port,…/NAME')
  const nodes = hosts.split(',').map((host) => parseHost(url, host, kind === 'cluster' ? 6379 : 26_379))
  const tls = scheme === 'rediss'
  const account = parseCredentials(credentials)
  const [name = '', db = '0', ...rest] = path.split('/').slice(1).map(decodeURIComponent)
  const params = new URLSearchParams(query)
  const known = kind === 'cluster' ? [] : ['sentinelUsername', 'sentinelPassword']
  const stray = [...params.keys()].find((key) => !known.includes(key))
  if (stray !== undefined) throw bad(url, `it has the unknown parameter '${stray.slice(0, 40)}'`)
  if (kind === 'cluster') {
    if (name !== '' && name !== '0') throw bad(url, 'a Cluster has no databases to choose from')
    return { nodes, redisOptions: { ...account, ...(tls && { tls: {} }) } }
  }
  if (name === '' || rest.length > 0 || !/^\d+$/.test(db)) throw bad(url, 'after the hosts it must have /NAME of the master, or /NAME/db')
  return {
    sentinels: nodes,
    name,
    db: Number(db),
    ...account,
    ...(tls && { tls: {}, sentinelTLS: {}, enableTLSForSentinelMode: true }),
    ...Object.fromEntries(params),
  }
}

function parseHost(url: string, text: string, defaultPort: number): { host: string; port: number } {
  const [, host, port = String(defaultPort)] = /^(\[[0-9A-Fa-f:.]+\]|[^:[\]]+)(?::(\d{1,5}))?$/.exec(text) ?? []
  if (host === undefined) throw bad(url, `'${redactUrl(text).slice(0, 60)}' is not host:port`)
  return { host: host.replace(/^\[|\]$/g, ''), port: Number(port) }
}

function parseCredentials(text: string): { username?: string; password?: string } {
  if (text === '') return {}
  const colon = text.indexOf(':')
  const [username, password] = colon === -1 ? ['', text] : [text.slice(0, colon), text.slice(colon + 1)]
  return { ...(username !== '' && { username: decodeURIComponent(username) }), password: decodeURIComponent(password) }
}

function bad(url: string, why: string): RqtsError {
  return new RqtsError('RQTS_BAD_OPTION', `The Redis URL ${redactUrl(url)} cannot be used: ${why}`)
}

/** Where it is, without secrets: for banners and errors. */
export function describeAddress(address: Address): string {
  if (isCluster(address)) return `redis+cluster://${address.nodes.map(hostOf).join(',')}`
  const { sentinels, name, path, host = '127.0.0.1', port = 6379, db = 0 } = address
  if (sentinels)
    return `redis+sentinel://${sentinels.map(({ host: at = '127.0.0.1', port: on = 26_379 }) => `${at}:${on}`).join(',')}/${name}`
  return path ?? `redis://${host}:${port}/${db}`
}

function hostOf(node: ClusterNode): string {
  if (typeof node === 'string') return redactUrl(node).replace(/^.*[/@]/, '')
  return typeof node === 'number' ? `127.0.0.1:${node}` : `${node.host ?? '127.0.0.1'}:${node.port ?? 6379}`
}
