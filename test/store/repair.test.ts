import { afterEach, describe, expect, test } from 'vitest'
import { claim, settle } from '../../lib/store/attempts.ts'
import { enqueueJobs } from '../../lib/store/enqueue.ts'
import { mendJobs, sweep } from '../../lib/store/maintain.ts'
import { checkInvariants } from '../../lib/testing/invariants.ts'
import { repair } from '../../lib/testing/repair.ts'
import { BROKEN } from '../support/broken.ts'
import { newJob, request } from '../support/calls.ts'
import { digest, wipe } from '../support/keyspace.ts'
import { seed, snapshot } from '../support/state.ts'
import { storeOfFile } from '../support/table.ts'

describe('repair mends', () => {
  const store = storeOfFile()
  afterEach(() => wipe(store()))
  for (const { name, given, also, finds, final } of BROKEN) {
    test(name, async () => {
      const now = await store().now()
      await seed(store(), 'q', given, now)
      if (also) await seed(store(), 'r', also, now)
      const before = await digest(store())
      const { mended, left } = await repair(store(), { queues: ['q'] })
      if (final) {
        expect(left.map(({ rule, id }) => [rule, id])).toEqual(finds.map(([rule, id]) => [rule, id]))
      } else {
        expect(left).toEqual([])
        expect(mended).toHaveLength(finds.length)
        expect(await checkInvariants(store(), { queues: ['q'] })).toEqual([])
      }
      if (finds.length === 0) expect(await digest(store())).toBe(before)
      const after = await digest(store())
      await repair(store(), { queues: ['q'] })
      expect(await digest(store())).toBe(after)
    })
  }
})

describe('repair is safe while workers run', () => {
  const store = storeOfFile()
  afterEach(() => wipe(store()))

  test('jobs that are whole by the time of the call stay as they are', async () => {
    const healthy = BROKEN.find(({ finds }) => finds.length === 0)!
    const now = await store().now()
    await seed(store(), 'q', healthy.given, now)
    // A child whose parent is about to tell, that parent, and an entry past its time are not left as they are.
    const names = Object.keys(healthy.given.jobs!).filter((id) => !'cfg'.includes(id))
    const before = await snapshot(store(), 'q', now)
    await mendJobs(store(), 'q', [...names, 'b', 'nobody', 'unique:K', 'unique:none'])
    expect(await snapshot(store(), 'q', now)).toEqual(before)
  })

  test('a child whose parent has ended and never knew it is told in the same call', async () => {
    const silent = BROKEN.find(({ name }) => name === 'deferred, by a parent that has ended and never knew')!
    const now = await store().now()
    await seed(store(), 'q', silent.given, now)
    await mendJobs(store(), 'q', ['c'])
    expect(await snapshot(store(), 'q', now)).toMatchObject({ queue: ['c'] })
  })

  test('an attempt whose lease vanished keeps its token: it finishes, or the sweep takes it back', async () => {
    await enqueueJobs(store(), 'q', [newJob('a'), newJob('b')], false)
    const held = await claim(store(), request(2, { token: 'T' }))
    expect(held.map(({ id }) => id)).toEqual(['a', 'b'])
    await store().client.call('DEL', store().keys.container('q', 'started'))
    await repair(store(), { queues: ['q'] })
    expect((await sweep(store(), 'q', 3)).requeued).toEqual([])
    expect((await settle(store(), request(0), [{ queue: 'q', id: 'a', token: 'T', kind: 'ok', result: '1' }])).verdicts).toEqual([
      'written',
    ])
    await store().client.call('ZADD', store().keys.container('q', 'started'), 'XX', 1, 'b')
    expect((await sweep(store(), 'q', 3)).requeued).toEqual(['b'])
  })
})
