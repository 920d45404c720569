import { describe, expect, it } from 'vitest'
import { silentLogger } from '../../lib/logger.ts'
import { Leader } from '../../lib/service/leader.ts'
import { Ticker } from '../../lib/service/ticker.ts'
import type { Store } from '../../lib/store/store.ts'
import { random } from '../support/random.ts'
import { openStore, ownServer } from '../support/servers.ts'
import { put, take } from './jobs.ts'

const LEASE_MS = 1_000
const MARKER_MS = 2_000
/** Until its lock ends, and a moment more, so that not all who follow ask at once. */
const LEADERLESS_MS = 2_750
const SCHEDULES_MS = 6_100
/** How often each death happens, at random moments. */
const DEATHS = 20

interface Member {
  /** One round; returns the ms until the next. */
  tick(): Promise<number>
}

/**
 * Members whose rounds the test makes, each when it has asked for it, while the time between the rounds passes in Redis alone: what
 * this machine does meanwhile costs nothing, so what is measured is what they decide. Real time that passes too only brings ends nearer.
 */
class Rounds {
  readonly #store: Store
  readonly #lock: string
  readonly #at = new Map<Member, number>()
  now = 0

  constructor(store: Store, lock: string) {
    this.#store = store
    this.#lock = lock
  }

  add(member: Member, firstMs = 0): void {
    this.#at.set(member, this.now + firstMs)
  }

  /** It makes no further round, and says nothing of it. */
  kill(member: Member): void {
    this.#at.delete(member)
  }

  async next(): Promise<void> {
    const [member, at] = [...this.#at].reduce((first, other) => (other[1] < first[1] ? other : first))
    await this.pass(at - this.now)
    this.#at.set(member, this.now + (await member.tick()))
  }

  /** Makes all rounds of this time. */
  async run(ms: number): Promise<void> {
    const end = this.now + ms
    while (Math.min(...this.#at.values()) <= end) await this.next()
    await this.pass(end - this.now)
  }

  /** Ms until the rounds have brought it about. */
  async until(done: () => boolean | Promise<boolean>, withinMs: number): Promise<number> {
    const began = this.now
    while (!(await done()) && this.now - began <= withinMs * 2) await this.next()
    return this.now - began
  }

  /** Leases and the lock are that much nearer to their ends. */
  async pass(ms: number): Promise<void> {
    this.now += ms
    const { client, keys } = this.#store
    const started = keys.container('q', 'started')
    for (const id of (await client.call('ZRANGE', started, 0, -1)) as string[]) await client.call('ZINCRBY', started, -ms, id)
    const left = Number(await client.call('PTTL', this.#lock))
    if (left > ms) await client.call('PEXPIRE', this.#lock, Math.floor(left - ms))
    else await client.call('DEL', this.#lock)
  }
}

interface Company {
  store: Store
  rounds: Rounds
  recovered: Set<string>
  /** Kills the one who leads or one who does not; false when nobody leads, because the machine has stood still for too long. */
  kill(leads: boolean): Promise<boolean>
}

function company(url: string): Company {
  const store = openStore(url)
  const rounds = new Rounds(store, store.keys.queuePart('q', 'leader'))
  const recovered = new Set<string>()
  const lost = (_: string, ids: readonly string[]): void => ids.forEach((id) => recovered.add(id))
  const names = ['a', 'b', 'c']
  const leaders = new Map(
    names.map((worker) => [worker, new Leader(store, { worker, maxLost: 3, queues: () => ['q'], logger: silentLogger, lost })]),
  )
  for (const leader of leaders.values()) rounds.add(leader)
  const kill = async (leads: boolean): Promise<boolean> => {
    const holder = String(await store.client.call('GET', store.keys.queuePart('q', 'leader')))
    if (!leaders.has(holder)) return false
    rounds.kill(leaders.get(leads ? holder : names.find((name) => name !== holder)!)!)
    return true
  }
  return { store, rounds, recovered, kill }
}

describe('what a death costs, whatever the machine does meanwhile', () => {
  it.each([
    ['one who follows', false],
    ['the leader', true],
  ])('%s dies: its job is put back within lease + 6 s', async (who, leads) => {
    const rng = random(`pace ${who}`)
    const { url } = await ownServer()
    for (let n = 0; n < DEATHS; n++) {
      const { store, rounds, recovered, kill } = company(url)
      await rounds.run(rng.int(100, 9_000))
      const [id] = await put(store, 'q', {})
      await take(store, { leaseMs: LEASE_MS })
      if (!(await kill(leads))) continue
      expect(await rounds.until(() => recovered.has(id!), LEASE_MS + 6_000)).toBeLessThanOrEqual(LEASE_MS + 6_000)
    }
  })

  it.each([
    ['one who follows', false, MARKER_MS],
    ['the leader', true, LEADERLESS_MS],
  ])('%s dies with the marker in its hand: there is another soon', async (who, leads, withinMs) => {
    const rng = random(`pace marker ${who}`)
    const { url } = await ownServer()
    for (let n = 0; n < DEATHS; n++) {
      const { store, rounds, kill } = company(url)
      await rounds.run(rng.int(100, 9_000))
      await put(store, 'q', {})
      const marker = store.keys.queuePart('q', 'wake')
      expect(await store.client.call('DEL', marker)).toBe(1)
      if (!(await kill(leads))) continue
      const there = async (): Promise<boolean> => (await store.client.call('EXISTS', marker)) === 1
      expect(await rounds.until(there, withinMs)).toBeLessThanOrEqual(withinMs)
    }
  })

  it('the one who fires schedules dies: another does within six seconds', async () => {
    const rng = random('pace schedules')
    const { url } = await ownServer()
    for (let n = 0; n < DEATHS; n++) {
      const store = openStore(url)
      const lock = store.keys.schedulePart('ticker')
      const rounds = new Rounds(store, lock)
      const tickers = new Map(['a', 'b', 'c'].map((name) => [name, new Ticker(store, { name, logger: silentLogger })]))
      for (const ticker of tickers.values()) rounds.add(ticker, rng.int(0, 50))
      await rounds.run(rng.int(100, 9_000))
      const holder = String(await store.client.call('GET', lock))
      // None, when the machine stood still for long: then whoever comes first is another.
      if (tickers.has(holder)) rounds.kill(tickers.get(holder)!)
      const replaced = async (): Promise<boolean> => ![holder, null].includes((await store.client.call('GET', lock)) as string | null)
      expect(await rounds.until(replaced, SCHEDULES_MS)).toBeLessThanOrEqual(SCHEDULES_MS)
    }
  })
})
