import { claim, type Outcome, renew, settle } from '../../lib/store/attempts.ts'
import { enqueueJobs } from '../../lib/store/enqueue.ts'
import { glance } from '../../lib/store/glance.ts'
import { cancelJob, note, removeJobs, replaceMeta, requeueJob, watchJobs } from '../../lib/store/jobs.ts'
import { changeLimits } from '../../lib/store/limits.ts'
import { deliverOutbox, linkParents, mendJobs, sweep, tick } from '../../lib/store/maintain.ts'
import { forgetQueue, listIds, summarize } from '../../lib/store/queues.ts'
import type { ScriptName } from '../../lib/store/redis.ts'
import { addStats, readTaskStats } from '../../lib/store/stats.ts'
import type { Store } from '../../lib/store/store.ts'
import { enlistWorker, readWorkers } from '../../lib/store/workers.ts'
import { type JobSketch, newJob, put, request, take } from './jobs.ts'

/** One call of a script's typed function: what is there before, and the call. Ids and tokens are fixed, so that two runs compare. */
export interface Case {
  name: string
  script: ScriptName
  given?(store: Store): Promise<unknown>
  call(store: Store): Promise<unknown>
}

const A = { queue: 'q', id: 'a' }
const HELD = { ...A, token: 'first' }
const COUNTED = { retry: '{"max":3}', flags: 'm' }

const queued =
  (...ids: string[]) =>
  async (store: Store) =>
    await put(store, 'q', ...ids.map((id) => ({ id })))

/** A job that a worker holds under the token `first`. */
const started =
  (fields: JobSketch['fields'] = {}) =>
  async (store: Store) => {
    await put(store, 'q', { id: 'a', control: {}, fields })
    await take(store, { token: 'first', worker: 'w1' })
  }

const ended = (outcome: Partial<Outcome>, fields?: JobSketch['fields']) => async (store: Store) => {
  await started(fields)(store)
  await settle(store, request({ token: 'end', want: 0 }), [{ ...HELD, ...outcome } as Outcome])
}

const FAIL = { kind: 'fail', reason: 'error', error: '{"name":"Error"}' } as const

function settling(name: string, outcome: Partial<Outcome>, fields: JobSketch['fields'] = {}): Case {
  return {
    name: `settle: ${name}`,
    script: 'settle',
    given: async (store) => {
      await started(fields)(store)
      await put(store, 'q', { id: 'b' }, { id: 'c' })
    },
    call: (store) => settle(store, request({ token: 'second', worker: 'w1', want: 1 }), [{ ...HELD, ...outcome } as Outcome]),
  }
}

const SETTLES: Case[] = [
  settling('finished, and the next job', { kind: 'ok', result: '1' }),
  settling('finished and not kept', { kind: 'ok', result: '1' }, { result_ttl: 0, flags: 'm' }),
  settling('finished and kept for ever', { kind: 'ok', result: '1' }, { result_ttl: -1, flags: 'm' }),
  settling('failed', FAIL),
  settling('failed and not kept', FAIL, { failure_ttl: 0 }),
  settling('retry later', { kind: 'retry', delayMs: 60_000, error: '{}' }, COUNTED),
  settling('retry at once', { kind: 'retry', delayMs: 0, error: '{}' }, COUNTED),
  settling('stopped', { kind: 'stop', reason: 'canceled', error: '' }),
  settling('finished, to run again later', { kind: 'ok', result: '1' }, { repeat_times: 2, repeat_every: 60_000, flags: 'n' }),
  settling('finished, to run again at once', { kind: 'ok', result: '1' }, { repeat_times: 2, flags: 'n' }),
  settling('released', { kind: 'release' }),
  settling('left to another, with a result of its own', { kind: 'wait', others: 'b', result: '1' }),
  settling('left to another, whose result it takes', { kind: 'yield', others: 'b', result: '' }),
  {
    name: 'settle: finished without a claim',
    script: 'settle',
    given: started({ result_ttl: 0, flags: 'm' }),
    call: (store) => settle(store, request({ token: 'second', worker: 'w1', want: 0 }), [{ ...HELD, kind: 'ok', result: '1' }]),
  },
]

const ENQUEUES: Case[] = (
  [
    ['plain', [{ id: 'a' }, { id: 'b' }]],
    ['delayed', [{ id: 'a', control: { delay: 60_000 } }]],
    ['unique', [{ id: 'a', control: { unique: { key: 'k', mode: 'reject' } }, fields: { unique: 'k', flags: 'u' } }]],
    [
      'unique, in the place of another',
      [{ id: 'a', control: { unique: { key: 'old', mode: 'replace' } }, fields: { unique: 'old', flags: 'u' } }],
    ],
    [
      'put off',
      [
        {
          id: 'a',
          control: { delay: 60_000, unique: { key: 'old', mode: 'replace', maxWait: 90_000 } },
          fields: { unique: 'old', flags: 'u' },
        },
      ],
    ],
    ['throttled', [{ id: 'a', control: { unique: { key: 'k', mode: 'reject', throttle: 60_000 } }, fields: { unique: 'k', flags: 'u' } }]],
    ['an id of its own', [{ id: 'a', control: { nonce: 'n' }, fields: { nonce: 'n' } }]],
    ['an id in use', [{ id: 'old', control: { nonce: 'n' }, fields: { nonce: 'n' } }]],
    ['a child', [{ id: 'a', control: { parents: ['old'] }, fields: { parents: '["old"]', flags: 'm' } }]],
    ['with a ttl', [{ id: 'a', control: { ttl: 60_000 }, fields: { ttl: 60_000 } }]],
    ['at the front', [{ id: 'a', control: { front: 1 } }]],
    ['with a key', ['a', 'b'].map((id) => ({ id, control: { line: 'k' }, fields: { concurrency_key: 'K', flags: 'k' } }))],
    ['with a priority', [{ id: 'a', control: { line: 'l' }, fields: { priority: 3, flags: 'l' } }]],
  ] as [string, JobSketch[]][]
).map(([name, sketches]) => ({
  name: `enqueue: ${name}`,
  script: 'enqueue',
  given: (store) =>
    put(store, 'q', { id: 'old', control: { unique: { key: 'old', mode: 'reject' } }, fields: { unique: 'old', flags: 'u' } }),
  call: async (store) => (await enqueueJobs(store, 'q', sketches.map(newJob), sketches.length > 1)).outcomes,
}))

const CHANGES: Case[] = [
  {
    name: 'cancel: queued',
    script: 'cancel',
    given: queued('a'),
    call: (store) => cancelJob(store, A, { reason: 'canceled', release: false }),
  },
  {
    name: 'cancel: running',
    script: 'cancel',
    given: started(),
    call: (store) => cancelJob(store, A, { reason: 'canceled', release: false }),
  },
  {
    name: 'cancel: not kept',
    script: 'cancel',
    given: (store) => put(store, 'q', { id: 'a', control: {}, fields: { failure_ttl: 0 } }),
    call: (store) => cancelJob(store, A, { reason: 'canceled', release: false }),
  },
  { name: 'requeue', script: 'requeue', given: ended(FAIL), call: (store) => requeueJob(store, A, 'requeue', false) },
  {
    name: 'promote',
    script: 'requeue',
    given: (store) => put(store, 'q', { id: 'a', control: { delay: 60_000 } }),
    call: (store) => requeueJob(store, A, 'promote', false),
  },
  { name: 'remove', script: 'remove', given: queued('a', 'b'), call: (store) => removeJobs(store, 'q', ['a', 'c', 'b']) },
  { name: 'remove: running', script: 'remove', given: started(), call: (store) => removeJobs(store, 'q', ['a']) },
  {
    name: 'forget',
    script: 'forget',
    given: async (store) => {
      await queued('a')(store)
      await removeJobs(store, 'q', ['a'])
    },
    call: (store) => forgetQueue(store, 'q'),
  },
]

const ATTEMPTS: Case[] = [
  { name: 'claim: one', script: 'claim', given: queued('a', 'b'), call: (store) => claim(store, request({ token: 'first' })) },
  {
    name: 'claim: all there is',
    script: 'claim',
    given: queued('a', 'b'),
    call: (store) => claim(store, request({ token: 'first', want: 5 })),
  },
  {
    name: 'claim: several queues',
    script: 'claim',
    given: async (store) => {
      await put(store, 'q', { id: 'a' })
      await put(store, 'r', { id: 'b' }, { id: 'c' })
    },
    call: (store) => claim(store, request({ token: 'first', want: 2, queues: ['none', 'q', 'r'] })),
  },
  {
    name: 'claim: levels',
    script: 'claim',
    given: (store) => put(store, 'q', { id: 'a' }, { id: 'b', control: { line: 'l' }, fields: { priority: 3, flags: 'l' } }),
    call: (store) => claim(store, request({ token: 'first', want: 2 })),
  },
  {
    name: 'line',
    script: 'line',
    given: (store) => put(store, 'q', { id: 'a' }, { id: 'b', control: { line: 'l' }, fields: { priority: 3, flags: 'l' } }),
    call: (store) => listIds(store, 'q', 'queue'),
  },
  { name: 'renew', script: 'renew', given: started(), call: (store) => renew(store, 'q', [HELD, { ...HELD, token: 'stale' }], 30_000) },
  { name: 'note: progress', script: 'note', given: started(), call: (store) => note(store, HELD, 'progress', '50') },
  { name: 'note: log', script: 'note', given: started(), call: (store) => note(store, HELD, 'log', 'line') },
  { name: 'note: meta', script: 'note', given: started(), call: (store) => replaceMeta(store, HELD, undefined, '{"a":1}') },
  { name: 'watch', script: 'watch', given: queued('a'), call: (store) => watchJobs(store, 'q', ['a', 'b']) },
  {
    name: 'rights',
    script: 'rights',
    call: (store) => store.client.run('rights', [store.keys.queuePart('q', 'meta')], [JSON.stringify([['GET', store.keys.queues]])]),
  },
  { name: 'counts', script: 'counts', given: started(), call: (store) => summarize(store, ['q']) },
  {
    name: 'glance',
    script: 'glance',
    given: (store) => addStats(store, 'q', 'first', [['finished', 1]], []),
    // Rates depend on how much of the present minute has passed: only that there is one stays the same.
    call: async (store) => {
      const queues = await glance(store, ['q', 'other'], 3)
      return queues.map(({ lately, ...counts }) => ({ ...counts, active: lately.finishedPerMinute > 0 }))
    },
  },
  {
    name: 'tally',
    script: 'tally',
    given: (store) => addStats(store, 'q', 'first', [['finished', 1]], []),
    call: (store) => addStats(store, 'q', 'second', [['finished', 2]], [['add finished', 2]]),
  },
  {
    name: 'stats',
    script: 'stats',
    given: (store) => addStats(store, 'q', 'first', [['finished', 1]], [['add finished', 1]]),
    call: (store) => readTaskStats(store, 'q', 0),
  },
  {
    name: 'roster',
    script: 'roster',
    given: (store) => enlistWorker(store, 'w', 'me', 60_000, { state: 'idle', pid: 7 }),
    call: async (store) => (await readWorkers(store, ['state'])).map(({ name, fields: { state } }) => ({ name, state })),
  },
  { name: 'enlist', script: 'enlist', call: (store) => enlistWorker(store, 'w', 'me', 60_000, { state: 'idle' }) },
]

const child = (queue: string, parent: string) => async (store: Store) => {
  await put(store, 'q', { id: 'p' })
  await put(store, queue, { id: 'c', control: { parents: [parent] }, fields: { parents: JSON.stringify([parent]), flags: 'm' } })
}

const finishParent = async (store: Store): Promise<void> => {
  await take(store, { token: 'first', worker: 'w1' })
  await settle(store, request({ token: 'end', want: 0 }), [{ queue: 'q', id: 'p', token: 'first', kind: 'ok', result: '1' }])
}

const MAINTENANCE: Case[] = [
  {
    name: 'tick',
    script: 'tick',
    given: (store) => put(store, 'q', { id: 'a', control: { delay: 60_000 } }),
    call: async (store) => (await tick(store, 'q', 'w1', 60_000)).leader,
  },
  {
    name: 'resolve',
    script: 'resolve',
    given: async (store) => {
      await child('q', 'p')(store)
      await finishParent(store)
    },
    call: (store) => deliverOutbox(store, 'q'),
  },
  {
    name: 'deliver',
    script: 'deliver',
    given: async (store) => {
      await child('r', 'q/p')(store)
      await linkParents(store, 'r', 'c')
      await finishParent(store)
    },
    call: (store) => deliverOutbox(store, 'q'),
  },
  { name: 'link', script: 'link', given: child('r', 'q/p'), call: (store) => linkParents(store, 'r', 'c') },
  {
    name: 'sweep',
    script: 'sweep',
    given: async (store) => {
      await started()(store)
      await store.client.call('ZADD', store.keys.container('q', 'started'), 1, 'a')
    },
    call: async (store) => (await sweep(store, 'q', 3)).more,
  },
]

MAINTENANCE.push({
  name: 'repair',
  script: 'repair',
  given: async (store) => {
    await queued('a', 'b')(store)
    await store.client.call('DEL', store.keys.container('q', 'queue'))
  },
  call: (store) => mendJobs(store, 'q', ['a', 'b', 'unique:k']),
})

const keyed = { control: { line: 'k' }, fields: { concurrency_key: 'K', flags: 'k' } }
const limited = async (store: Store): Promise<void> => {
  await changeLimits(store, 'q', { concurrency: 2, rate: { max: 5, per: 60_000 }, tasks: { work: { concurrency: 1 } } })
  await put(store, 'q', { id: 'a', ...keyed }, { id: 'b', ...keyed }, { id: 'c' })
}

const LIMITS: Case[] = [
  {
    name: 'limits: set while jobs run',
    script: 'limits',
    given: started(),
    call: (store) => changeLimits(store, 'q', { tasks: { work: { concurrency: 2 } } }),
  },
  {
    name: 'limits: ended while jobs are held back',
    script: 'limits',
    given: async (store) => {
      await limited(store)
      await take(store, { token: 'first', worker: 'w1', want: 5 })
    },
    call: (store) => changeLimits(store, 'q', null),
  },
  { name: 'claim: limits', script: 'claim', given: limited, call: (store) => claim(store, request({ token: 'first', want: 5 })) },
  {
    name: 'settle: limits',
    script: 'settle',
    given: async (store) => {
      await limited(store)
      await take(store, { token: 'first', worker: 'w1' })
    },
    call: (store) => settle(store, request({ token: 'second', worker: 'w1', want: 5 }), [{ ...HELD, kind: 'ok', result: '1' }]),
  },
  {
    name: 'remove: held back',
    script: 'remove',
    given: limited,
    call: (store) => removeJobs(store, 'q', ['a', 'b']),
  },
  {
    name: 'sweep: limits',
    script: 'sweep',
    given: async (store) => {
      await limited(store)
      await take(store, { token: 'first', worker: 'w1' })
      await store.client.call('ZADD', store.keys.container('q', 'started'), 1, 'a')
    },
    call: async (store) => (await sweep(store, 'q', 3)).more,
  },
]

export const CASES: readonly Case[] = [...ENQUEUES, ...ATTEMPTS, ...SETTLES, ...CHANGES, ...MAINTENANCE, ...LIMITS]
