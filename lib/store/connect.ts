import { Cluster, type ClusterOptions, Redis, type RedisOptions } from 'ioredis'
import { findProjectRedisUrl } from '../embedded/running.ts'
import { RqtsError } from '../errors.ts'
import { redactUrl } from '../redact.ts'
import { type Address, type ConnectionOption, describeAddress, isClient, isCluster, parseAddress } from './address.ts'
import { CLUSTER_OPTIONS, DRIVER_OPTIONS, type Driver, type DriverOptions, NODE_OPTIONS, SENTINEL_OPTIONS } from './driver-options.ts'
import { endDriver, RedisClient } from './redis.ts'
import { Subscriber } from './subscriber.ts'

export type { ConnectionOption }

/**
 * The connections of a process to one Redis: one for commands, one subscriber when something listens, and a blocking one
 * per worker. Queues and workers given the same URL share them.
 */
export class Connections {
  readonly client: RedisClient
  /** Address without secrets, and where it came from: for banners and errors. */
  readonly where: string
  readonly #owned: boolean
  readonly #key: string | undefined
  readonly #extra = new Set<Driver>()
  #subscriber: Subscriber | undefined
  #users = 0

  static readonly #shared = new Map<string, Connections>()

  static open(option?: ConnectionOption): Connections {
    const { url, source } = option === undefined ? defaultUrl() : { url: option, source: 'given' }
    if (typeof url !== 'string') return new Connections(url, describe(url), undefined).use()
    const known = Connections.#shared.get(url)
    if (known !== undefined) return known.use()
    const fresh = new Connections(url, `${redactUrl(url)} (${source})`, url)
    Connections.#shared.set(url, fresh)
    return fresh.use()
  }

  private constructor(option: ConnectionOption, where: string, key: string | undefined) {
    this.where = where
    this.#key = key
    this.#owned = !isClient(option)
    this.client = new RedisClient(isClient(option) ? checked(option) : create(option), where)
  }

  get subscriber(): Subscriber {
    this.#subscriber ??= new Subscriber(this.#duplicate())
    return this.#subscriber
  }

  /** A connection of its own for commands that block. The caller ends it with `end()`. */
  blocking(): { driver: Driver; end: () => void } {
    const driver = this.#duplicate()
    return {
      driver,
      end: () => {
        this.#extra.delete(driver)
        driver.disconnect()
      },
    }
  }

  /** The connections close when their last user has let go. */
  async close(): Promise<void> {
    if (--this.#users > 0) return
    if (this.#key !== undefined) Connections.#shared.delete(this.#key)
    await this.#subscriber?.close()
    for (const driver of this.#extra) await endDriver(driver)
    if (this.#owned) await this.client.close()
  }

  /** One more user of these connections; each calls `close` once. */
  use(): this {
    this.#users++
    return this
  }

  #duplicate(): Driver {
    const { driver } = this.client
    const copy =
      driver instanceof Cluster
        ? driver.duplicate([], {
            lazyConnect: true,
            enableOfflineQueue: true,
            redisOptions: nodeOptions(driver.options.redisOptions, { socketTimeout: BLOCKED_SOCKET_MS }),
          })
        : driver.duplicate({
            ...DRIVER_OPTIONS,
            ...(driver.options.sentinels && SENTINEL_OPTIONS),
            enableOfflineQueue: true,
            socketTimeout: BLOCKED_SOCKET_MS,
          })
    // Without a listener ioredis prints; the command connection reports the same outage.
    copy.on('error', () => undefined)
    this.#extra.add(copy)
    return copy
  }
}

/** A blocking call may last as long as the longest poll interval of a worker, 5 s. */
const BLOCKED_SOCKET_MS = 7_000

/** What the guarantees rest on, whatever the caller's options say. */
const FORCED: RedisOptions = {
  lazyConnect: true,
  enableOfflineQueue: false,
  maxRetriesPerRequest: null,
  autoResendUnfulfilledCommands: true,
}

function defaultUrl(): { url: string; source: string } {
  for (const name of ['RQTS_REDIS_URL', 'REDIS_URL']) {
    const url = process.env[name]
    if (url) return { url, source: `from ${name}` }
  }
  const embedded = findProjectRedisUrl()
  if (embedded !== undefined) return { url: embedded, source: 'embedded server of this project' }
  return { url: 'redis://127.0.0.1:6379', source: 'default; RQTS_REDIS_URL and REDIS_URL are not set' }
}

function checked(driver: Driver): Driver {
  const { keyPrefix } = driver.options as { keyPrefix?: string }
  if (keyPrefix) {
    throw new RqtsError(
      'RQTS_BAD_OPTION',
      `The ioredis client has keyPrefix '${keyPrefix}', which scripts do not see. Leave it out and give rqts { prefix: '…' } instead.`,
    )
  }
  const { scaleReads = 'master', role = 'master' } = driver.options as { scaleReads?: unknown; role?: string }
  if (scaleReads === 'master' && role === 'master') return driver
  throw new RqtsError(
    'RQTS_BAD_OPTION',
    'The ioredis client reads from replicas, which lag behind: a job that was just enqueued would not be found. Give one that reads from masters.',
  )
}

function create(option: string | Address): Driver {
  try {
    const address = typeof option === 'string' ? parseAddress(option) : option
    if (address === undefined) return new Redis(option as string, DRIVER_OPTIONS)
    if (!isCluster(address)) {
      const defaults = address.sentinels ? { ...DRIVER_OPTIONS, ...SENTINEL_OPTIONS } : DRIVER_OPTIONS
      return checked(new Redis({ ...defaults, ...address, ...FORCED } as DriverOptions))
    }
    const { nodes, redisOptions, ...rest } = address
    // Certificates are made out to names, not to the addresses behind them.
    const byName = redisOptions?.tls
      ? { dnsLookup: (host: string, found: (error: null, address: string) => void) => found(null, host) }
      : {}
    const options = { ...CLUSTER_OPTIONS, ...byName, ...rest, redisOptions: nodeOptions(redisOptions) }
    return checked(new Cluster(nodes, { ...options, lazyConnect: true, enableOfflineQueue: false }))
  } catch (error) {
    if (error instanceof RqtsError) throw error
    throw new RqtsError('RQTS_BAD_OPTION', `Not a usable Redis connection: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    })
  }
}

function nodeOptions(given: ClusterOptions['redisOptions'], forced: DriverOptions = {}): DriverOptions {
  return { ...NODE_OPTIONS, ...given, ...forced } as DriverOptions
}

function describe(option: Exclude<ConnectionOption, string>): string {
  if (!isClient(option)) return describeAddress(option)
  return option instanceof Redis ? describeAddress(option.options) : 'the given Redis Cluster'
}
