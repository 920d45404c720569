import { afterEach, describe, expect, test } from 'vitest'
import { cancelMatching } from '../../lib/client/cancel-jobs.ts'
import { type LimitChanges, normalizeLimits } from '../../lib/job/limits.ts'
import { type Outcome, type SettleReply, settle } from '../../lib/store/attempts.ts'
import { type Control, enqueueJobs } from '../../lib/store/enqueue.ts'
import { cancelJob, removeJobs, requeueJob } from '../../lib/store/jobs.ts'
import { changeLimits, readLimits } from '../../lib/store/limits.ts'
import { idsNow, positionNow, removeAll } from '../../lib/store/listing.ts'
import { sweep, tick } from '../../lib/store/maintain.ts'
import { forgetQueue, summarize } from '../../lib/store/queues.ts'
import { checkInvariants } from '../../lib/testing/invariants.ts'
import { newJob, request } from '../support/calls.ts'
import { wipe } from '../support/keyspace.ts'
import { until } from '../support/stage.ts'
import { snapshot } from '../support/state.ts'
import { storeOfFile } from '../support/table.ts'

const store = storeOfFile()
afterEach(async () => {
  try {
    expect(await checkInvariants(store())).toEqual([])
  } finally {
    await wipe(store())
  }
})

let calls = 0
const limit = (limits: LimitChanges | null) => changeLimits(store(), 'q', normalizeLimits(limits))
/** `a1 b1@task` and so on: a key of one letter, `-` for none. */
const put = async (names: string, special: { control?: Control; fields?: Record<string, string> } = {}) => {
  const jobs = names.split(' ').map((name) => {
    const [id, task = 't'] = name.split('@') as [string, string?]
    const key = id.startsWith('x') ? undefined : id[0]!
    const { priority } = special.fields ?? {}
    const line = (priority ? 'l' : '') + (key ? 'k' : '')
    const control = { ...special.control, ...(line && { line }) }
    const flags = line + (special.fields?.['flags'] ?? '')
    return newJob(id, Object.keys(control).length > 0 ? control : undefined, {
      ...special.fields,
      task,
      ...(key && { concurrency_key: key }),
      ...(flags && { flags }),
    })
  })
  await enqueueJobs(store(), 'q', jobs, true)
}
const outcome = (id: string, token: string, kind: 'ok' | 'fail' | 'retry' | 'release' | 'later'): Outcome => {
  const base = { queue: 'q', id, token }
  if (kind === 'ok') return { ...base, kind, result: '1' }
  if (kind === 'release') return { ...base, kind }
  if (kind === 'fail') return { ...base, kind, reason: 'error', error: '{}' }
  return { ...base, kind: 'retry', delayMs: kind === 'later' ? 60_000 : 0, error: '{}' }
}
/** The token of each attempt, by id. */
const tokens = new Map<string, string>()
const trade = async (want: number, ...ended: [id: string, kind?: Parameters<typeof outcome>[2]][]): Promise<SettleReply> => {
  const token = `c${++calls}`
  const outcomes = ended.map(([id, kind = 'ok']) => outcome(id, tokens.get(id)!, kind))
  const reply = await settle(store(), request(want, { token }), outcomes)
  for (const job of reply.jobs) tokens.set(job.id, token)
  return reply
}
const claimIds = async (want: number, ...ended: Parameters<typeof outcome>[0][]): Promise<string> =>
  (await trade(want, ...ended.map((id) => [id] as [string]))).jobs.map((job) => job.id).join(' ')
const markers = async () => Number(await store().client.call('LLEN', store().keys.queuePart('q', 'wake')))
const takeMarker = () => store().client.call('DEL', store().keys.queuePart('q', 'wake'))
const waiting = async () => (await idsNow(store(), 'q', 'queue')).join(' ')
const letLeaseEnd = async (id: string) => {
  await store().client.call('ZADD', store().keys.container('q', 'started'), 1, id)
  await sweep(store(), 'q', 3)
}
/** As if so much time had passed since the starts that a rate counts. */
const age = async (key: string, ms: number) => {
  const base = store().keys.base('q') + key
  const starts = (await store().client.call('LRANGE', base, 0, -1)) as string[]
  for (const [i, at] of starts.entries()) await store().client.call('LSET', base, i, Number(at) - ms)
}

describe('set and read', () => {
  test('what is named changes, null ends, the rest stays', async () => {
    expect(await readLimits(store(), 'q')).toEqual({ tasks: {}, perKey: 1, keys: {} })
    await limit({ concurrency: 5, rate: { max: 10, per: '1m' }, tasks: { a: { concurrency: 1 }, b: { rate: { max: 1, per: 5 } } } })
    await limit({ concurrency: null, perKey: 2, keys: { k: 3, l: 4 }, tasks: { a: null } })
    await limit({ keys: { l: null } })
    expect(await readLimits(store(), 'q')).toEqual({
      rate: { max: 10, per: 60_000 },
      tasks: { b: { rate: { max: 1, per: 5 } } },
      perKey: 2,
      keys: { k: 3 },
    })
    await limit(null)
    expect(await readLimits(store(), 'q')).toEqual({ tasks: {}, perKey: 1, keys: {} })
  })

  test('they go with their queue', async () => {
    await limit({ concurrency: 1, keys: { a: 2 } })
    expect(await forgetQueue(store(), 'q')).toBe(true)
    expect(await readLimits(store(), 'q')).toEqual({ tasks: {}, perKey: 1, keys: {} })
  })
})

describe('what somebody else wrote into the limits', () => {
  test.each([
    'no json',
    '7',
    '[]',
    'null',
    '{"concurrency":"x"}',
    '{"rate":5}',
    '{"rate":{"max":"1"}}',
    '{"tasks":7}',
    '{"tasks":{"t":5}}',
    '{"tasks":{"t":{"concurrency":{},"rate":[]}}}',
    '{"keys":"many","keyed":1}',
  ])('limits nothing: %s', async (text) => {
    await put('x1 a1')
    await store().client.call('HSET', store().keys.queuePart('q', 'meta'), 'limits', text)
    expect((await trade(5)).jobs.map(({ id }) => id)).toEqual(['x1', 'a1'])
    await trade(0, ['x1'], ['a1'])
    await tick(store(), 'q', 'w', 5_000)
    await sweep(store(), 'q', 3)
    expect(await readLimits(store(), 'q')).toBeTypeOf('object')
    expect(await summarize(store(), ['q'])).toMatchObject([{ finished: 2 }])
  })
})

describe('concurrency of a queue', () => {
  test('no more start than may; the end of one tells a worker', async () => {
    await limit({ concurrency: 2 })
    await put('x1 x2 x3 x4')
    expect(await claimIds(9)).toBe('x1 x2')
    await takeMarker()
    expect(await trade(9)).toEqual({ verdicts: [], outbox: false, jobs: [] })
    expect(await markers()).toBe(0)
    await trade(0, ['x1'])
    expect(await markers()).toBe(1)
    expect(await claimIds(9, 'x2')).toBe('x3 x4')
    expect(await claimIds(9, 'x3', 'x4')).toBe('')
  })

  test('a holder that dies holds its place until it is recovered', async () => {
    await limit({ concurrency: 1 })
    await put('x1 x2')
    expect(await claimIds(1)).toBe('x1')
    await takeMarker()
    await store().client.call('ZADD', store().keys.container('q', 'started'), 1, 'x1')
    expect(await claimIds(1)).toBe('')
    await sweep(store(), 'q', 3)
    expect(await markers()).toBe(1)
    expect(await claimIds(2)).toBe('x1')
  })

  test('a running job that is deleted gives its place', async () => {
    await limit({ concurrency: 1 })
    await put('x1 x2')
    await claimIds(1)
    await takeMarker()
    await removeJobs(store(), 'q', ['x1'])
    expect(await markers()).toBe(1)
    expect(await claimIds(2)).toBe('x2')
  })

  test('set while jobs run: they count', async () => {
    await put('x1 x2 x3 x4')
    expect(await claimIds(3)).toBe('x1 x2 x3')
    await limit({ concurrency: 2 })
    await takeMarker()
    expect(await claimIds(9, 'x1')).toBe('')
    expect(await markers()).toBe(0)
    await trade(0, ['x2'])
    expect(await markers()).toBe(1)
    expect(await claimIds(9)).toBe('x4')
    await put('x5')
    await takeMarker()
    await limit({ concurrency: null })
    expect(await markers()).toBe(1)
    expect(await claimIds(9)).toBe('x5')
  })

  test('the leader tells nobody of what may not start', async () => {
    await limit({ concurrency: 1 })
    await put('x1 x2')
    await claimIds(1)
    await takeMarker()
    await tick(store(), 'q', 'w', 1_000)
    expect(await markers()).toBe(0)
    await trade(0, ['x1'])
    await takeMarker()
    await tick(store(), 'q', 'w', 1_000)
    expect(await markers()).toBe(1)
  })
})

describe('rate of a queue', () => {
  test('no more start in any period; the reply says when to ask again', async () => {
    await limit({ rate: { max: 3, per: '1m' } })
    await put('x1 x2 x3 x4 x5 x6')
    expect(await claimIds(2)).toBe('x1 x2')
    await age('rate', 30_000)
    const second = await trade(9)
    expect(second.jobs.map((job) => job.id)).toEqual(['x3'])
    expect(second.againMs).toBeGreaterThan(20_000)
    expect(second.againMs).toBeLessThanOrEqual(30_000)
    expect((await trade(9)).jobs).toEqual([])
    await age('rate', 30_000)
    expect(await claimIds(9)).toBe('x4 x5')
    await age('rate', 30_000)
    expect(await claimIds(9)).toBe('x6')
    expect((await trade(9)).againMs).toBeUndefined()
  })

  test('a start counts however it ends', async () => {
    await limit({ rate: { max: 2, per: '1m' } })
    await put('x1 x2 x3')
    await claimIds(2)
    await trade(0, ['x1', 'release'], ['x2', 'fail'])
    expect(await claimIds(9)).toBe('')
  })

  test('a lower rate counts the starts before it', async () => {
    await limit({ rate: { max: 3, per: '1m' } })
    await put('x1 x2 x3 x4')
    await claimIds(2)
    await age('rate', 40_000)
    await claimIds(1)
    await limit({ rate: { max: 1, per: '1m' } })
    expect((await trade(9)).againMs).toBeGreaterThan(50_000)
  })
})

describe('concurrency keys', () => {
  test('one of a key runs at a time, and keys take turns', async () => {
    await put('a1 a2 a3 b1 b2 x1')
    expect(await waiting()).toBe('a1 b1 x1 a2 a3 b2')
    expect((await summarize(store(), ['q']))[0]).toMatchObject({ queued: 6 })
    expect(await positionNow(store(), 'q', 'b2')).toBe(5)
    expect(await claimIds(1)).toBe('a1')
    expect(await claimIds(1, 'a1')).toBe('b1')
    expect(await claimIds(9, 'b1')).toBe('x1 a2 b2')
    expect(await claimIds(9)).toBe('')
    expect(await claimIds(9, 'a2')).toBe('a3')
    await trade(0, ['a3'], ['b2'], ['x1'])
    expect((await snapshot(store(), 'q', await store().now())).aside).toEqual({})
  })

  test('a place is kept by what was lost or released, and passed on by what failed or waits for its retry', async () => {
    await put('a1 a2 a3')
    await claimIds(1)
    await letLeaseEnd('a1')
    expect(await claimIds(9)).toBe('a1')
    await trade(0, ['a1', 'release'])
    expect(await claimIds(9)).toBe('a1')
    await trade(0, ['a1', 'retry'])
    expect(await waiting()).toBe('a2 a3 a1')
    expect(await claimIds(9)).toBe('a2')
    await trade(0, ['a2', 'later'])
    expect(await claimIds(9)).toBe('a3')
    await trade(0, ['a3', 'fail'])
    expect(await claimIds(9)).toBe('a1')
  })

  test('more of a key by default or for one key; what waits goes on at once', async () => {
    await put('a1 a2 a3 a4 b1 b2 b3')
    expect(await claimIds(9)).toBe('a1 b1')
    await takeMarker()
    await limit({ keys: { a: 2 } })
    expect(await markers()).toBe(1)
    expect(await claimIds(9)).toBe('a2')
    await limit({ perKey: 3 })
    expect(await claimIds(9)).toBe('b2 b3')
    await limit({ keys: { a: 1 } })
    expect(await claimIds(9, 'a1')).toBe('')
    expect(await claimIds(9, 'a2')).toBe('a3')
  })

  test('lowered while they wait in the list: no more start all the same', async () => {
    await limit({ perKey: 3 })
    await put('a1 a2 a3 a4')
    await limit({ perKey: 1 })
    expect((await trade(9)).jobs).toHaveLength(1)
    expect((await trade(9)).jobs).toHaveLength(0)
  })

  test('canceled, deleted, expired: whoever goes gives a place, if it had one', async () => {
    await put('a1 a2 a3 a4 a5')
    await cancelJob(store(), { queue: 'q', id: 'a3' }, { reason: 'canceled', release: false })
    await cancelJob(store(), { queue: 'q', id: 'a1' }, { reason: 'canceled', release: false })
    expect(await waiting()).toBe('a2 a4 a5')
    expect(await removeJobs(store(), 'q', ['a2', 'a5'])).toEqual(['deleted', 'deleted'])
    expect(await claimIds(9)).toBe('a4')
    expect(await requeueJob(store(), { queue: 'q', id: 'a1' }, 'requeue', false)).toEqual({ before: 'canceled' })
    expect(await claimIds(9)).toBe('')
    expect(await claimIds(9, 'a4')).toBe('a1')
    await put('a6 a7', { control: { ttl: 1 }, fields: { ttl: '1' } })
    await until('both have expired', async () => {
      await sweep(store(), 'q', 3)
      const [counts] = await summarize(store(), ['q'])
      return counts!.queued === 0 && counts!.started === 1
    })
  })

  test('emptied, and then nothing is left', async () => {
    await put('a1 a2 b1 b2 b3')
    expect(await removeAll(store(), 'q', 'queue')).toBe(5)
    expect(await forgetQueue(store(), 'q')).toBe(true)
  })

  test('of one key higher levels go first, then those for the front', async () => {
    await put('a1')
    await claimIds(1)
    await put('a2 a3')
    await put('a4', { control: { front: 1 } })
    await put('a5', { fields: { priority: '3' } })
    await put('a6', { fields: { priority: '-3' }, control: { front: 1 } })
    const order: string[] = []
    for (let last = 'a1'; last !== ''; ) {
      last = await claimIds(1, last)
      order.push(last)
    }
    expect(order.join(' ')).toBe('a5 a4 a2 a3 a6 ')
  })

  test('a holder whose job is gone without a word gives its place within two sweeps', async () => {
    await put('a1 a2')
    await claimIds(1)
    await store().client.call('DEL', store().keys.job('q', 'a1'))
    await store().client.call('ZREM', store().keys.container('q', 'started'), 'a1')
    await sweep(store(), 'q', 3)
    expect(await claimIds(9)).toBe('a2')
  })

  test('the same claim and the same outcome again change nothing', async () => {
    await put('a1 a2')
    const asked = request(1, { token: 'one' })
    await settle(store(), asked, [])
    await settle(store(), asked, [])
    const end = [outcome('a1', 'one', 'ok')]
    await settle(store(), request(0, { token: 'two' }), end)
    const before = await snapshot(store(), 'q', await store().now())
    expect((await settle(store(), request(0, { token: 'two' }), end)).verdicts).toEqual(['repeated'])
    expect((await snapshot(store(), 'q', await store().now())).aside).toEqual(before.aside)
    expect(await waiting()).toBe('a2')
  })
})

describe('limits of a task', () => {
  test('others pass those that are held back, which go on before all others', async () => {
    await limit({ tasks: { mail: { concurrency: 1 } } })
    await put('x1@mail x2@mail x3@mail x4 x5')
    expect(await claimIds(2)).toBe('x1 x4')
    expect(await waiting()).toBe('x5 x2 x3')
    expect(await claimIds(1, 'x1')).toBe('x2')
    expect(await claimIds(9)).toBe('x5')
    expect(await claimIds(9, 'x2')).toBe('x3')
  })

  test('a rate lets in what is due', async () => {
    await limit({ tasks: { mail: { rate: { max: 2, per: '1m' } } } })
    await put('x1@mail x2@mail x3@mail x4@mail x5@mail x6')
    const first = await trade(9)
    expect(first.jobs.map((job) => job.id)).toEqual(['x1', 'x2', 'x6'])
    expect(first.againMs).toBeGreaterThan(50_000)
    expect((await trade(9)).jobs).toEqual([])
    await age('rate:task:mail', 60_000)
    await store().client.call('ZADD', `${store().keys.base('q')}gates`, 1, 'task:mail')
    expect(await claimIds(9)).toBe('x3 x4')
    expect((await trade(9)).againMs).toBeGreaterThan(50_000)
  })

  test('set while jobs of it run, ended while others are held back', async () => {
    await put('x1@mail x2@mail x3@mail x4@mail')
    expect(await claimIds(2)).toBe('x1 x2')
    await limit({ tasks: { mail: { concurrency: 2 } } })
    expect(await claimIds(9)).toBe('')
    expect(await claimIds(9, 'x1')).toBe('x3')
    await takeMarker()
    await limit({ tasks: { mail: null } })
    expect(await markers()).toBe(1)
    expect(await claimIds(9)).toBe('x4')
  })

  test('one held back is canceled, one that was let in too: the next goes on', async () => {
    await limit({ tasks: { mail: { concurrency: 1 } } })
    await put('x1@mail x2@mail x3@mail x4@mail')
    await claimIds(9)
    await cancelJob(store(), { queue: 'q', id: 'x2' }, { reason: 'canceled', release: false })
    await trade(0, ['x1'])
    await cancelJob(store(), { queue: 'q', id: 'x3' }, { reason: 'canceled', release: false })
    expect(await claimIds(9)).toBe('x4')
  })

  test('with keys: a job waits at one gate at a time and holds what it has passed', async () => {
    await limit({ tasks: { mail: { concurrency: 1 } } })
    await put('a1@mail a2@mail b1@mail b2 c1@mail')
    expect(await claimIds(9)).toBe('a1')
    expect(await claimIds(9, 'a1')).toBe('b1')
    expect(await claimIds(9, 'b1')).toBe('c1 b2')
    expect(await claimIds(9, 'c1')).toBe('a2')
  })

  test('with a ttl a job that is held back still expires', async () => {
    await limit({ tasks: { mail: { concurrency: 1 } } })
    await put('x1@mail')
    await put('x2@mail', { control: { ttl: 60_000 }, fields: { ttl: '60000' } })
    await claimIds(9)
    const { client, keys } = store()
    await client.call('HSET', keys.job('q', 'x2'), 'expires_at', 1)
    await client.call('ZADD', keys.expiry('q', 'queued'), 'XX', 1, 'x2')
    await sweep(store(), 'q', 3)
    expect((await summarize(store(), ['q']))[0]).toMatchObject({ queued: 0, canceled: 1 })
  })

  test('a level that gets its first job during a claim is known to the next one', async () => {
    const { client, keys } = store()
    await put('a1', { control: { ttl: 60_000 }, fields: { ttl: '60000', priority: '5' } })
    await put('a2 a3', { fields: { priority: '-3' } })
    await client.call('HSET', keys.job('q', 'a1'), 'expires_at', 1)
    await client.call('ZADD', keys.expiry('q', 'queued'), 'XX', 1, 'a1')
    // The claim ends a1, which lets a2 in below, and forgets the level of a1.
    expect(await claimIds(9)).toBe('')
    expect(await markers()).toBe(1)
    expect(await claimIds(9)).toBe('a2')
    expect(await claimIds(9, 'a2')).toBe('a3')
  })
})

test.each([5, '', 'mail', true, ['mail'], () => 1])('tasks and keys that are %s are refused', (junk) => {
  expect(() => normalizeLimits({ tasks: junk as never })).toThrow('tasks must be an object')
  expect(() => normalizeLimits({ keys: junk as never })).toThrow('keys must be an object')
})

test.each([null, undefined, 5, { tag: 't', queues: 'mail' }, { tag: 't', queues: [1] }])(
  'a filter %j cancels nothing and says why',
  async (junk) => {
    await expect(cancelMatching(store(), junk as never)).rejects.toMatchObject({ code: 'RQTS_BAD_OPTION' })
  },
)
