import { judgeQueues, judgeSchedules, judgeSchema } from '../client/findings.ts'
import { judgeServer } from '../client/findings-server.ts'
import { addressOf, lookAround, type Store, schedulesHealth, schemaVersions, serverFacts, slowCommands } from '../client/inspector.ts'
import type { RedisView } from './contract.ts'

/** The server, what is kept where, what was slow, and all that the doctor says short of looking at each job. */
export async function redisView(store: Store): Promise<RedisView> {
  const [facts, { seen }, slow, versions, schedules] = await Promise.all([
    serverFacts(store),
    lookAround(store),
    slowCommands(store, 20),
    schemaVersions(store),
    schedulesHealth(store),
  ])
  const { info } = facts
  const number = (name: string): number => Number(info.get(name) ?? 0) || 0
  const aof = info.get('aof_enabled') === '1'
  const saved = facts.save === undefined ? 'unknown' : facts.save === '' ? 'none' : 'snapshots'
  return {
    url: addressOf(store),
    product: info.has('valkey_version') ? 'Valkey' : 'Redis',
    version: info.get('valkey_version') ?? info.get('redis_version') ?? '',
    mode: info.get('redis_mode') ?? '',
    uptimeMs: number('uptime_in_seconds') * 1000,
    clients: number('connected_clients'),
    usedMemory: number('used_memory'),
    maxMemory: number('maxmemory'),
    peakMemory: number('used_memory_peak'),
    fragmentation: info.has('mem_fragmentation_ratio') ? number('mem_fragmentation_ratio') : null,
    evictionPolicy: info.get('maxmemory_policy') ?? '',
    persistence: aof ? 'append-only' : saved,
    save: facts.save || null,
    opsPerSecond: number('instantaneous_ops_per_sec'),
    keys: seen.queues.map(({ name, queued, started, scheduled, deferred, finished, failed, canceled }) => {
      const waiting = queued + scheduled + deferred
      const retained = finished + failed + canceled
      return { queue: name, jobs: waiting + started + retained, waiting, retained }
    }),
    slowlog: slow.map(({ id, at, tookMs, command }) => ({ id, at: new Date(at * 1000).toISOString(), tookMs, command })),
    findings: [...judgeServer(facts), judgeSchema(versions), ...judgeQueues(seen), judgeSchedules(schedules)]
      .filter((finding) => finding !== undefined)
      .map((finding) => ({ ...finding, remedy: finding.remedy ?? null })),
  }
}
