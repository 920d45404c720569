import type { Redis } from 'ioredis'
import { describe, expect, it } from 'vitest'
import { scanQueue } from '../../lib/store/queues.ts'
import { checkInvariants } from '../../lib/testing/invariants.ts'
import { repair } from '../../lib/testing/repair.ts'
import { adminOf, every, openStore, ownServer } from '../support/servers.ts'
import { until } from '../support/stage.ts'
import { account, drained } from './account.ts'
import { put } from './jobs.ts'
import { Load, saidInPairs } from './load.ts'

describe('FLUSHALL while jobs run', () => {
  it('no crash and no half-born hash; what comes after is worked off', { timeout: 120_000 }, async () => {
    const server = await ownServer()
    const admin = adminOf(server)
    const store = openStore(server.url)
    const load = new Load(store)
    const workers = [1, 2].map(() => load.worker(server.url, { lease: 1_000 }))
    await Promise.all(workers.map((worker) => new Promise((resolve) => worker.on('ready', resolve))))
    // Long ones: who has taken its ten cannot take those of the other, too.
    await put(store, 'q', ...Array.from({ length: 30 }, () => ({ args: [3_000], control: {}, fields: { retry: '{"max":2}', flags: 'm' } })))
    await until('jobs run', () => load.starts >= 20)
    await admin.flushall()
    // What ran then has ended and said so, in vain.
    await until('the workers have heard', () =>
      load.logs.every((log) => log.lines.some(({ message }) => message.includes('lease of this job was lost'))),
    )
    expect((await scanQueue(store, 'q')).filter((name) => name.startsWith('job:'))).toEqual([])
    load.produce()
    await load.progress(50)
    for (let n = 0; n < 5; n++) {
      await admin.flushall()
      await load.progress(20)
    }
    await load.stopProducing()
    await drained(store, 'q')
    expect(await checkInvariants(store)).toEqual([])
  })

  it('single keys that vanish stop nothing, and no job is lost: repair finds them', { timeout: 120_000 }, async () => {
    const server = await ownServer()
    const admin = adminOf(server)
    const store = openStore(server.url)
    const load = new Load(store)
    load.worker(server.url, { lease: 1_000 })
    load.produce()
    await load.progress(10)
    const base = store.keys.base('q')
    const names = ['wake', 'meta', 'leader', 'started', 'finished', 'scheduled', 'outbox', 'queue', `claim:${load.workers[0]!.name}`]
    let n = 0
    const stop = every(20, () => admin.del(base + names[n++ % names.length]!))
    for (let i = 0; i < 5; i++) await load.progress(50)
    await stop()
    await load.progress(10)
    await load.stopProducing()
    await repair(store)
    await drained(store, 'q')
    // What had ended, and the leases, were deleted too: nothing else that was acknowledged is missing.
    expect(await account(store, 'q', load.journal)).toMatchObject({ missing: [], lost: [] })
  })
})

async function replicated(from: Redis, to: Redis): Promise<void> {
  await until('the replica is in step', async () => {
    const [a, b] = await Promise.all([from.info('replication'), to.info('replication')])
    const offset = (text: string, field: string): string | undefined => new RegExp(`${field}:(\\d+)`).exec(text)?.[1]
    return b.includes('master_link_status:up') && offset(a, 'master_repl_offset') === offset(b, 'slave_repl_offset')
  })
}

describe('READONLY', () => {
  it('a master that became a replica, and was promoted again', { timeout: 120_000 }, async () => {
    const [server, other] = [await ownServer(), await ownServer()]
    const [admin, second] = [adminOf(server), adminOf(other)]
    const store = openStore(server.url)
    const load = new Load(store)
    load.worker(server.url)
    load.produce()
    await load.progress(20)
    await second.replicaof('127.0.0.1', server.port)
    await until('the replica is linked', async () => (await second.info('replication')).includes('master_link_status:up'))
    // Until it is over, below: what is written in between would be lost with the old master.
    await admin.call('CLIENT', 'PAUSE', '60000', 'WRITE')
    await replicated(admin, second)
    await second.replicaof('NO', 'ONE')
    await admin.replicaof('127.0.0.1', other.port)
    await admin.call('CLIENT', 'UNPAUSE')
    await until('writes are refused', () => load.refusals.length > 0)
    expect(new Set(load.refusals)).toEqual(new Set(['RQTS_REDIS_UNAVAILABLE']))
    await until('the worker was refused too', () => load.logs[0]!.outages.length > 0)
    await until('the old master is in step', async () => (await admin.info('replication')).includes('master_link_status:up'))
    await admin.replicaof('NO', 'ONE')
    await load.progress(20)
    await load.stopProducing()
    await drained(store, 'q')
    expect(await account(store, 'q', load.journal)).toMatchObject({ missing: [], lost: [] })
    const said = load.logs[0]!.outages
    expect(said.slice(0, 2)).toEqual([
      expect.stringMatching(/^error Redis cannot be reached/),
      expect.stringMatching(/^info Redis answers again/),
    ])
    expect(said).toSatisfy(saidInPairs)
  })
})

describe('LOADING', () => {
  it('a restarted server that still reads its file is waited for', { timeout: 120_000 }, async () => {
    const server = await ownServer({
      persist: true,
      args: ['--appendfsync', 'always', '--key-load-delay', '50', '--loading-process-events-interval-bytes', '1024'],
    })
    const admin = adminOf(server)
    const store = openStore(server.url)
    const load = new Load(store)
    load.worker(server.url, { lease: 1_000 })
    load.produce(10)
    await load.progress(10)
    for (let n = 0; n < 30; n++) await Promise.all(Array.from({ length: 1_000 }, (_, i) => admin.set(`filler:${n}:${i}`, 'x')))
    await server.kill()
    // It says LOADING for more than a second: 50 µs for each of the 30,000 keys, whether or not this process gets to see it.
    await server.restart()
    await load.progress(10)
    await load.stopProducing()
    await drained(store, 'q')
    expect(await account(store, 'q', load.journal)).toMatchObject({ missing: [], lost: [] })
  })
})
