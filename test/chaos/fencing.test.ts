import { beforeAll, describe, expect, it } from 'vitest'
import { type RedisServer, startPrivateRedis } from '../../lib/embedded/index.ts'
import { type Outcome, renew, settle } from '../../lib/store/attempts.ts'
import { note, replaceMeta } from '../../lib/store/jobs.ts'
import { sweep } from '../../lib/store/maintain.ts'
import type { Store } from '../../lib/store/store.ts'
import { checkInvariants } from '../../lib/testing/invariants.ts'
import { Journal } from '../support/journal.ts'
import { adminOf, openStore } from '../support/servers.ts'
import { until } from '../support/stage.ts'
import { Member } from './crew.ts'
import { dump } from './dump.ts'
import { put, request, take } from './jobs.ts'

const STALE = { queue: 'q', id: 'a', token: 'first' }
const OWNER = { queue: 'q', id: 'a', token: 'second' }

let server: RedisServer
beforeAll(async () => {
  server = await startPrivateRedis({ install: true })
})

/** The job has gone from a worker that sleeps to one that does not. */
async function handOver(store: Store): Promise<void> {
  await until('the lease has ended', async () => (await sweep(store, 'q', 3)).requeued.includes('a'))
  await claimAgain(store)
}

async function claimAgain(store: Store): Promise<void> {
  expect(await take(store, { token: 'second', worker: 'rescuer' })).toMatchObject([{ id: 'a', attempt: 2 }])
  await note(store, OWNER, 'progress', '"of the second"')
}

async function finish(store: Store): Promise<void> {
  const { verdicts } = await settle(store, request({ want: 0, worker: 'rescuer' }), [{ ...OWNER, kind: 'ok', result: '"second"' }])
  expect(verdicts).toEqual(['written'])
  expect(await checkInvariants(store)).toEqual([])
}

describe('a stopped worker that wakes up after its lease', () => {
  it.each(['finish', 'fail', 'fail with retries left'])('changes nothing: its handler would %s', { timeout: 120_000 }, async (how) => {
    const store = openStore(server.url)
    const journal = new Journal()
    const member = new Member({ url: server.url, prefix: store.keys.prefix, journal, options: { lease: 1_000, scheduler: false } })
    const fields = how === 'fail with retries left' ? { retry: '{"max":5}', flags: 'm' } : {}
    await put(store, 'q', { id: 'a', task: 'zombie', args: [how.split(' ')[0]], control: {}, fields })
    await member.said('start a')
    member.signal('SIGSTOP')
    await handOver(store)
    const admin = adminOf(server)
    // Its heartbeat and what it counts are its own business, and it may take a marker; the rest is not.
    const queueOnly = async (): Promise<unknown> => {
      const keys = Object.entries(await dump(admin, store.keys.prefix)).filter(([name]) => /^{q}:(?!claim:|wake|stats:)/.test(name))
      return [keys, await admin.hgetall(store.keys.job('q', 'a')), await admin.zscore(store.keys.container('q', 'started'), 'a')]
    }
    const before = await queueOnly()
    member.signal('SIGCONT')
    expect(await member.said('aborted')).toBe('aborted RQTS_LEASE_LOST')
    await member.said('wrote')
    await member.end('SIGTERM')
    expect(await queueOnly()).toEqual(before)
    expect(member.count('lost a')).toBe(1)
    await finish(store)
    journal.close()
  })
})

const OUTCOMES: [string, Outcome][] = [
  ['finish', { ...STALE, kind: 'ok', result: '1' }],
  ['fail', { ...STALE, kind: 'fail', reason: 'error', error: '{}' }],
  ['retry', { ...STALE, kind: 'retry', delayMs: 0, error: '{}' }],
  ['stop', { ...STALE, kind: 'stop', reason: 'canceled', error: '' }],
  ['release', { ...STALE, kind: 'release' }],
]

const WRITES: [string, (store: Store) => Promise<unknown>, unknown][] = [
  ...OUTCOMES.map(([name, outcome]): [string, (store: Store) => Promise<unknown>, unknown] => [
    name,
    async (store) => (await settle(store, request({ want: 0 }), [outcome])).verdicts,
    ['refused'],
  ]),
  ['progress', (store) => note(store, STALE, 'progress', '1'), false],
  ['log', (store) => note(store, STALE, 'log', 'line'), false],
  ['meta', (store) => replaceMeta(store, STALE, undefined, '{}'), false],
  ['renew', (store) => renew(store, 'q', [STALE], 60_000), ['lost']],
]

describe('a stale token', () => {
  it.each(WRITES)('%s is refused, whatever has become of the job since', async (_, write, refusal) => {
    const admin = adminOf(server)
    const store = openStore(server.url)
    await put(store, 'q', { id: 'a' })
    await take(store, { token: 'first', leaseMs: 100 })
    await until('the lease has ended', async () => (await sweep(store, 'q', 3)).requeued.includes('a'))
    const waiting = await dump(admin, store.keys.prefix)
    expect(await write(store)).toEqual(refusal)
    expect(await dump(admin, store.keys.prefix)).toEqual(waiting)
    await claimAgain(store)
    const before = await dump(admin, store.keys.prefix)
    expect(await write(store)).toEqual(refusal)
    expect(await dump(admin, store.keys.prefix)).toEqual(before)
    await finish(store)
    const finished = await dump(admin, store.keys.prefix)
    expect(await write(store)).toEqual(refusal)
    expect(await dump(admin, store.keys.prefix)).toEqual(finished)
    await admin.del(store.keys.job('q', 'a'))
    await admin.zrem(store.keys.container('q', 'finished'), 'a')
    const gone = await dump(admin, store.keys.prefix)
    expect(await write(store)).toEqual(refusal)
    expect(await dump(admin, store.keys.prefix)).toEqual(gone)
  })
})
