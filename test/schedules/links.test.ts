import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { type RedisServer, startPrivateRedis } from '../../lib/embedded/index.ts'
import { Schedules, schedule } from '../../lib/index.ts'
import { silentLogger } from '../../lib/logger.ts'
import { fireId } from '../../lib/schedule/fire-id.ts'
import { Ticker } from '../../lib/service/ticker.ts'
import { readSchedules } from '../../lib/store/schedules.ts'
import { scripts } from '../../lib/store/scripts.generated.ts'
import { Store } from '../../lib/store/store.ts'
import { startCluster } from '../support/cluster.ts'
import { testPrefix } from '../support/redis.ts'
import { openStore, proxyTo } from '../support/servers.ts'
import { until } from '../support/stage.ts'

async function waiting(store: Store, queue: string): Promise<string[]> {
  return [...((await store.client.call('LRANGE', store.keys.container(queue, 'queue'), 0, -1)) as string[])].sort()
}

describe('a connection that breaks', () => {
  let server: RedisServer
  beforeAll(async () => {
    server = await startPrivateRedis({ install: true })
  })

  it.each([
    ['reply', 'scheduleTick'],
    ['reply', 'scheduleAdvance'],
    ['reply', 'enqueue'],
    ['reply', 'HDEL'],
    ['before', 'scheduleAdvance'],
    ['before', 'enqueue'],
  ] as const)('%s of %s: each run once all the same', async (cut, what) => {
    const direct = openStore(server.url)
    for (const { lua } of Object.values(scripts)) await direct.client.call('SCRIPT', 'LOAD', lua)
    const { prefix } = direct.keys
    const made = await schedule('s', 'noop', [], { every: 100, limit: 4, misfire: 'all' }, { connection: server.url, prefix })
    const proxy = await proxyTo(server)
    const ticker = new Ticker(openStore(proxy.url, prefix), { name: 'a', logger: silentLogger })
    onTestFinished(() => ticker.stop())
    const sha = what === 'HDEL' ? undefined : scripts[what].sha
    // The first: on a machine that stands still for a while all runs are one call, and there is no second.
    const hit = proxy.cut({ cut, matches: ([name, text]) => (sha === undefined ? name?.toUpperCase() === what : text === sha) })
    ticker.start()
    await hit
    await until('all are there', async () => (await waiting(direct, 'default')).length === 4)
    await until('nothing is on its way', async () => (await direct.client.call('HLEN', direct.keys.schedulePart('fires'))) === 0)
    expect(await waiting(direct, 'default')).toEqual([0, 1, 2, 3].map((i) => fireId('s', made.nextRunAt!.getTime() + i * 100)))
    expect((await readSchedules(direct, ['s'])).records[0]).toMatchObject({ fired: 4, next: undefined })
  })
})

describe('a Redis Cluster', () => {
  it('fires into queues of other slots', { timeout: 120_000 }, async () => {
    const cluster = await startCluster(3, false)
    const connection = cluster.client()
    const prefix = testPrefix()
    const store = new Store({ connection, prefix })
    const ticker = new Ticker(store, { name: 'a', logger: silentLogger })
    const schedules = new Schedules(store)
    onTestFinished(async () => {
      await ticker.stop()
      await store.close()
    })
    const queues = ['a', 'b', 'c', 'd', 'e']
    await schedules.sync(
      queues.map((queue) => [queue, 'noop', [], { every: 100, limit: 3, queue, overlap: 'allow', misfire: 'all' }] as const),
    )
    ticker.start()
    await until('all have fired', async () => (await schedules.list()).every(({ state }) => state === 'ended'))
    for (const queue of queues) await until(`those of ${queue} are there`, async () => (await waiting(store, queue)).length === 3)
    expect((await schedules.get('a'))!.history.map(({ outcome }) => outcome)).toEqual(['queued', 'queued', 'queued'])
    expect(await schedules.runNow('b')).toMatchObject({ queue: 'b' })
  })
})
