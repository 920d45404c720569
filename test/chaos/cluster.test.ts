import { describe, expect, it, onTestFinished } from 'vitest'
import { RqtsError } from '../../lib/errors.ts'
import { Queue, Worker } from '../../lib/index.ts'
import { partitionNames } from '../../lib/partition.ts'
import { enqueueJobs } from '../../lib/store/enqueue.ts'
import { readJobs } from '../../lib/store/jobs.ts'
import { linkParents } from '../../lib/store/maintain.ts'
import { listIds } from '../../lib/store/queues.ts'
import { Store } from '../../lib/store/store.ts'
import { checkInvariants } from '../../lib/testing/invariants.ts'
import { BaseWorker } from '../../lib/worker/worker.ts'
import { moveSlot, startCluster, type TestCluster } from '../support/cluster.ts'
import { idleProducer } from '../support/idle-producer.ts'
import { testPrefix } from '../support/redis.ts'
import { until } from '../support/stage.ts'
import { newJob, put } from './jobs.ts'
import { Log, saidInPairs } from './load.ts'

const QUEUES = Array.from({ length: 9 }, (_, n) => `q${n}`)

interface Rig {
  store: Store
  log: Log
  started: string[]
  acknowledged: Map<string, string[]>
  enqueue(queue: string): Promise<void>
  /** All that was acknowledged; unless `promised`, all of it that Redis still knows. */
  finished(promised?: boolean): Promise<boolean>
}

/** Queues over all slots, one worker for all of them. */
function rig(cluster: TestCluster): Rig {
  const prefix = testPrefix()
  const store = new Store({ connection: cluster.url, prefix })
  const log = new Log()
  const started: string[] = []
  function work(this: { id: string }): string {
    started.push(this.id)
    return this.id
  }
  const worker = new BaseWorker(
    QUEUES,
    { connection: cluster.url, prefix, tasks: [work], logger: log, lease: 3_000 },
    () => (async () => undefined) as never,
  )
  void worker.run()
  onTestFinished(async () => {
    await worker.stop({ force: true })
    await store.close()
  })
  const acknowledged = new Map(QUEUES.map((queue) => [queue, [] as string[]]))
  return {
    store,
    log,
    started,
    acknowledged,
    /** The same id until it is acknowledged. */
    async enqueue(queue) {
      const job = newJob()
      for (;;) {
        try {
          await enqueueJobs(store, queue, [job], false)
          acknowledged.get(queue)!.push(job.id)
          return
        } catch (error) {
          if (!(error instanceof RqtsError) || error.code !== 'RQTS_REDIS_UNAVAILABLE') throw error
        }
      }
    },
    async finished(promised = true) {
      for (const [queue, ids] of acknowledged) {
        const done = new Set(await listIds(store, queue, 'finished').catch(() => []))
        const left = ids.filter((id) => !done.has(id)).map((id) => ({ queue, id }))
        if (left.length === 0) continue
        if (promised) return false
        const known = await readJobs(store, left).catch(() => [true])
        if (known.some(Boolean)) return false
      }
      return true
    },
  }
}

function echo(n: number): number {
  return n
}

describe('a Redis Cluster', () => {
  it('queues and dependencies over all slots', { timeout: 120_000 }, async () => {
    const { store, started, acknowledged, enqueue, finished } = rig(await startCluster(3, false))
    for (let n = 0; n < 10; n++) for (const queue of QUEUES) await enqueue(queue)
    // A chain through all queues: each child waits for a parent in another slot.
    let parent: string | undefined
    for (const [n, queue] of QUEUES.entries()) {
      const id = `chain${n}`
      const parents = parent === undefined ? [] : [parent]
      await put(store, queue, { id, control: { parents }, fields: { parents: JSON.stringify(parents), flags: 'm' } })
      await linkParents(store, queue, id)
      acknowledged.get(queue)!.push(id)
      parent = `${queue}/${id}`
    }
    await until('all have finished', finished, 60_000)
    expect(started.filter((id) => id.startsWith('chain'))).toEqual(QUEUES.map((_, n) => `chain${n}`))
    expect(new Set(started).size).toBe(started.length)
    for (const queue of QUEUES) expect(await checkInvariants(store, { queues: [queue] })).toEqual([])
  })

  it('a slot that moves under load: its queue pauses, and nothing is lost or split', { timeout: 150_000 }, async () => {
    const cluster = await startCluster(3, false)
    const { store, acknowledged, enqueue, finished } = rig(cluster)
    const queue = QUEUES[0]!
    const slot = Number(await cluster.masters[0]!.admin.call('CLUSTER', 'KEYSLOT', store.keys.base(queue)))
    const from = cluster.ownerOf(slot)
    const to = cluster.masters.find((node) => node !== from)!
    for (let n = 0; n < 20; n++) await enqueue(queue)
    let producing = true
    const producer = (async () => {
      while (producing) for (const each of [queue, QUEUES[1]!]) await enqueue(each)
    })()
    const moved = await moveSlot(cluster, slot, from, to, () => new Promise((resolve) => setTimeout(resolve, 2)))
    producing = false
    await producer
    await until('all have finished', finished, 60_000)
    expect(moved).toBeGreaterThan(10)
    expect(acknowledged.get(queue)!.length).toBeGreaterThanOrEqual(20)
    for (const each of QUEUES) expect(await checkInvariants(store, { queues: [each] })).toEqual([])
  })

  it('the partitions of a queue lie on all nodes, and one is as good as the other', { timeout: 120_000 }, async () => {
    const cluster = await startCluster(3, false)
    const prefix = testPrefix()
    const hot = new Queue('hot', { connection: cluster.url, prefix, partitions: 6 })
    const store = new Store({ connection: cluster.url, prefix })
    const worker = new Worker('h*', { connection: cluster.url, prefix, tasks: [echo], logger: new Log() })
    onTestFinished(async () => {
      await worker.stop({ force: true })
      await hot.close()
      await store.close()
    })
    void worker.run()
    const jobs = await hot.enqueueMany(Array.from({ length: 300 }, (_, n) => [echo, [n]] as const))
    const last = await hot.enqueue(echo, [-1], { dependsOn: jobs.slice(0, 30) })
    expect(await Promise.all(jobs.map((job) => job.result({ timeout: '60s' })))).toEqual(jobs.map((_, n) => n))
    expect(await last.result({ timeout: '60s' })).toBe(-1)
    const perNode = new Map<string, number>()
    for (const name of partitionNames('hot', 6)) {
      const slot = Number(await store.client.call('CLUSTER', 'KEYSLOT', store.keys.base(name)))
      const { id } = cluster.ownerOf(slot)
      perNode.set(id, (perNode.get(id) ?? 0) + 1)
      expect(await store.client.call('ZCARD', store.keys.container(name, 'finished'))).toBeGreaterThan(20)
    }
    expect([...perNode.values()]).toEqual([2, 2, 2])
    expect(await hot.counts()).toMatchObject({ finished: 301, queued: 0 })
    expect(await checkInvariants(store)).toEqual([])
  })

  it('a producer that is done ends by itself', { timeout: 120_000 }, async () => {
    const cluster = await startCluster(3, false)
    await expect(idleProducer(cluster.url)).resolves.toBe('exit 0')
  })

  it('a master that is killed: its replica takes over, and work goes on', { timeout: 150_000 }, async () => {
    const cluster = await startCluster(3, true)
    const { store, log, acknowledged, enqueue, finished, started } = rig(cluster)
    for (const queue of QUEUES) await enqueue(queue)
    let producing = true
    const producers = QUEUES.map(async (queue) => {
      while (producing) {
        await enqueue(queue)
        await new Promise((resolve) => setTimeout(resolve, 5))
      }
    })
    await until('work is under way', () => started.length > 200)
    await cluster.masters[0]!.server.kill()
    const slot = 0
    await until(
      'the replica serves',
      async () => {
        const nodes = String(await cluster.masters[1]!.admin.call('CLUSTER', 'NODES'))
        return nodes
          .split('\n')
          .some((line) => line.includes(cluster.replicas[0]!.id) && line.includes('master') && line.includes(` ${slot}-`))
      },
      60_000,
    )
    const before = started.length
    await until('work goes on', () => started.length > before + 200)
    producing = false
    await Promise.all(producers)
    // What the master had answered and not yet passed on dies with it: replication does not wait.
    await until('all have finished', () => finished(false), 60_000)
    console.log(`${[...acknowledged.values()].flat().length} acknowledged, ${started.length} starts; said: ${log.outages.join(' | ')}`)
    // A line when a part is away and one when it is back; none when calls could wait for the new master.
    expect(log.outages).toSatisfy(saidInPairs)
    for (const queue of QUEUES) expect(await checkInvariants(store, { queues: [queue] })).toEqual([])
  })
})
