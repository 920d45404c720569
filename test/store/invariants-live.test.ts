import { afterEach, describe, expect, test } from 'vitest'
import { claim, settle } from '../../lib/store/attempts.ts'
import { enqueueJobs } from '../../lib/store/enqueue.ts'
import { removeJobs } from '../../lib/store/jobs.ts'
import { checkInvariants } from '../../lib/testing/invariants.ts'
import { newJob, request } from '../support/calls.ts'
import { wipe } from '../support/keyspace.ts'
import { seed } from '../support/state.ts'
import { storeOfFile } from '../support/table.ts'

describe('the checker', () => {
  const store = storeOfFile()
  afterEach(() => wipe(store()))

  test('looks at all queues that are registered, when none is named', async () => {
    await seed(store(), 'r', { queue: ['a', 'a'] }, await store().now())
    expect(await checkInvariants(store())).toEqual([])
    await store().client.call('SADD', store().keys.queues, 'r')
    expect(await checkInvariants(store())).toEqual([{ rule: 1, queue: 'r', id: 'a', text: 'is in queue and queue' }])
  })

  test('is not misled by jobs that move while it reads', async () => {
    let at = 0
    let checking = true
    const work = async (): Promise<void> => {
      while (checking) {
        const ids = Array.from({ length: 20 }, () => `j${at++}`)
        await enqueueJobs(
          store(),
          'q',
          ids.map((id) => newJob(id)),
          true,
        )
        const jobs = await claim(store(), request(20, { token: `T${at}` }))
        await settle(
          store(),
          request(0),
          jobs.map(({ id, token }, i) => ({
            queue: 'q',
            id,
            token,
            ...(i % 2 === 0 ? { kind: 'ok' as const, result: '' } : { kind: 'fail' as const, reason: 'error', error: '{}' }),
          })),
        )
        // Else each check would take longer than the one before it, without end.
        await removeJobs(store(), 'q', ids.slice(1))
      }
    }
    const working = work()
    for (let i = 0; i < 5 || at <= 100; i++) expect(await checkInvariants(store(), { queues: ['q'] })).toEqual([])
    checking = false
    await working
    expect(await checkInvariants(store(), { queues: ['q'] })).toEqual([])
  })
})
