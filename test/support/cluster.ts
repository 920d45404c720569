import { Cluster, Redis } from 'ioredis'
import { onTestFinished } from 'vitest'
import { type RedisServer, startPrivateRedis } from '../../lib/embedded/index.ts'
import { until } from './stage.ts'

const SLOTS = 16_384
const NODE_TIMEOUT_MS = 1_500

export interface Node {
  server: RedisServer
  admin: Redis
  id: string
}

/** A Redis Cluster of this test's own, made by commands alone. */
export interface TestCluster {
  masters: Node[]
  replicas: Node[]
  /** A client as an application would make one. */
  client(): Cluster
  /** The master that serves a slot, as the first node sees it. */
  ownerOf(slot: number): Promise<Node>
}

export async function startCluster(masterCount: number, replicated: boolean): Promise<TestCluster> {
  const nodes = await Promise.all(Array.from({ length: masterCount * (replicated ? 2 : 1) }, () => startNode()))
  const masters = nodes.slice(0, masterCount)
  const replicas = nodes.slice(masterCount)
  const share = Math.ceil(SLOTS / masterCount)
  for (const [n, { admin }] of masters.entries()) {
    await admin.call('CLUSTER', 'ADDSLOTSRANGE', String(n * share), String(Math.min(SLOTS, (n + 1) * share) - 1))
    // Nodes that begin with the same epoch would argue about it.
    await admin.call('CLUSTER', 'SET-CONFIG-EPOCH', String(n + 1))
  }
  for (const { server } of nodes.slice(1)) await nodes[0]!.admin.call('CLUSTER', 'MEET', '127.0.0.1', String(server.port))
  await agreed(nodes)
  for (const [n, { admin }] of replicas.entries()) {
    await until('the replica knows its master', async () => String(await admin.call('CLUSTER', 'NODES')).includes(masters[n]!.id))
    await admin.call('CLUSTER', 'REPLICATE', masters[n]!.id)
  }
  for (const { admin } of replicas)
    await until('the replica is linked', async () => (await admin.info('replication')).includes('master_link_status:up'))
  return {
    masters,
    replicas,
    client: () => clientOf(nodes),
    async ownerOf(slot) {
      const n = Math.floor(slot / share)
      return masters[n]!
    },
  }
}

async function agreed(nodes: readonly Node[]): Promise<void> {
  for (const { admin } of nodes) {
    await until(
      'the cluster is complete',
      async () => {
        const info = String(await admin.call('CLUSTER', 'INFO'))
        return info.includes('cluster_state:ok') && info.includes(`cluster_known_nodes:${nodes.length}`)
      },
      20_000,
    )
  }
}

/** The bus port is 10,000 above, and must be one too. */
async function startNode(): Promise<Node> {
  const args = [
    '--cluster-enabled',
    'yes',
    '--cluster-node-timeout',
    String(NODE_TIMEOUT_MS),
    '--cluster-require-full-coverage',
    'no',
    '--appendonly',
    'no',
  ]
  for (let attempt = 1; ; attempt++) {
    const port = 20_000 + Math.floor(Math.random() * 10_000)
    try {
      const server = await startPrivateRedis({ install: true, port, args })
      onTestFinished(() => server.stop())
      const admin = new Redis(server.url, { maxRetriesPerRequest: 1, retryStrategy: () => 100 })
      admin.on('error', () => undefined)
      onTestFinished(() => admin.disconnect())
      return { server, admin, id: String(await admin.call('CLUSTER', 'MYID')) }
    } catch (error) {
      if (attempt === 10) throw error
    }
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
