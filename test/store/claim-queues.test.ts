import { describe } from 'vitest'
import { type Call, claimed, claimJobs, running } from '../support/calls.ts'
import { ON_CLUSTER } from '../support/redis.ts'
import { table } from '../support/table.ts'

// On a Cluster a claim is one call per queue: test/worker/run, 'which queue is next'.
describe.skipIf(ON_CLUSTER)('several queues', () => {
  const all = (want: number): Call => claimJobs(want, { queues: ['r', 'q', 's'] })
  table([
    {
      name: 'in the order given, until all slots are filled',
      given: { queue: ['a', 'b'] },
      also: {
        r: { given: { queue: ['x'] }, after: { started: { x: '+60s' }, jobs: { x: running() }, claims: { w: 'T2 x' } } },
        s: { given: { queue: ['z'] } },
      },
      call: all(2),
      returns: [claimed('x', { queue: 'r' }), claimed('a')],
      after: { queue: ['b'], started: { a: '+60s' }, jobs: { a: running() }, claims: { w: 'T2 a' }, wake: 1 },
    },
    {
      name: 'empty, paused and broken ones are passed over',
      given: { wrong: { queue: 'text' } },
      also: {
        r: { given: { queue: ['x'], meta: { version: '1', paused: '1' } } },
        s: { given: { queue: ['z'] }, after: { started: { z: '+60s' }, jobs: { z: running() }, claims: { w: 'T2 z' } } },
      },
      call: all(2),
      returns: [claimed('z', { queue: 's' })],
      after: { wrong: { queue: 'text' } },
      broken: true,
    },
    {
      name: 'a meta or claim key of the wrong type',
      broken: true,
      given: { queue: ['a'], meta: {}, wrong: { meta: 'text' } },
      also: {
        r: { given: {} },
        s: { given: { queue: ['z'] }, after: { started: { z: '+60s' }, jobs: { z: running() }, claims: { w: 'T2 z' } } },
      },
      call: all(2),
      returns: [claimed('z', { queue: 's' })],
      after: { queue: ['a'], meta: {}, wrong: { meta: 'text' } },
    },
  ])
})
