import { beforeAll, describe, expect, it } from 'vitest'
import { type RedisServer, startPrivateRedis } from '../../lib/embedded/index.ts'
import { Store } from '../../lib/store/store.ts'
import { checkInvariants } from '../../lib/testing/invariants.ts'
import fc from '../support/property.ts'
import { testPrefix } from '../support/redis.ts'
import type { Kind } from './model.ts'
import { Replay, type Step } from './replay.ts'

const RUNS = Number(process.env['RQTS_MODEL_RUNS'] ?? 250)

let server: RedisServer
beforeAll(async () => {
  server = await startPrivateRedis({ install: true })
})

async function play(steps: readonly Step[]): Promise<void> {
  const store = new Store({ connection: server.url, prefix: testPrefix() })
  try {
    await new Replay(store).play(steps)
    expect(await checkInvariants(store)).toEqual([])
  } finally {
    await store.close()
  }
}

const id = fc.constantFrom('a', 'b', 'c', 'd', 'e')
const kind = fc.constantFrom<Kind>('ok', 'fail', 'retry', 'later', 'stop', 'release')
const birth = fc.record(
  {
    delayed: fc.boolean(),
    front: fc.boolean(),
    key: fc.constantFrom('k', 'k', 'l'),
    priority: fc.constantFrom(-1, 0, 0, 2, 9),
    allowFailure: fc.boolean(),
    unique: fc.record({ key: fc.constantFrom('k', 'l'), mode: fc.constantFrom('reject', 'return', 'replace') }),
  },
  { requiredKeys: [] },
)

/** A delay and parents together are tested by tables: there the model would need a clock. */
function enqueue(id: string, options: object, parents: string[]): Step {
  const others = [...new Set(parents)].filter((parent) => parent !== id)
  return { do: 'enqueue', id, birth: others.length === 0 ? options : { ...options, delayed: false, parents: others } }
}

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.tuple(id, birth, fc.array(id, { maxLength: 2 })).map(([id, options, parents]) => enqueue(id, options, parents)),
  },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('claim' as const), worker: fc.constantFrom('w1', 'w2'), want: fc.integer({ min: 1, max: 2 }) }),
  },
  { weight: 1, arbitrary: fc.constant({ do: 'claim again' } as const) },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('settle' as const), nth: fc.integer({ min: 0, max: 4 }), kind, again: fc.boolean() }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constantFrom('lose', 'cancel', 'requeue', 'promote', 'remove'), id }) },
)

describe('random sequences', () => {
  it(`do to Redis what they do to a model, ${RUNS} times`, { timeout: 3_600_000 }, async () => {
    await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40, size: 'max' }), play), { numRuns: RUNS })
  })
})

/** All orders of the steps of several parties, each party's own order kept. */
function* interleavings<T>(parties: readonly (readonly T[])[]): Generator<T[]> {
  if (parties.every((party) => party.length === 0)) {
    yield []
    return
  }
  for (const [at, party] of parties.entries()) {
    if (party.length === 0) continue
    for (const rest of interleavings(parties.map((other, i) => (i === at ? other.slice(1) : other)))) yield [party[0]!, ...rest]
  }
}

describe('two workers, two jobs', () => {
  const settle = (nth: number, kind: Kind): Step => ({ do: 'settle', nth, kind, again: false })
  const claim = (worker: string): Step => ({ do: 'claim', worker, want: 1 })
  const KINDS: Kind[] = ['ok', 'fail', 'retry', 'release']

  it.each(KINDS)('every order of claims, outcomes, a lost lease and a cancellation (%s)', { timeout: 120_000 }, async (kind) => {
    const store = new Store({ connection: server.url, prefix: testPrefix() })
    const begin: Step[] = ['a', 'b'].map((id) => ({ do: 'enqueue', id, birth: {} }))
    let orders = 0
    for (const steps of interleavings<Step>([
      [claim('w1'), settle(0, kind)],
      [claim('w2'), settle(1, 'ok')],
      [{ do: 'lose', id: 'a' }],
      [{ do: 'cancel', id: 'b' }],
    ])) {
      const part = new Store({ connection: server.url, prefix: `${store.keys.prefix}-${orders++}` })
      await new Replay(part).play([...begin, ...steps])
      expect(await checkInvariants(part)).toEqual([])
      await part.close()
    }
    expect(orders).toBe(180)
    await store.close()
  })
})
