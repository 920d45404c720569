import { describe } from 'vitest'
import { forgetQueue } from '../../lib/store/queues.ts'
import type { Call } from '../support/calls.ts'
import { type State } from '../support/state.ts'
import { table } from '../support/table.ts'

const forget: Call = async (store) => {
  const forgotten = await forgetQueue(store, 'q')
  return [forgotten, await store.client.call('SISMEMBER', store.keys.queues, 'q')]
}
const full: [string, State][] = [
  ['waiting', { queue: ['a'] }],
  ['running', { started: { a: '-20s' } }],
  ['scheduled', { scheduled: { a: '-20s' } }],
  ['deferred', { deferred: { a: '-20s' }, unlinked: ['a'], jobs: { a: { waits: ['r/p'] } } }],
  ['finished', { finished: { a: '+60s' } }],
  ['failed', { failed: { a: 'forever' } }],
  ['canceled', { canceled: { a: '+60s' } }],
]

describe('forget', () => {
  table([
    { name: 'a queue that was never written', given: { meta: {} }, call: forget, returns: [true, 0], after: { meta: {} } },
    {
      name: 'all that is left of an empty one',
      given: { wake: 1, leader: 'w', finished: { a: '-20s' }, failed: { b: '-20s' }, jobs: { a: null, b: null } },
      call: forget,
      returns: [true, 0],
      after: { meta: {} },
    },
    ...full.map(([what, given]) => ({ name: `not while a job is ${what}`, given, call: forget, returns: [false, 1], after: given })),
    {
      name: 'not while dependents wait for a message',
      given: { outbox: ['p finished'], jobs: { p: { dependents: ['r/a'] } } },
      call: forget,
      returns: [false, 1],
      after: { outbox: ['p finished'], jobs: { p: { dependents: ['r/a'] } } },
    },
  ])
})
