import { afterAll, beforeAll, expect, test } from 'vitest'
import { RedisClient } from '../../lib/store/redis.ts'
import { Store } from '../../lib/store/store.ts'
import { checkInvariants } from '../../lib/testing/invariants.ts'
import { digest, wipe } from './keyspace.ts'
import { ON_CLUSTER, testPrefix, testRedisUrl } from './redis.ts'
import { expand, type FullState, fromMs, type State, seed, snapshot } from './state.ts'

export interface Case {
  name: string
  /** Queue `q` before. */
  given?: State
  call: (store: Store) => Promise<unknown>
  returns?: unknown
  /** Queue `q` after; 'unchanged': every key of every queue is as it was. */
  after: State | 'unchanged'
  /** Further queues. */
  also?: Record<string, { given?: State; after?: State }>
  /** What the same call returns when it is made a second time, when that is something else. The state must stay. */
  again?: unknown
  /** A second call would be another one: it changes more. */
  once?: true
  /** Of several queues in one call, as no Cluster allows. */
  oneServer?: true
  /** What is broken in `given` stays broken. */
  broken?: true
}

/** A store on a private server for the tests of this file, with a neighbour that nothing may touch. */
export function storeOfFile(): () => Store {
  let store: Store
  let neighbour: Store
  let before: string
  beforeAll(async () => {
    const connection = await testRedisUrl()
    store = new Store({ connection, prefix: testPrefix() })
    neighbour = new Store({ connection, prefix: testPrefix() })
    await seed(neighbour, 'q', { queue: ['a', 'b'], started: { c: '-60s' }, finished: { d: '-20s' } }, await store.now())
    before = await digest(neighbour)
  })
  afterAll(async () => {
    expect(await digest(neighbour)).toBe(before)
    expect(await digest(store)).toBe('[]')
    await wipe(neighbour)
    await store.close()
    await neighbour.close()
  })
  return () => store
}

export function table(cases: readonly Case[]): void {
  const store = storeOfFile()
  for (const entry of cases) {
    test.skipIf(ON_CLUSTER && entry.oneServer)(entry.name, async () => {
      try {
        await run(store(), entry)
      } finally {
        await wipe(store())
      }
    })
  }
}

async function run(store: Store, entry: Case): Promise<void> {
  const now = await store.now()
  const given = { q: entry.given, ...Object.fromEntries(Object.entries(entry.also ?? {}).map(([queue, { given }]) => [queue, given])) }
  for (const [queue, state] of Object.entries(given)) if (state) await seed(store, queue, state, now)
  const before = await digest(store)

  const attempt = async (): Promise<unknown> => symbolic(await entry.call(store).catch(codeOf), now)
  const check = async (): Promise<void> => {
    if (entry.after === 'unchanged') return expect(await digest(store)).toBe(before)
    const after: Record<string, State | undefined> = { q: entry.after }
    for (const [queue, state] of Object.entries(entry.also ?? {})) after[queue] = state.after ?? state.given
    for (const [queue, state] of Object.entries(after))
      expect(await snapshot(store, queue, now), queue).toEqual(expected(state ?? {}, queue))
  }
  const calls = record(store)
  expect(await attempt()).toEqual(entry.returns)
  calls.stop()
  await check()
  if (entry.broken !== true) expect(await checkInvariants(store, { queues: Object.keys(given) })).toEqual([])
  if (entry.once === true) return
  await resend(store, calls.made)
  await check()
  expect(await attempt(), 'a second time').toEqual('again' in entry ? entry.again : entry.returns)
  await check()
}

interface ScriptCall {
  args: Parameters<Store['client']['run']>
  reply: unknown
}

/** The answers of these can be read off what the call left behind, or were kept: they are the same for a call sent again. */
const SAME_ANSWER = new Set(['cancel', 'requeue', 'remove', 'note', 'claim', 'renew', 'link'])

function record(store: Store): { made: ScriptCall[]; stop: () => void } {
  const made: ScriptCall[] = []
  const { client } = store
  client.run = async (...args) => {
    const reply: unknown = await RedisClient.prototype.run.apply(client, args)
    made.push({ args, reply })
    return reply
  }
  return { made, stop: () => Reflect.deleteProperty(client, 'run') }
}

/** As after a lost reply: the very same words again. */
async function resend(store: Store, calls: readonly ScriptCall[]): Promise<void> {
  for (const { args, reply } of calls) {
    const answer = await store.client.run(...args)
    if (SAME_ANSWER.has(args[0])) expect(texts(answer), `${args[0]} sent again`).toEqual(texts(reply))
  }
}

/** A number that was just computed and one that was read from Redis are the same to whoever asked. */
function texts(reply: unknown): unknown {
  return Array.isArray(reply) ? reply.map(texts) : typeof reply === 'number' ? String(reply) : reply
}

function expected(state: State, queue: string): FullState {
  return expand(state, queue)
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error)
}

/** Times in an answer, as in a state. */
function symbolic(value: unknown, now: number): unknown {
  if (typeof value === 'number' && value > 1e12) return fromMs(value, now)
  if (Array.isArray(value)) return value.map((entry) => symbolic(entry, now))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, symbolic(entry, now)]))
}
