import { Cluster } from 'ioredis'
import { onTestFinished } from 'vitest'
import { type ClusterNodes, formCluster, type Node, SLOTS, stopNodes } from './cluster-nodes.ts'

/** A Redis Cluster of this test's own. */
export interface TestCluster extends ClusterNodes {
  /** A client as an application would make one. */
  client(): Cluster
  /** The master that serves a slot, as long as none has moved. */
  ownerOf(slot: number): Node
}

export async function startCluster(masterCount: number, replicated: boolean): Promise<TestCluster> {
  const formed = await formCluster(masterCount, replicated)
  onTestFinished(() => stopNodes(formed))
  const { masters, replicas } = formed
  return {
    ...formed,
    client: () => clientOf([...masters, ...replicas]),
    ownerOf: (slot) => masters[Math.floor(slot / Math.ceil(SLOTS / masterCount))]!,
  }
}

function clientOf(nodes: readonly Node[]): Cluster {
  const cluster = new Cluster(
    nodes.map(({ server }) => ({ host: '127.0.0.1', port: server.port })),
    { lazyConnect: true, redisOptions: { socketTimeout: 5_000 }, slotsRefreshTimeout: 2_000, clusterRetryStrategy: () => 100 },
  )
  cluster.on('error', () => undefined)
  onTestFinished(() => cluster.disconnect())
  return cluster
}

/** Moves a slot with its keys from one master to another, key by key, as a resharding tool does. */
export async function moveSlot(cluster: TestCluster, slot: number, from: Node, to: Node, eachKey: () => Promise<void>): Promise<number> {
  await to.admin.call('CLUSTER', 'SETSLOT', String(slot), 'IMPORTING', from.id)
  await from.admin.call('CLUSTER', 'SETSLOT', String(slot), 'MIGRATING', to.id)
  let moved = 0
  for (;;) {
    const keys = (await from.admin.call('CLUSTER', 'GETKEYSINSLOT', String(slot), '5')) as string[]
    if (keys.length === 0) break
    for (const key of keys) {
      await from.admin.call('MIGRATE', '127.0.0.1', String(to.server.port), key, '0', '5000')
      moved++
      await eachKey()
    }
  }
  for (const { admin } of [to, from, ...cluster.masters]) await admin.call('CLUSTER', 'SETSLOT', String(slot), 'NODE', to.id)
  return moved
}
