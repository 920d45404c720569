import { readdirSync, statSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import type { Redis } from 'ioredis'
import { describe, expect, it, onTestFinished } from 'vitest'
import { clock } from '../../lib/clock.ts'
import { settle } from '../../lib/store/attempts.ts'
import { enqueueJobs } from '../../lib/store/enqueue.ts'
import { readJobs } from '../../lib/store/jobs.ts'
import { deliverOutbox, linkParents } from '../../lib/store/maintain.ts'
import { listIds } from '../../lib/store/queues.ts'
import { checkInvariants } from '../../lib/testing/invariants.ts'
import { Journal } from '../support/journal.ts'
import { random } from '../support/random.ts'
import { adminOf, openStore, ownServer } from '../support/servers.ts'
import { until } from '../support/stage.ts'
import { account, drained } from './account.ts'
import { Member } from './crew.ts'
import { newJob, put, request, take } from './jobs.ts'
import { Load } from './load.ts'

describe('an idle worker that is stopped', () => {
  it('keeps no job from the others: it blocks on a marker, not on a job', { timeout: 120_000 }, async () => {
    const server = await ownServer()
    const store = openStore(server.url)
    const journal = new Journal()
    const sleeper = new Member({ url: server.url, prefix: store.keys.prefix, journal, options: { scheduler: false } })
    await sleeper.said('ready')
    await until('it blocks', async () => String(await store.client.call('CLIENT', 'LIST')).includes('cmd=blpop'))
    sleeper.signal('SIGSTOP')
    const other = new Member({ url: server.url, prefix: store.keys.prefix, journal })
    await other.said('ready')
    const ids = await put(store, 'q', ...Array.from({ length: 5 }, () => ({ args: [0] })))
    await until('the other has done them', async () => (await listIds(store, 'q', 'finished')).length === ids.length)
    await sleeper.end('SIGKILL')
    journal.close()
  })
})

describe('clocks', () => {
  it.each([3_600_000, -3_600_000])('a worker that is %i ms off runs nothing early, late or twice', { timeout: 120_000 }, async (offMs) => {
    const server = await ownServer()
    const store = openStore(server.url)
    const load = new Load(store)
    const { now } = clock
    clock.now = () => Date.now() + offMs
    onTestFinished(() => {
      clock.now = now
    })
    load.worker(server.url, { lease: 2_000 })
    const ids = await put(store, 'q', { args: [5_000] }, { args: [5], control: { delay: 600 } }, { args: [5], control: { ttl: 60_000 } })
    await drained(store, 'q')
    const jobs = await readJobs(
      store,
      ids.map((id) => ({ queue: 'q', id })),
    )
    expect(jobs.map((job) => [job?.status, job?.attempt])).toEqual(ids.map(() => ['finished', 1]))
    expect(jobs[1]!.startedAt! - jobs[1]!.runAt!).toBeGreaterThanOrEqual(0)
    expect(jobs[1]!.startedAt! - jobs[1]!.runAt!).toBeLessThan(60_000)
  })
})

async function rewriteFile(admin: Redis): Promise<void> {
  const rewrites = async (): Promise<string> => /aof_rewrites:(\d+)/.exec(await admin.info('persistence'))?.[1] ?? ''
  const before = await rewrites()
  await admin.bgrewriteaof()
  await until(
    'the file is rewritten',
    async () => (await rewrites()) !== before && (await admin.info('persistence')).includes('aof_rewrite_in_progress:0'),
  )
}

describe('an append-only file whose end is cut off', () => {
  it('ends between two calls, never within one', { timeout: 120_000 }, async () => {
    const rng = random('truncate')
    const server = await ownServer({ persist: true, args: ['--aof-load-truncated', 'yes'] })
    const admin = adminOf(server)
    const store = openStore(server.url)
    const load = new Load(store)
    load.worker(server.url, { lease: 1_000 })
    load.produce(3)
    for (let n = 0; n < 8; n++) {
      await load.progress(20)
      await server.kill()
      const folder = join(server.dir, 'appendonlydir')
      const file = join(folder, readdirSync(folder).find((name) => name.endsWith('.incr.aof'))!)
      truncateSync(file, Math.max(0, statSync(file).size - rng.int(1, 3_000)))
      await server.restart()
      // Redis 7.0 leaves the half transaction in the file, and carries it out at the restart after this one. A rewrite drops it.
      await rewriteFile(admin)
    }
    await load.progress(20)
    await load.stopProducing()
    await drained(store, 'q')
    // Jobs of the part that was cut off are gone, as promised by nobody; what is there is whole.
    expect(await checkInvariants(store)).toEqual([])
    expect((await account(store, 'q', load.journal, false)).lost).toEqual([])
  })
})

describe('one id, a hundred times at once', () => {
  it('is one job', async () => {
    const store = openStore((await ownServer()).url)
    const calls = Array.from({ length: 100 }, (_, n) => {
      const job = newJob({ id: 'a', args: [n], control: { nonce: `n${n}` }, fields: { nonce: `n${n}` } })
      return enqueueJobs(store, 'q', [job], n % 2 === 0)
    })
    const kinds = (await Promise.all(calls)).map(({ outcomes }) => outcomes[0]!.kind)
    expect(kinds.filter((kind) => kind === 'created')).toHaveLength(1)
    expect(await listIds(store, 'q', 'queue')).toEqual(['a'])
  })
})

describe('a parent that ends while its child is registered', () => {
  it.each(['p', 'other'])('strands no child: the parent is in queue %s', { timeout: 120_000 }, async (queue) => {
    const rng = random(`race ${queue}`)
    const store = openStore((await ownServer()).url)
    for (let n = 0; n < 100; n++) {
      const [parent] = await put(store, queue, {})
      const [held] = await take(store, { queues: [queue] })
      const ref = queue === 'p' ? parent! : `${queue}/${parent}`
      const child = newJob({ control: { parents: [ref] }, fields: { parents: JSON.stringify([ref]), flags: 'm' } })
      const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, rng.next() * 3))
      await Promise.all([
        pause()
          .then(() => settle(store, request({ want: 0 }), [{ queue, id: parent!, token: held!.token, kind: 'ok', result: '1' }]))
          .then(() => deliverOutbox(store, queue)),
        pause()
          .then(() => enqueueJobs(store, 'p', [child], false))
          .then(() => linkParents(store, 'p', child.id)),
      ])
      expect((await readJobs(store, [{ queue: 'p', id: child.id }]))[0]?.status).toBe('queued')
      expect((await take(store, { queues: ['p'] })).map((job) => job.id)).toEqual([child.id])
    }
  })
})
