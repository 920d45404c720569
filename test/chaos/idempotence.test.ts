import type { Redis } from 'ioredis'
import { beforeAll, describe, expect, it } from 'vitest'
import { type RedisServer, startPrivateRedis } from '../../lib/embedded/index.ts'
import { scripts } from '../../lib/store/scripts.generated.ts'
import { checkInvariants } from '../../lib/testing/invariants.ts'
import type { Cut } from '../support/proxy.ts'
import { adminOf, openStore, proxyTo } from '../support/servers.ts'
import { dump } from './dump.ts'
import { FLOWS } from './flow-cases.ts'
import { put, take } from './jobs.ts'
import { SCHEDULES } from './schedule-cases.ts'
import { type Case, CASES as JOBS } from './script-cases.ts'

const CASES = [...JOBS, ...FLOWS, ...SCHEDULES]

let server: RedisServer
beforeAll(async () => {
  server = await startPrivateRedis({ install: true })
})

interface Seen {
  outcome: unknown
  state: Record<string, unknown>
}

/** Runs a case, with one command cut when `cut` is given. */
async function play(admin: Redis, { script, given, call }: Case, command: 'evalsha' | 'eval', cut?: Cut): Promise<Seen> {
  const direct = openStore(server.url)
  await given?.(direct)
  const proxy = await proxyTo(server)
  const store = openStore(proxy.url, direct.keys.prefix)
  await store.now()
  const { sha, lua } = scripts[script]
  if (command === 'eval') await admin.script('FLUSH')
  else await admin.script('LOAD', lua)
  const hit = cut && proxy.cut({ cut, matches: ([name, text]) => name?.toLowerCase() === command && (command === 'eval' || text === sha) })
  const outcome = await call(store)
  await hit
  expect(await checkInvariants(direct)).toEqual([])
  return { outcome: withoutTimes(outcome), state: await dump(admin, direct.keys.prefix) }
}

/** `repeated` means written, by the first sending. */
function withoutTimes(outcome: unknown): unknown {
  return JSON.parse(
    JSON.stringify(outcome ?? null)
      .replace('"repeated"', '"written"')
      .replace(/\b1[789]\d{11}\b/g, '0')
      .replace(/("oldestMs"):\d+/, '$1:0'),
  )
}

it('every script has a case', () => {
  expect([...new Set(CASES.map(({ script }) => script))].sort()).toEqual(Object.keys(scripts).sort())
})

describe.each(CASES)('$name', (each) => {
  it.each([
    ['the reply is lost after Redis carried it out', 'evalsha', 'reply'],
    ['the reply to the text of the script is lost', 'eval', 'reply'],
    ['the connection breaks before the command arrives', 'evalsha', 'before'],
  ] as const)('%s: as if nothing had happened', async (_, command, cut) => {
    const admin = adminOf(server)
    const expected = await play(admin, each, command)
    expect(await play(admin, each, command, cut)).toEqual(expected)
  })
})

describe('a lost claim reply', () => {
  it('hides no job, not even when another call of the same worker was under way', async () => {
    const proxy = await proxyTo(server)
    const store = openStore(proxy.url)
    const direct = openStore(server.url, store.keys.prefix)
    await put(direct, 'q', { id: 'a' }, { id: 'b' }, { id: 'c' })
    await store.now()
    await adminOf(server).script('LOAD', scripts.claim.lua)
    const hit = proxy.cut({ cut: 'reply', nth: 2, matches: ([name, text]) => name === 'EVALSHA' && text === scripts.claim.sha })
    const both = await Promise.all([take(store, { token: 'one', lane: 0 }), take(store, { token: 'two', lane: 1 })])
    await hit
    expect(both.flat().map((job) => job.id)).toEqual(['a', 'b'])
    expect((await take(direct, { token: 'three', want: 5 })).map((job) => job.id)).toEqual(['c'])
  })
})
