import { describe, expect, it } from 'vitest'
import { newJobId } from '../../lib/job/id.ts'
import { enqueueJobs } from '../../lib/store/enqueue.ts'
import type { Store } from '../../lib/store/store.ts'
import { idleProducer } from '../support/idle-producer.ts'
import { MASTER_NAME, type SentinelGroup, startSentinelGroup } from '../support/sentinel.ts'
import { openStore, signalServer } from '../support/servers.ts'
import { until } from '../support/stage.ts'
import { account, drained } from './account.ts'
import { newJob } from './jobs.ts'
import { Load, saidInPairs } from './load.ts'

/** Detection takes a second, the vote and the promotion another; the rest is for a loaded machine. */
const RESUME_MS = 40_000

interface Rig {
  group: SentinelGroup
  store: Store
  load: Load
}

/** One producer and one worker that know nothing but the sentinels. A job counts as acknowledged once both replicas have it, as either may be promoted. */
async function rig(): Promise<Rig> {
  const group = await startSentinelGroup()
  const store = openStore(group.url)
  const load = new Load(store)
  load.worker(group.url, { lease: 3_000 })
  load.replicas = 2
  load.produce()
  await load.progress(50)
  return { group, store, load }
}

async function settled({ store, load }: Rig): Promise<void> {
  await load.stopProducing()
  await drained(store, 'q')
  const seen = await account(store, 'q', load.journal)
  console.log(`${seen.acknowledged} acknowledged, ${seen.starts} starts, ${seen.repeated} repeated, refused ${load.refusals.length} times`)
  expect(seen).toMatchObject({ finished: seen.acknowledged, lost: [], missing: [] })
  expect(seen.acknowledged).toBeGreaterThan(50)
}

describe('Redis Sentinel', () => {
  it('a master that is killed: the worker goes on with its replica, by itself', { timeout: 150_000 }, async () => {
    const rigged = await rig()
    const { group, load } = rigged
    const old = await group.master()
    const began = performance.now()
    await old.kill('SIGKILL')
    await group.failedOver(old)
    // Before anything is waited for: the job at hand may have run already, and no second replica will ever say that it has it.
    load.replicas = 1
    await load.progress(1, RESUME_MS)
    console.log(`resumed ${Math.round(performance.now() - began)} ms after the kill`)
    await load.progress(50, RESUME_MS)
    await settled(rigged)
    // One line when it goes, one when it is back; none when calls could wait for the new master.
    const lines = load.logs[0]!.outages
    expect(lines).toSatisfy(saidInPairs)
    for (const line of lines)
      expect(line).toMatch(/^error Redis cannot be reached; running jobs go on, their outcomes are kept|^info Redis answers again/)
  })

  it('SENTINEL FAILOVER under load, while the old master is well', { timeout: 150_000 }, async () => {
    const rigged = await rig()
    const { group, load } = rigged
    const old = await group.master()
    // Refused as long as it has not heard lately that a replica is well, and when another failover is under way.
    const begun = (): Promise<boolean> =>
      group.sentinels[0]!.admin.call('SENTINEL', 'FAILOVER', MASTER_NAME).then(
        () => true,
        (error: Error) => error.message.includes('INPROG'),
      )
    await until('it begins', begun)
    await group.failedOver(old)
    // Until the old one has become its second replica, nothing counts as acknowledged.
    await load.progress(50, 2 * RESUME_MS)
    await settled(rigged)
  })

  it('a master that hangs and comes back: nobody stays with it', { timeout: 150_000 }, async () => {
    const rigged = await rig()
    const { group, load } = rigged
    const old = await group.master()
    const began = performance.now()
    signalServer(old, 'SIGSTOP')
    await group.failedOver(old)
    load.replicas = 1
    await load.progress(1, RESUME_MS)
    console.log(`resumed ${Math.round(performance.now() - began)} ms after the stop`)
    signalServer(old, 'SIGCONT')
    await load.progress(50, RESUME_MS)
    await settled(rigged)
  })

  it('a sentinel that hangs is passed over', { timeout: 120_000 }, async () => {
    const group = await startSentinelGroup()
    process.kill(group.sentinels[0]!.pid, 'SIGSTOP')
    const store = openStore(group.url)
    const id = newJobId()
    const { outcomes } = await enqueueJobs(store, 'q', [newJob({ id })], false)
    expect(outcomes).toMatchObject([{ kind: 'created' }])
    process.kill(group.sentinels[0]!.pid, 'SIGCONT')
  })

  it('a producer that is done ends by itself', { timeout: 120_000 }, async () => {
    const group = await startSentinelGroup()
    await expect(idleProducer(group.url)).resolves.toBe('exit 0')
  })
})
