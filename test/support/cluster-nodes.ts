import { Redis } from 'ioredis'
import { type RedisServer, startPrivateRedis } from '../../lib/embedded/index.ts'
import { until } from './until.ts'

export const SLOTS = 16_384
/** A busy machine keeps a node waiting; one that only seems to be down must not be replaced. */
const NODE_TIMEOUT_MS = 4_000

export interface Node {
  server: RedisServer
  admin: Redis
  id: string
}

export interface ClusterNodes {
  masters: Node[]
  replicas: Node[]
  /** `redis+cluster://…` */
  url: string
}

/** By commands alone. Replica n is that of master n. */
export async function formCluster(masterCount: number, replicated: boolean): Promise<ClusterNodes> {
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
  return { masters, replicas, url: `redis+cluster://${nodes.map(({ server }) => `127.0.0.1:${server.port}`).join(',')}` }
}

export async function stopNodes({ masters, replicas }: ClusterNodes): Promise<void> {
  for (const { server, admin } of [...masters, ...replicas]) {
    admin.disconnect()
    await server.stop()
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
      60_000,
    )
  }
}

/** The bus port is 10,000 above, and must be free too: both below those of outgoing connections, and of the other servers of tests. */
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
    const port = 6_500 + Math.floor(Math.random() * 3_500)
    try {
      const server = await startPrivateRedis({ install: true, port, args })
      const admin = new Redis(server.url, { maxRetriesPerRequest: 1, retryStrategy: () => 100 })
      admin.on('error', () => undefined)
      return { server, admin, id: String(await admin.call('CLUSTER', 'MYID')) }
    } catch (error) {
      if (attempt === 10) throw error
    }
  }
}
