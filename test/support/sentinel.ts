import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { onTestFinished } from 'vitest'
import { spawnRedis } from '../../lib/embedded/child.ts'
import { findRedisProgram, type RedisServer } from '../../lib/embedded/index.ts'
import { freePort } from '../../lib/embedded/port.ts'
import { adminOf, ownServer } from './servers.ts'
import { until } from './stage.ts'

export const MASTER_NAME = 'mymaster'
export const DOWN_AFTER_MS = 2_000

/** A master, two replicas and three sentinels of this test's own. */
export interface SentinelGroup {
  /** `redis+sentinel://…` */
  url: string
  servers: RedisServer[]
  sentinels: { port: number; pid: number; admin: Redis }[]
  /** The server that all sentinels hold for the master. */
  master(): Promise<RedisServer>
  /** Until the sentinels agree on another master than this. */
  failedOver(from: RedisServer): Promise<void>
}

/** Such as a guide to safe operation would make it: a master without its replica takes no writes. */
const SAFE = ['--min-replicas-to-write', '1', '--min-replicas-max-lag', '5', '--repl-diskless-sync-delay', '0', '--repl-timeout', '10']

export async function startSentinelGroup(): Promise<SentinelGroup> {
  const first = await ownServer({ args: SAFE })
  // Two: after a failover the new master has one left, and takes writes before the old one is back.
  const replicas = await Promise.all([1, 2].map(() => ownServer({ args: [...SAFE, '--replicaof', '127.0.0.1', String(first.port)] })))
  for (const admin of replicas.map(adminOf))
    await until('the replica is linked', async () => (await admin.info('replication')).includes('master_link_status:up'))
  const sentinels = await Promise.all([1, 2, 3].map(() => startSentinel(first.port)))
  const heard = sentinels.map(({ admin: sentinel }) =>
    until('the sentinels know each other and the replicas', async () => {
      const [facts] = (await sentinel.call('SENTINEL', 'MASTERS')) as string[][]
      const fact = (name: string): string | undefined => facts?.[facts.indexOf(name) + 1]
      return fact('num-other-sentinels') === '2' && fact('num-slaves') === '2'
    }),
  )
  await Promise.all(heard)
  const servers = [first, ...replicas]
  const seenBy = async (sentinel: Redis): Promise<number> =>
    Number(((await sentinel.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', MASTER_NAME)) as string[])[1])
  return {
    url: `redis+sentinel://${sentinels.map(({ port }) => `127.0.0.1:${port}`).join(',')}/${MASTER_NAME}`,
    servers,
    sentinels,
    async master() {
      const port = await seenBy(sentinels[0]!.admin)
      return servers.find((server) => server.port === port)!
    },
    async failedOver(from) {
      await until(
        'the sentinels have another master',
        async () => (await Promise.all(sentinels.map(({ admin: sentinel }) => seenBy(sentinel)))).every((port) => port !== from.port),
        60_000,
      )
    },
  }
}

async function startSentinel(masterPort: number): Promise<{ port: number; pid: number; admin: Redis }> {
  const program = await findRedisProgram({ install: true })
  const dir = mkdtempSync(join(tmpdir(), 'rqts-sentinel-'))
  const port = await freePort()
  const file = join(dir, 'sentinel.conf')
  const lines = [
    `port ${port}`,
    'bind 127.0.0.1',
    `dir ${dir}`,
    `sentinel monitor ${MASTER_NAME} 127.0.0.1 ${masterPort} 2`,
    `sentinel down-after-milliseconds ${MASTER_NAME} ${DOWN_AFTER_MS}`,
    `sentinel failover-timeout ${MASTER_NAME} 5000`,
  ]
  writeFileSync(file, lines.join('\n'))
  const child = await spawnRedis(program, [file, '--sentinel'], dir)
  onTestFinished(async () => {
    process.kill(child.pid, 'SIGKILL')
    await child.exited()
    rmSync(dir, { recursive: true, force: true })
  })
  const admin = new Redis({ port, retryStrategy: () => 50, maxRetriesPerRequest: null })
  admin.on('error', () => undefined)
  onTestFinished(() => admin.disconnect())
  await admin.ping()
  return { port, pid: child.pid, admin }
}
