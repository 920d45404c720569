import { describe, expect, it } from 'vitest'
import type { RedisServer } from '../../lib/embedded/index.ts'
import { scripts } from '../../lib/store/scripts.generated.ts'
import type { Store } from '../../lib/store/store.ts'
import { random, SEED } from '../support/random.ts'
import { adminOf, every, openStore, ownServer, proxyTo, signalServer } from '../support/servers.ts'
import { until } from '../support/stage.ts'
import { type Account, account, drained } from './account.ts'
import { occupyDisk, wordsWritten } from './append-only.ts'
import { put } from './jobs.ts'
import { Load, saidInPairs } from './load.ts'

/** Seconds on a machine with nothing else to do; far below a lease of 30 s. */
const RESUME_MS = 20_000

/** What there is has finished, and nothing is left over. */
async function settled(load: Load, store: Store, promised = true): Promise<Account> {
  await load.stopProducing()
  await drained(store, 'q')
  const seen = await account(store, 'q', load.journal, promised)
  console.log(`seed ${SEED}: ${seen.acknowledged} acknowledged, ${seen.starts} starts, ${seen.repeated} repeated`)
  expect(seen).toMatchObject({ finished: seen.acknowledged - seen.missing.length, lost: [] })
  return seen
}

async function nothingLost(load: Load, store: Store): Promise<void> {
  expect((await settled(load, store)).missing).toEqual([])
}

describe('Redis goes away', () => {
  it.each([
    ['always', 'nothing is lost'],
    ['everysec', 'nothing is lost but what Redis had not written, on a busy disk'],
  ])('is killed and restarted 20 times under load, appendfsync %s: %s', { timeout: 600_000 }, async (appendfsync) => {
    const rng = random(`restart ${appendfsync}`)
    const server = await ownServer({ persist: true, args: ['--appendfsync', appendfsync] })
    const store = openStore(server.url)
    const load = new Load(store)
    load.worker(server.url)
    load.worker(server.url)
    load.produce()
    const quiet = appendfsync === 'everysec' ? occupyDisk(server.dir) : undefined
    const resumed: number[] = []
    for (let n = 0; n < 20; n++) {
      await load.progress(rng.int(1, appendfsync === 'everysec' ? 60 : 20))
      await server.kill()
      await new Promise((resolve) => setTimeout(resolve, rng.int(0, 150)))
      await server.restart()
      resumed.push(await load.progress(1, RESUME_MS))
    }
    await quiet?.()
    console.log(`resumed after ${resumed.join(', ')} ms`)
    const { missing } = await settled(load, store, appendfsync === 'always')
    if (appendfsync === 'always') expect(missing).toEqual([])
    if (missing.length > 0) console.log(`${missing.length} acknowledged jobs had not been written when Redis was killed`)
    // What is missing is exactly what never came into the file. Of what is there, the last may still be on its way.
    const unwritten = (): string[] => {
      const written = wordsWritten(server.dir)
      return [...load.journal.ids('enqueued')].filter((id) => !written.has(store.keys.job('q', id)))
    }
    await until('what is there is written', () => unwritten().length <= missing.length)
    expect(unwritten()).toEqual(missing)
  })

  it('is down for a while: one line when it goes, one when it is back, and jobs that run go on', { timeout: 120_000 }, async () => {
    // With everysec what was done in the last moment may be undone, and its lease be that of a worker who knows nothing of it.
    const server = await ownServer({ persist: true, args: ['--appendfsync', 'always'] })
    const store = openStore(server.url)
    const load = new Load(store)
    load.worker(server.url, { lease: 30_000 })
    load.produce(5, 50)
    await load.progress(20)
    await server.kill()
    await new Promise((resolve) => setTimeout(resolve, 7_000))
    await server.restart()
    await load.progress(10, RESUME_MS)
    await nothingLost(load, store)
    expect(load.refusals).toContain('RQTS_REDIS_UNAVAILABLE')
    expect(new Set(load.refusals)).toEqual(new Set(['RQTS_REDIS_UNAVAILABLE']))
    const said = load.logs[0]!.outages
    expect(said.slice(0, 2)).toEqual([
      expect.stringMatching(/^error Redis cannot be reached/),
      expect.stringMatching(/^info Redis answers again/),
    ])
    expect(said).toSatisfy(saidInPairs)
  })
})

describe('a worker that stops while Redis is away', () => {
  /** One job runs, Redis is killed, and the job ends. */
  async function endedInVain(): Promise<{ server: RedisServer; store: Store; load: Load; id: string }> {
    const server = await ownServer({ persist: true, args: ['--appendfsync', 'always'] })
    const store = openStore(server.url)
    const load = new Load(store)
    load.worker(server.url, { scheduler: false })
    const [id] = await put(store, 'q', { args: [-1] })
    load.journal.write('enqueued', id!)
    await load.progress(1)
    await server.kill()
    load.door.open()
    await until('it has ended', () => load.ends === 1)
    return { server, store, load, id: id! }
  }

  it('keeps trying to write the outcome of a job that has ended, for its shutdownTimeout', { timeout: 120_000 }, async () => {
    const { server, store, load } = await endedInVain()
    await until('the worker has met it', () => load.logs[0]!.outages.length > 0)
    const stopped = load.workers[0]!.stop()
    await server.restart()
    await stopped
    expect(await account(store, 'q', load.journal)).toMatchObject({ finished: 1, starts: 1, missing: [] })
  })

  it('gives it up after that, says so, and the job runs again', { timeout: 120_000 }, async () => {
    const { server, store, load, id } = await endedInVain()
    await load.workers[0]!.stop({ timeout: 100 })
    expect(load.logs[0]!.outages).toEqual([
      expect.stringMatching(/^error Redis cannot be reached/),
      'error Redis did not take these outcomes before the worker had to end; the jobs run again',
    ])
    await server.restart()
    load.worker(server.url)
    await drained(store, 'q')
    expect(await account(store, 'q', load.journal)).toMatchObject({ finished: 1, starts: 2, missing: [] })
    expect(load.journal.read().filter((entry) => entry.what === 'start' && entry.id === id)).toHaveLength(2)
  })
})

describe('Redis disturbs', () => {
  it('CLIENT KILL every 200 ms, SCRIPT FLUSH every 50 ms', { timeout: 120_000 }, async () => {
    const server = await ownServer()
    const admin = adminOf(server)
    const store = openStore(server.url)
    const load = new Load(store)
    load.worker(server.url)
    load.produce()
    await load.progress(5)
    let through = 0
    const kills = every(200, async () => {
      // On a machine that is so slow that nothing gets through in between, this would be an outage.
      const acknowledged = load.journal.ids('enqueued').size
      if (acknowledged === through) return
      through = acknowledged
      await admin.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
      await admin.call('CLIENT', 'KILL', 'TYPE', 'pubsub')
    })
    const flushes = every(50, () => admin.script('FLUSH'))
    for (let n = 0; n < 4; n++) await load.progress(100)
    await Promise.all([kills(), flushes()])
    await nothingLost(load, store)
    expect(load.refusals).toEqual([])
  })

  it('CLIENT PAUSE longer than the lease', { timeout: 120_000 }, async () => {
    const server = await ownServer()
    const admin = adminOf(server)
    const store = openStore(server.url)
    const load = new Load(store)
    load.worker(server.url, { lease: 1_000 })
    load.produce(5, 20)
    await load.progress(20)
    await admin.call('CLIENT', 'PAUSE', '2500', 'ALL')
    await load.progress(20, 2_500 + RESUME_MS)
    await nothingLost(load, store)
  })

  it('stopped and continued by a signal', { timeout: 120_000 }, async () => {
    const server = await ownServer()
    const store = openStore(server.url)
    const load = new Load(store)
    load.worker(server.url, { lease: 1_000 })
    load.produce(5, 20)
    await load.progress(20)
    signalServer(server, 'SIGSTOP')
    await new Promise((resolve) => setTimeout(resolve, 8_000))
    signalServer(server, 'SIGCONT')
    await load.progress(20, RESUME_MS)
    await nothingLost(load, store)
  })
})

describe('the network', () => {
  it.each([
    ['50 ms of latency each way', { delayMs: 50 }],
    ['one byte at a time', 'trickle'],
  ] as const)('%s', { timeout: 120_000 }, async (_, mode) => {
    const server = await ownServer()
    // Byte by byte a long script would take longer than a call may.
    for (const { lua } of Object.values(scripts)) await adminOf(server).script('LOAD', lua)
    const proxy = await proxyTo(server)
    const store = openStore(proxy.url)
    const load = new Load(store)
    load.worker(proxy.url, { lease: 2_000 })
    proxy.up = mode
    proxy.down = mode
    load.produce(20)
    await load.progress(50)
    await load.stopProducing()
    expect(load.refusals).toEqual([])
    proxy.up = 'pass'
    proxy.down = 'pass'
    await nothingLost(load, store)
  })

  it.each(['up', 'down'] as const)('bytes %s the wire vanish for 7 s, then arrive', { timeout: 120_000 }, async (way) => {
    const server = await ownServer()
    const proxy = await proxyTo(server)
    const store = openStore(server.url)
    const load = new Load(store)
    load.worker(proxy.url, { lease: 1_000 })
    load.produce(20, 20)
    await load.progress(20)
    proxy[way] = 'hold'
    await new Promise((resolve) => setTimeout(resolve, 7_000))
    proxy[way] = 'pass'
    await load.progress(20, RESUME_MS)
    await nothingLost(load, store)
  })

  it('connections that are dead without a word are noticed, busy or idle', { timeout: 120_000 }, async () => {
    const server = await ownServer()
    const proxy = await proxyTo(server)
    const store = openStore(server.url)
    const load = new Load(store)
    load.worker(proxy.url, { lease: 1_000 })
    await new Promise((resolve) => load.workers[0]!.on('ready', resolve))
    proxy.strand()
    load.produce(20)
    // The deadline of a call or of a blocking wait, then a new connection.
    await load.progress(20, 10_000 + RESUME_MS)
    await nothingLost(load, store)
  })

  it('every tenth call is cut, before Redis or after', { timeout: 120_000 }, async () => {
    const rng = random('cuts')
    const server = await ownServer()
    const proxy = await proxyTo(server)
    const store = openStore(proxy.url)
    const load = new Load(store)
    load.worker(proxy.url)
    load.produce()
    await load.progress(5)
    const shas = new Set(Object.values(scripts).map(({ sha }) => sha))
    const matches =
      (cut: number) =>
      ([name, sha]: readonly string[]) =>
        name === 'EVALSHA' && shas.has(sha!) && rng.next() < cut
    void proxy.cut({ cut: 'reply', times: 40, matches: matches(0.1) })
    void proxy.cut({ cut: 'before', times: 20, matches: matches(0.05) })
    await load.progress(300, 60_000)
    await nothingLost(load, store)
  })
})

describe('the password', () => {
  it('is changed under a running worker: it says so once, and goes on when it may again', { timeout: 120_000 }, async () => {
    const server = await ownServer()
    const admin = adminOf(server)
    await admin.call('ACL', 'SETUSER', 'app', 'on', '>old-secret', '~*', '&*', '+@all')
    const url = server.url.replace('redis://', 'redis://app:old-secret@')
    const store = openStore(url)
    const load = new Load(store)
    load.worker(url)
    load.produce(10)
    await load.progress(10)
    await admin.call('ACL', 'SETUSER', 'app', 'resetpass', '>new-secret')
    await admin.call('CLIENT', 'KILL', 'USER', 'app')
    await until('both are refused', () => load.refusals.length > 0 && load.logs[0]!.outages.length > 0)
    const connections = /total_connections_received:(\d+)/
    const tries = async (): Promise<number> => Number(connections.exec(await admin.info('stats'))![1])
    const before = await tries()
    await new Promise((resolve) => setTimeout(resolve, 2_000))
    // Tried again about once a second by each connection, and not in a storm.
    expect((await tries()) - before).toBeLessThan(100)
    await admin.call('ACL', 'SETUSER', 'app', '>old-secret')
    await load.progress(10)
    await nothingLost(load, store)
    const said = load.logs[0]!.lines.map(({ text }) => text).join('\n')
    expect(load.logs[0]!.outages.at(-1)).toMatch(/^info Redis answers again/)
    expect(said).toMatch(/WRONGPASS|password/i)
    expect(said).not.toContain('secret')
  })
})
