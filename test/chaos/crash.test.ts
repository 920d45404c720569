import { describe, expect, it } from 'vitest'
import { enqueueJobs } from '../../lib/store/enqueue.ts'
import type { Store } from '../../lib/store/store.ts'
import { Journal } from '../support/journal.ts'
import { random, SEED } from '../support/random.ts'
import { every, openStore, ownServer } from '../support/servers.ts'
import { until } from '../support/stage.ts'
import { account, drained } from './account.ts'
import { Crew } from './crew.ts'
import { type JobSketch, newJob } from './jobs.ts'

const KILLS = Number(process.env['RQTS_CHAOS_KILLS'] ?? 200)
const JOBS = Number(process.env['RQTS_CHAOS_JOBS'] ?? 2_000)
const LEASE_MS = 1_000
/** Lease, then a new leader and its sweep; then room for a machine that does other things too. */
const RERUN_MS = LEASE_MS + 6_000 + 20_000
/** Where everybody is killed twice a second, no leader lives long either. */
const STORM_RERUN_MS = 60_000

async function enqueue(store: Store, journal: Journal, sketches: JobSketch[]): Promise<string[]> {
  const jobs = sketches.map(newJob)
  const { outcomes } = await enqueueJobs(store, 'q', jobs, false)
  outcomes.forEach((outcome, i) => outcome.kind === 'created' && journal.write('enqueued', jobs[i]!.id))
  return jobs.map((job) => job.id)
}

/** For each killed attempt that had begun: how long until the next one began. */
function rerunTimes(journal: Journal): number[] {
  const entries = journal.read()
  const killedAt = new Map(entries.flatMap((entry) => (entry.what === 'kill' ? [[entry.pid, entry.at] as const] : [])))
  const starts = entries.filter((entry) => entry.what === 'start')
  const nextStart = new Map<string, number>()
  const times: number[] = []
  for (const start of starts.reverse()) {
    const killed = killedAt.get(start.pid)
    const next = nextStart.get(start.id)
    if (killed !== undefined && next !== undefined) times.push(next - killed)
    nextStart.set(start.id, start.at)
  }
  return times.sort((a, b) => a - b)
}

describe('worker processes that are killed', () => {
  it(`${KILLS} kills over ${JOBS} jobs: nothing is lost, each job ends once, and soon`, { timeout: 300_000 }, async () => {
    const rng = random('crash')
    const store = openStore((await ownServer()).url)
    const journal = new Journal()
    const crew = await new Crew(4, {
      url: store.client.where.split(' ')[0]!,
      prefix: store.keys.prefix,
      journal,
      options: { lease: LEASE_MS, maxLost: 100, concurrency: 5 },
    }).ready()
    let enqueued = 0
    for (let kills = 0; kills < KILLS; ) {
      const share = Math.min(JOBS - enqueued, Math.ceil(JOBS / KILLS))
      if (share > 0)
        await enqueue(
          store,
          journal,
          Array.from({ length: share }, () => ({ args: [rng.int(0, 60)] })),
        )
      enqueued += share
      await new Promise((resolve) => setTimeout(resolve, rng.int(0, 100)))
      const at = rng.int(0, crew.members.length - 1)
      // One that has not begun to work proves little.
      if (crew.members[at]!.count('ready') === 0) continue
      crew.kill(at)
      kills++
    }
    await drained(store, 'q')
    const seen = await account(store, 'q', journal)
    const times = rerunTimes(journal)
    const p = (share: number): number => times[Math.floor((times.length - 1) * share)] ?? 0
    console.log(
      `seed ${SEED}: ${KILLS} kills, ${JOBS} jobs, ${seen.starts} starts, ${seen.repeated} repeated; rerun p50 ${p(0.5)} ms, max ${p(1)} ms`,
    )
    expect(seen).toMatchObject({ acknowledged: JOBS, finished: JOBS, lost: [], missing: [] })
    expect(times.length).toBeGreaterThan(KILLS / 20)
    expect(p(1)).toBeLessThan(STORM_RERUN_MS)
    await crew.stop()
    journal.close()
  })

  it('the jobs of one that dies run again within lease + 6 s, also when it was the leader', { timeout: 120_000 }, async () => {
    const store = openStore((await ownServer()).url)
    const journal = new Journal()
    const options = { lease: LEASE_MS, concurrency: 3, maxLost: 100 }
    const crew = await new Crew(3, { url: store.client.where.split(' ')[0]!, prefix: store.keys.prefix, journal, options }).ready()
    const starts = (): number => journal.read().filter((entry) => entry.what === 'start').length
    for (let n = 0; n < 4; n++) {
      // Before there is anything to begin: a quick worker would be counted as having begun earlier.
      const before = starts()
      const leader = String(await store.client.call('GET', store.keys.queuePart('q', 'leader')))
      await enqueue(
        store,
        journal,
        Array.from({ length: 9 }, () => ({ args: [1_500] })),
      )
      await until('all run', () => starts() >= before + 9, 60_000)
      const at = crew.members.findIndex((member) => leader.includes(`.${member.pid}.`))
      crew.kill(Math.max(0, at))
      await drained(store, 'q')
      await crew.ready()
    }
    const times = rerunTimes(journal)
    console.log(`reruns after ${times.join(', ')} ms`)
    // Three of each round, unless the machine is so slow that some had ended.
    expect(times.length).toBeGreaterThan(0)
    expect(times.at(-1)).toBeLessThan(RERUN_MS)
    await account(store, 'q', journal)
    await crew.stop()
    journal.close()
  })

  it.each([
    ['poison', undefined],
    ['leak', 64],
  ])(
    'a job that takes its process down (%s) stops after three losses, and takes none of its neighbours along',
    { timeout: 120_000 },
    async (task, heapMb) => {
      const store = openStore((await ownServer()).url)
      const journal = new Journal()
      const crew = await new Crew(2, {
        url: store.client.where.split(' ')[0]!,
        prefix: store.keys.prefix,
        journal,
        // Long: a neighbour that has lost two workers to the bad job must not lose its lease, too, because the machine stands still.
        options: { lease: task === 'leak' ? 6_000 : 4_000, concurrency: 5 },
        ...(heapMb !== undefined && { heapMb }),
      }).ready()
      const good = await enqueue(
        store,
        journal,
        Array.from({ length: 30 }, () => ({ args: [400] })),
      )
      const [bad] = await enqueue(store, journal, [{ task, control: { front: 1 } }])
      good.push(
        ...(await enqueue(
          store,
          journal,
          Array.from({ length: 30 }, () => ({ args: [400] })),
        )),
      )
      const tending = every(50, async () => crew.tend())
      await drained(store, 'q', 90_000)
      await tending()
      const seen = await account(store, 'q', journal)
      expect(seen).toEqual(expect.objectContaining({ finished: good.length, lost: [bad], missing: [] }))
      expect(journal.read().filter((entry) => entry.what === 'start' && entry.id === bad)).toHaveLength(3)
      await crew.stop()
      journal.close()
    },
  )
})
