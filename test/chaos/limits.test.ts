import { describe, expect, it } from 'vitest'
import { type LimitChanges, normalizeLimits } from '../../lib/job/limits.ts'
import { enqueueJobs } from '../../lib/store/enqueue.ts'
import { changeLimits } from '../../lib/store/limits.ts'
import type { Store } from '../../lib/store/store.ts'
import { type Entry, Journal } from '../support/journal.ts'
import { openStore, ownServer } from '../support/servers.ts'
import { until } from '../support/stage.ts'
import { account, drained } from './account.ts'
import { Crew } from './crew.ts'
import { newJob } from './jobs.ts'

/** A process that only stands still for a while must not lose its jobs: they would run twice at one time, and count twice. */
const LEASE_MS = 4_000

/** Three worker processes of five slots each on a queue with limits. */
async function crewOf(limits: LimitChanges): Promise<{ store: Store; journal: Journal; crew: Crew }> {
  const store = openStore((await ownServer()).url)
  const journal = new Journal()
  await changeLimits(store, 'q', normalizeLimits(limits))
  const options = { lease: LEASE_MS, concurrency: 5, maxLost: 100 }
  const url = store.client.where.split(' ')[0]!
  return { store, journal, crew: await new Crew(3, { url, prefix: store.keys.prefix, journal, options }).ready() }
}

async function put(
  store: Store,
  journal: Journal,
  count: number,
  job: (i: number) => { task?: string; ms: number; key?: string },
): Promise<void> {
  const jobs = Array.from({ length: count }, (_, i) => {
    const { task = 'measured', ms, key } = job(i)
    const line = key === undefined ? {} : { control: { line: 'k' }, fields: { concurrency_key: key, flags: 'k' } }
    return newJob({ id: `${key ?? 'x'}-${task}-${i}`, task, args: [ms], ...line })
  })
  await enqueueJobs(store, 'q', jobs, true)
  for (const { id } of jobs) journal.write('enqueued', id)
}

/** The most runs at one time, of all or of each group. A run ends with its handler or with its process. */
function peaks(entries: readonly Entry[], group: (id: string) => string = () => 'all'): Map<string, number> {
  const running = new Map<string, Map<string, number>>()
  const most = new Map<string, number>()
  const killed = new Set<number>()
  for (const { what, id, pid } of entries) {
    // Its kill is written down first: what it began between that and its end ended with it.
    if (killed.has(pid)) continue
    if (what === 'kill') {
      killed.add(pid)
      for (const runs of running.values()) for (const [run, of] of runs) if (of === pid) runs.delete(run)
    } else if (what === 'start' || what === 'end') {
      const name = group(id)
      const runs = running.get(name) ?? new Map<string, number>()
      running.set(name, runs)
      if (what === 'end') runs.delete(`${id} ${pid}`)
      else runs.set(`${id} ${pid}`, pid)
      most.set(name, Math.max(most.get(name) ?? 0, runs.size))
    }
  }
  return most
}

const keyOf = (id: string): string => id.split('-')[0]!
const taskOf = (id: string): string => id.split('-')[1]!

describe('limits, with several worker processes', () => {
  it('of a queue, of a task and of keys are never exceeded, though holders are killed', { timeout: 120_000 }, async () => {
    const { store, journal, crew } = await crewOf({ concurrency: 6, perKey: 2, keys: { b: 1 }, tasks: { rare: { concurrency: 2 } } })
    const keys = ['a', 'b', 'c', 'd', undefined]
    await put(store, journal, 300, (i) => ({ ms: 30, task: i % 4 === 0 ? 'rare' : 'measured', ...(keys[i % 5] && { key: keys[i % 5]! }) }))
    const starts = (): number => journal.read().filter((entry) => entry.what === 'start').length
    for (let kills = 0; kills < 5; kills++) {
      await until('more have begun', () => starts() >= (kills + 1) * 40)
      crew.kill(kills % crew.members.length)
    }
    await drained(store, 'q')
    expect(await account(store, 'q', journal)).toMatchObject({ acknowledged: 300, finished: 300, missing: [] })
    const entries = journal.read()
    expect(peaks(entries).get('all')).toBeLessThanOrEqual(6)
    expect(peaks(entries, taskOf).get('rare')).toBeLessThanOrEqual(2)
    const byKey = peaks(entries, keyOf)
    for (const key of ['a', 'c', 'd']) expect(byKey.get(key), key).toBeLessThanOrEqual(2)
    expect(byKey.get('b')).toBe(1)
    expect(byKey.get('x')).toBeGreaterThan(2)
    await crew.stop()
    journal.close()
  })

  it('in no period more jobs start than the rate allows, and none is forgotten', { timeout: 120_000 }, async () => {
    const rates = { q: { max: 25, per: 500 }, rare: { max: 5, per: 700 } }
    const { store, journal, crew } = await crewOf({ rate: rates.q, tasks: { rare: { rate: rates.rare } } })
    await put(store, journal, 120, (i) => ({ ms: 0, task: i % 5 === 0 ? 'rare' : 'measured' }))
    await drained(store, 'q')
    expect(await account(store, 'q', journal)).toMatchObject({ acknowledged: 120, finished: 120, missing: [] })
    const ids = [...journal.ids('enqueued')]
    const times = (await store.client.callAll(ids.map((id) => ['HGET', store.keys.job('q', id), 'started_at'] as const))).map(Number)
    const shortest = (of: readonly number[], max: number): number => {
      const sorted = [...of].sort((a, b) => a - b)
      return Math.min(...sorted.slice(max).map((at, i) => at - sorted[i]!))
    }
    expect(shortest(times, rates.q.max)).toBeGreaterThanOrEqual(rates.q.per)
    const rare = times.filter((_, i) => taskOf(ids[i]!) === 'rare')
    expect(shortest(rare, rates.rare.max)).toBeGreaterThanOrEqual(rates.rare.per)
    await crew.stop()
    journal.close()
  })

  it('keys take turns: one with few jobs does not wait for one with many', { timeout: 120_000 }, async () => {
    const { store, journal, crew } = await crewOf({ concurrency: 1 })
    await put(store, journal, 60, () => ({ ms: 1, key: 'many' }))
    await put(store, journal, 5, () => ({ ms: 1, key: 'few' }))
    await drained(store, 'q')
    const order = journal.read().flatMap(({ what, id }) => (what === 'start' ? [keyOf(id)] : []))
    // The first of the many may be through before the few are there; from then on it is one of each.
    const first = order.indexOf('few')
    expect(order.slice(first, order.lastIndexOf('few') + 1).filter((key) => key === 'many').length).toBeLessThanOrEqual(5)
    await account(store, 'q', journal)
    await crew.stop()
    journal.close()
  })
})
