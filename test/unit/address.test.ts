import { Cluster, Redis } from 'ioredis'
import { describe, expect, it, onTestFinished } from 'vitest'
import { describeAddress, parseAddress } from '../../lib/store/address.ts'
import { Connections } from '../../lib/store/connect.ts'
import { transferable } from '../../lib/store/transferable.ts'

describe('URLs of several hosts', () => {
  it('a Cluster', () => {
    expect(parseAddress('redis+cluster://a:7000,b,[::1]:7002')).toEqual({
      nodes: [
        { host: 'a', port: 7000 },
        { host: 'b', port: 6379 },
        { host: '::1', port: 7002 },
      ],
      redisOptions: {},
    })
    expect(parseAddress('rediss+cluster://ann:p%40ss@a:7000/0')).toEqual({
      nodes: [{ host: 'a', port: 7000 }],
      redisOptions: { username: 'ann', password: 'p@ss', tls: {} },
    })
  })

  it('Sentinel', () => {
    expect(parseAddress('redis+sentinel://:secret@a:26380,b/mymaster/2?sentinelPassword=other')).toEqual({
      sentinels: [
        { host: 'a', port: 26_380 },
        { host: 'b', port: 26_379 },
      ],
      name: 'mymaster',
      db: 2,
      password: 'secret',
      sentinelPassword: 'other',
    })
    expect(parseAddress('rediss+sentinel://a/m')).toMatchObject({ tls: {}, sentinelTLS: {}, enableTLSForSentinelMode: true })
  })

  it.each(['redis://a:1/0', 'rediss://u:p@a', '/tmp/redis.sock', 'a:6379'])('%s is for ioredis', (url) => {
    expect(parseAddress(url)).toBeUndefined()
  })

  it.each([
    ['redis+cluster://', 'not host:port'],
    ['redis+cluster://a:port', 'not host:port'],
    ['redis+cluster://a,,b', 'not host:port'],
    ['redis+cluster://a/3', 'no databases'],
    ['redis+cluster://a?x=1', "unknown parameter 'x'"],
    ['redis+sentinel://a', '/NAME'],
    ['redis+sentinel://a/m/x', '/NAME'],
    ['redis+sentinel://a/m?password=1', "unknown parameter 'password'"],
    ['redis+ring://a', 'neither'],
    ['http://127.0.0.1:6379', 'must begin with redis://'],
  ])('%s is refused', (url, why) => {
    expect(() => parseAddress(url)).toThrow(why)
    expect(() => Connections.open(url)).toThrow(expect.objectContaining({ code: 'RQTS_BAD_OPTION' }))
  })

  it('keeps passwords out of errors', () => {
    expect(() => parseAddress('redis+sentinel://:canary@a?sentinelPassword=canary')).toThrow(/^((?!canary).)*$/)
  })

  it('is described without secrets', () => {
    expect(describeAddress(parseAddress('redis+cluster://u:p@a:1,b:2')!)).toBe('redis+cluster://a:1,b:2')
    expect(describeAddress({ nodes: [7000, 'redis://u:p@c:1'] })).toBe('redis+cluster://127.0.0.1:7000,c:1')
    expect(describeAddress(parseAddress('redis+sentinel://:p@a,b/m')!)).toBe('redis+sentinel://a:26379,b:26379/m')
  })
})

describe('what a client of ours is set to', () => {
  it('with Sentinel: hears of failovers, gives up on a sentinel that hangs', async () => {
    const connections = Connections.open('redis+sentinel://127.0.0.1:1/m')
    onTestFinished(() => connections.close())
    expect((connections.client.driver as Redis).options).toMatchObject({
      failoverDetector: true,
      sentinelCommandTimeout: 1_000,
      socketTimeout: 5_000,
      keepAlive: 10_000,
      enableOfflineQueue: false,
      role: 'master',
    })
    const own = Connections.open({ sentinels: [{ port: 1 }], name: 'm', failoverDetector: false })
    onTestFinished(() => own.close())
    expect((own.client.driver as Redis).options).toMatchObject({ failoverDetector: false, socketTimeout: 5_000 })
  })

  it('on a Cluster: sockets have deadlines, names are kept for TLS', async () => {
    const connections = Connections.open('rediss+cluster://127.0.0.1:1')
    onTestFinished(() => connections.close())
    const { options } = connections.client.driver as Cluster
    expect(options).toMatchObject({ enableOfflineQueue: false, redisOptions: { socketTimeout: 5_000, keepAlive: 10_000, tls: {} } })
    expect(options.dnsLookup!.length).toBe(2)
  })

  it('refuses to read from replicas, and key prefixes', () => {
    expect(() => Connections.open({ nodes: [1], scaleReads: 'slave' })).toThrow('replicas')
    expect(() => Connections.open({ sentinels: [{ port: 1 }], name: 'm', role: 'slave' })).toThrow('replicas')
    expect(() => Connections.open({ nodes: [1], redisOptions: { keyPrefix: 'x' } })).toThrow('keyPrefix')
  })
})

describe('the same place for another thread', () => {
  it('of options, URLs and clients', () => {
    const sentinels = [{ host: 'a', port: 1 }]
    expect(transferable({ sentinels, name: 'm', retryStrategy: () => 1 })).toEqual({ connection: { sentinels, name: 'm' } })
    const nodes = [{ host: 'a', port: 1 }]
    expect(transferable({ nodes, redisOptions: { password: 'p' }, clusterRetryStrategy: () => 1 })).toEqual({
      connection: { nodes, redisOptions: { password: 'p' } },
    })
    const cluster = new Cluster(nodes, { lazyConnect: true, redisOptions: { password: 'p', tls: {} } })
    onTestFinished(() => cluster.disconnect())
    expect(transferable(cluster)).toEqual({ connection: { nodes, redisOptions: { password: 'p', tls: {} } } })
    const redis = new Redis({ lazyConnect: true, sentinels, name: 'm' })
    onTestFinished(() => redis.disconnect())
    expect(transferable(redis)).toMatchObject({ connection: { sentinels, name: 'm' } })
    expect(transferable({ nodes, natMap: () => null })).toBeNull()
  })
})
