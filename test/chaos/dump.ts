import type { Redis } from 'ioredis'

const STATS_OF_A_TIME = /(?<=:stats:(?:hour:|tasks:)?)\d+$/

/** All keys under a prefix as plain values, to be compared: times and expiries become words. */
export async function dump(admin: Redis, prefix: string): Promise<Record<string, unknown>> {
  const keys: string[] = []
  for await (const page of admin.scanStream({ match: `${prefix}:*`, count: 1_000 })) keys.push(...(page as string[]))
  const state: Record<string, unknown> = {}
  for (const key of [...new Set(keys)].sort()) {
    const name = key.slice(prefix.length + 1)
    // What tells a repetition of a call goes by itself within seconds.
    if (name.startsWith('said:')) continue
    const ttl = await admin.pttl(key)
    if (ttl === -2) continue
    const value = await valueOf(admin, key)
    const known = name.replace(STATS_OF_A_TIME, 'TIME')
    // What began in one minute and ended in the next is counted under both.
    const counted = known === name ? value : sum(state[known], value)
    state[known] = { value: counted, ...(ttl >= 0 && { expires: true }) }
  }
  return state
}

function sum(before: unknown, counts: unknown): unknown {
  const total = { ...(before as { value: Record<string, string> } | undefined)?.value }
  for (const [field, count] of Object.entries(counts as Record<string, string>))
    total[field] = String(Number(total[field] ?? 0) + Number(count))
  return Object.fromEntries(Object.entries(total).sort())
}

async function valueOf(admin: Redis, key: string): Promise<unknown> {
  const type = await admin.type(key)
  if (type === 'hash') {
    const fields = Object.entries(await admin.hgetall(key)).filter(([field]) => field !== 'logged')
    // Each change of a schedule makes a new one.
    return Object.fromEntries(fields.map(([field, text]) => [field, field === 'rev' ? 'REV' : timeless(text)]).sort())
  }
  if (type === 'list') return (await admin.lrange(key, 0, -1)).map(timeless)
  if (type === 'set') return (await admin.smembers(key)).sort()
  if (type === 'zset') return (await admin.zrange(key, 0, '-1', 'WITHSCORES')).flat().map((text) => timeless(String(text)))
  if (type === 'string') return timeless((await admin.get(key)) ?? '')
  return type
}

/** Epoch ms of this decade, however they are written. */
function timeless(text: string): string {
  return text.replace(/\b1[789]\d{11}(\.\d+)?\b|1\.[789]\d+e\+?12/g, 'TIME')
}
