import { clock } from '../clock.ts'
import { RqtsError } from '../errors.ts'
import { namesOf } from '../store/partitions.ts'
import { queueNames } from '../store/queues.ts'
import { parseTime, type Store } from '../store/store.ts'

/** What `rqts doctor` judges. Undefined where the server would not say. */
export interface ServerFacts {
  info: ReadonlyMap<string, string>
  /** The `save` directive: empty when there are no snapshots. */
  save?: string
  latencyMs: { median: number; worst: number }
  /** How far this machine's clock is ahead of that of Redis. */
  skewMs?: number
  /** Commands that this user may not run; undefined where it may not ask. */
  denied?: readonly string[]
}

const PINGS = 20

export async function serverFacts(store: Store): Promise<ServerFacts> {
  const info = await infoOf(store, [])
  const save = await optional(store.client.call('CONFIG', 'GET', 'save'))
  const times: number[] = []
  for (let i = 0; i < PINGS; i++) {
    const before = clock.monotonic()
    await store.client.call('PING')
    times.push(clock.monotonic() - before)
  }
  times.sort((a, b) => a - b)
  const skewMs = await skewOf(store)
  const facts: ServerFacts = {
    info,
    latencyMs: { median: times[PINGS / 2]!, worst: times.at(-1)! },
  }
  const denied = await deniedCommands(store)
  if (denied !== undefined) facts.denied = denied
  if (skewMs !== undefined) facts.skewMs = skewMs
  const rules = configValue(save, 'save')
  if (rules !== undefined) facts.save = rules
  return facts
}

const CLOCK_READINGS = 5

/** By the quickest answer of a few: what held up a slow one, on this machine or the way, is no skew. */
async function skewOf(store: Store): Promise<number | undefined> {
  let best = { tookMs: Number.POSITIVE_INFINITY, skewMs: 0 }
  for (let i = 0; i < CLOCK_READINGS; i++) {
    const [before, began] = [clock.now(), clock.monotonic()]
    const time = await optional(store.client.call('TIME'))
    if (time === undefined) return undefined
    const tookMs = clock.monotonic() - began
    if (tookMs < best.tookMs) best = { tookMs, skewMs: before + tookMs / 2 - parseTime(time) }
  }
  return best.skewMs
}

/** What a worker looks at before it starts: memory, persistence, and under `rdb_saves_configured` how many snapshot rules there are. */
export async function serverInfo(store: Store): Promise<ReadonlyMap<string, string>> {
  const [info, save] = await Promise.all([
    infoOf(store, ['server', 'memory', 'persistence']),
    optional(store.client.call('CONFIG', 'GET', 'save')),
  ])
  const rules = configValue(save, 'save')
  if (rules !== undefined) info.set('rdb_saves_configured', String(rules.split(' ').filter(Boolean).length / 2))
  return info
}

export interface SlowCommand {
  id: number
  /** Epoch s. */
  at: number
  tookMs: number
  /** Its name and, of our own keys, the first: arguments may be anybody's data. */
  command: string
}

/** The last commands that took long; empty where the server would not say. */
export async function slowCommands(store: Store, count: number): Promise<SlowCommand[]> {
  const rows = await optional(store.client.call('SLOWLOG', 'GET', count))
  if (!Array.isArray(rows)) return []
  return (rows as unknown[][]).flatMap((row) => {
    const [id, at, micros, args] = row as [number, number, number, unknown[]]
    if (!Array.isArray(args)) return []
    const [name = '', ...rest] = args.map(String)
    const key = rest.find((arg) => arg.startsWith(`${store.keys.prefix}:`))
    return [
      { id, at, tookMs: micros / 1000, command: `${name.slice(0, 40).toUpperCase()}${key === undefined ? '' : ` ${key.slice(0, 100)}`}` },
    ]
  })
}

/** Messages that wait in each queue's outbox. */
export async function outboxLengths(store: Store, queues: readonly string[]): Promise<number[]> {
  const stored = await Promise.all(queues.map((queue) => namesOf(store, queue)))
  const replies = await store.client.callAll(stored.flat().map((name) => ['LLEN', store.keys.queuePart(name, 'outbox')] as const))
  return perQueue(stored, replies).map((lengths) => lengths.reduce<number>((sum, length) => sum + Number(length), 0))
}

/** How long past its time the most overdue scheduled job of each queue is, in ms: more than a moment says that nobody promotes. */
export async function overdueBy(store: Store, queues: readonly string[]): Promise<number[]> {
  const stored = await Promise.all(queues.map((queue) => namesOf(store, queue)))
  const heads = stored.flat().map((queue) => ['ZRANGE', store.keys.container(queue, 'scheduled'), 0, 0, 'WITHSCORES'] as const)
  const [time, ...replies] = await store.client.callAll([['TIME'], ...heads])
  const now = parseTime(time)
  // RESP3 has pairs where RESP2 has a flat list.
  const late = replies.map((reply) => now - Number((reply as unknown[]).flat()[1] ?? now))
  return perQueue(stored, late).map((parts) => Math.max(0, ...parts))
}

/** What was asked of each partition, queue by queue. */
function perQueue<T>(stored: readonly (readonly string[])[], answers: readonly T[]): T[][] {
  let at = 0
  return stored.map(({ length }) => answers.slice(at, (at += length)))
}

/** A list on RESP2, a map on RESP3; undefined for a user who may not ask. */
function configValue(reply: unknown, name: string): string | undefined {
  if (Array.isArray(reply)) return typeof reply[1] === 'string' ? reply[1] : undefined
  const value = reply instanceof Map ? (reply.get(name) as unknown) : (reply as Record<string, unknown> | null | undefined)?.[name]
  return typeof value === 'string' ? value : undefined
}

/** The fields of INFO; empty for a user who may not ask. */
export async function infoOf(store: Store, sections: readonly string[] = ['server', 'memory']): Promise<Map<string, string>> {
  const calls = sections.length === 0 ? [store.client.call('INFO')] : sections.map((section) => store.client.call('INFO', section))
  const fields = new Map<string, string>()
  for (const text of await Promise.all(calls.map(optional))) {
    if (typeof text !== 'string') continue
    for (const line of text.split(/\r?\n/)) {
      const colon = line.indexOf(':')
      if (colon > 0 && !line.startsWith('#')) fields.set(line.slice(0, colon), line.slice(colon + 1))
    }
  }
  return fields
}

/** Refused or unknown is an answer; out of reach is not. */
async function optional(call: Promise<unknown>): Promise<unknown> {
  try {
    return await call
  } catch (error) {
    if (error instanceof RqtsError && error.code === 'RQTS_REDIS_UNAVAILABLE') throw error
    return undefined
  }
}

/** The schema version of each queue's keys; undefined where nothing was written yet. */
export async function schemaVersions(store: Store): Promise<Map<string, string | undefined>> {
  const names = await queueNames(store)
  const versions = await store.client.callAll(names.map((name) => ['HGET', store.keys.queuePart(name, 'meta'), 'version'] as const))
  return new Map(names.map((name, i) => [name, (versions[i] as string | null) ?? undefined]))
}

/** Of each kind of command that rqts sends, itself or in scripts. KEY and CHANNEL stand for one as rqts builds them. */
const SAMPLES = [
  'EVALSHA x 1 KEY|EVAL x 1 KEY|TIME|EXISTS KEY|DEL KEY|RENAME KEY KEY|PEXPIRE KEY 1|PTTL KEY|PERSIST KEY|GET KEY|SET KEY x|INCR KEY',
  'HGET KEY x|HGETALL KEY|HMGET KEY x|HSET KEY x 1|HDEL KEY x|HINCRBY KEY x 1|HRANDFIELD KEY|LLEN KEY|LRANGE KEY 0 0|LINDEX KEY 0',
  'LPOP KEY|LPUSH KEY 1|RPUSH KEY 1|LREM KEY 0 x|LTRIM KEY 0 0|LPOS KEY x|BLPOP KEY 1|SADD KEY x|SREM KEY x|SMEMBERS KEY|SCARD KEY',
  'ZADD KEY 1 x|ZREM KEY x|ZRANGE KEY 0 0|ZRANGEBYSCORE KEY 0 1|ZREMRANGEBYSCORE KEY 0 1|ZCARD KEY|ZCOUNT KEY 0 1|ZSCORE KEY x|SCAN 0',
  'PUBLISH CHANNEL x|SUBSCRIBE CHANNEL',
].flatMap((line) => line.split('|').map((command) => command.split(' ')))

/** Commands that this user may not run; undefined where neither ACL nor a script can tell. */
async function deniedCommands(store: Store): Promise<string[] | undefined> {
  const key = store.keys.queuePart('doctor', 'meta')
  const samples = SAMPLES.map((words) =>
    words.map((word) => (word === 'KEY' ? key : word === 'CHANNEL' ? store.keys.worker('doctor') : word)),
  )
  try {
    // Any user may ask this way; ACL DRYRUN is for administrators.
    const denied = await store.client.run('rights', [key], [JSON.stringify(samples)])
    return Array.isArray(denied) ? denied.map(String) : undefined
  } catch (error) {
    if (error instanceof RqtsError && error.code === 'RQTS_REDIS_UNAVAILABLE') throw error
    const text = String((error as Error).message)
    if (/NOPERM/.test(text)) return [/'(\w+)'/.exec(text)?.[1]?.toUpperCase() ?? 'EVALSHA']
    return undefined
  }
}
