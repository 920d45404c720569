import { YEAR } from './calls.ts'
import type { State } from './state.ts'

/** What may be wrong with a queue, and what the checker says of it. */
export interface Broken {
  name: string
  given: State
  also?: State
  finds: [rule: number, id: string, text: string][]
  /** Nothing else tells what would be right. */
  final?: true
}

const line = (attempt: number) => ({ attempt, worker: 'w', startedAt: '-20s', endedAt: '-20s', outcome: 'retry' })
const child = { flags: 'd', dependents: ['c'] }

const keyed = { concurrency_key: 'K', flags: 'k' }

export const BROKEN: readonly Broken[] = [
  {
    name: 'nothing, of a queue with one of each',
    given: {
      queue: ['a'],
      started: { b: '-20s' },
      scheduled: { s: '-20s' },
      deferred: { c: '-20s' },
      finished: { f: '+60s', g: '-20s' },
      failed: { h: 'forever' },
      canceled: { e: YEAR },
      'expiry:scheduled': { s: '-20s' },
      unique: { K: 'a' },
      outbox: ['f finished'],
      wake: 1,
      claims: { w: 'T b' },
      jobs: {
        a: { flags: 'ud', unique: 'K', dependents: ['c'] },
        s: { ttl: '1', expires_at: '-20s' },
        f: { flags: 'd', dependents: ['c'] },
        c: { waits: ['a', 'f'] },
        e: { status: 'expired' },
        g: null,
        h: { flags: 'x', failures: '1', attempts: [line(1)], logs: ['l'] },
      },
    },
    finds: [],
  },
  { name: 'an id in two containers', given: { queue: ['a'], started: { a: '+60s' } }, finds: [[1, 'a', 'is in queue and started']] },
  { name: 'an id twice in the list', given: { queue: ['a', 'a'] }, finds: [[1, 'a', 'is in queue and queue']] },
  { name: 'an id without a job', given: { queue: ['a'], jobs: { a: null } }, finds: [[2, 'a', 'is in queue, but there is no job']] },
  {
    name: 'a retained id without a job',
    given: { finished: { a: '+60s' }, jobs: { a: null } },
    finds: [[2, 'a', 'is in finished, but there is no job']],
  },
  {
    name: 'a job in no container',
    given: { jobs: { a: { status: 'queued', origin: 'q' } } },
    finds: [[2, 'a', 'is queued, but not in queue']],
  },
  {
    name: 'a job in the wrong container',
    given: { finished: { a: 'forever' }, jobs: { a: { status: 'failed', reason: 'error' } } },
    finds: [[2, 'a', 'is failed, but not in failed']],
  },
  {
    name: 'a status that is none',
    given: { queue: ['a'], jobs: { a: { status: 'odd' } } },
    finds: [[2, 'a', "has the unknown status 'odd'"]],
  },
  {
    name: 'a job of another queue',
    given: { queue: ['a'], jobs: { a: { origin: 'r' } } },
    finds: [[2, 'a', "says that its queue is 'r'"]],
  },
  {
    name: 'keys of the wrong type',
    given: { wrong: { queue: 'text', 'job:b': 'text' } },
    finds: [
      [2, 'job:b', 'the key is not of the type it should be'],
      [2, 'queue', 'the key is not of the type it should be'],
    ],
  },
  {
    name: 'an end without its time or reason',
    given: { failed: { a: YEAR }, jobs: { a: { ended_at: null, reason: null } } },
    finds: [
      [2, 'a', 'is failed and ended_at is unset'],
      [2, 'a', 'is failed and its reason is unset'],
    ],
  },
  {
    name: 'an end that is over',
    given: { queue: ['a'], jobs: { a: { ended_at: '-20s', worker: 'w' } } },
    finds: [
      [2, 'a', 'is queued and ended_at is'],
      [2, 'a', 'is queued, but has a worker or started_at'],
    ],
  },
  {
    name: 'fields that no worker would be given',
    given: { queue: ['a'], jobs: { a: { retry: '{"max":1}' } } },
    finds: [[2, 'a', "has retry, but its flags '' do not say so (m)"]],
  },
  {
    name: 'a started job without a lease',
    given: { jobs: { a: { status: 'started', origin: 'q', token: 'T', worker: 'w', attempt: '1' } } },
    finds: [
      [2, 'a', 'is started, but not in started'],
      [3, 'a', 'is started, but nobody holds a lease'],
    ],
  },
  {
    name: 'a lease without a token',
    given: { started: { a: '+60s' }, jobs: { a: { token: null } } },
    finds: [[3, 'a', 'is started, but has no token or no worker']],
  },
  { name: 'a lease for ever', given: { started: { a: 'forever' } }, finds: [[3, 'a', 'has a lease that never ends']] },
  {
    name: 'a started job that never started',
    given: { started: { a: '+60s' }, jobs: { a: { attempt: null } } },
    final: true,
    finds: [[4, 'a', "is started at attempt ''"]],
  },
  {
    name: 'an attempt with two outcomes',
    given: { started: { a: '+60s' }, jobs: { a: { attempt: '3', flags: 'x', attempts: [line(2), line(2)] } } },
    final: true,
    finds: [[4, 'a', 'is started at attempt 3 after 2, 2']],
  },
  {
    name: 'an attempt that failed and finished',
    given: { finished: { a: '+60s' }, jobs: { a: { attempt: '2', flags: 'x', attempts: [line(2)] } } },
    final: true,
    finds: [[4, 'a', 'is finished at attempt 2 after 2']],
  },
  {
    name: 'more failures than retries',
    given: { queue: ['a'], jobs: { a: { failures: '4', retry: '{"max":2}', flags: 'm' } } },
    final: true,
    finds: [[5, 'a', 'has failed 4 times, though it may be retried 2 times']],
  },
  { name: 'a unique key without an owner', given: { unique: { K: 'a' } }, finds: [[7, 'unique:K', 'is held by a, which is not there']] },
  {
    name: 'a unique key with an owner that has ended',
    given: { finished: { a: '+60s' }, unique: { K: 'a' }, jobs: { a: { flags: 'u', unique: 'K' } } },
    finds: [[7, 'unique:K', 'is held by a, which is finished']],
  },
  {
    name: 'a unique key that its owner does not know',
    given: { queue: ['a'], unique: { K: 'a' }, jobs: { a: { unique: 'K' } } },
    finds: [[7, 'unique:K', 'is held by a, which does not know']],
  },
  { name: 'deferred, for nothing', given: { deferred: { a: '-20s' } }, finds: [[8, 'a', 'is deferred, but waits for no parent']] },
  {
    name: 'deferred, by a parent that does not know',
    given: { queue: ['p'], deferred: { c: '-20s' }, jobs: { c: { waits: ['p'] } } },
    finds: [[8, 'c', 'waits for p, which will not tell']],
  },
  {
    name: 'deferred, by a parent that has ended and is silent',
    given: { finished: { p: '+60s' }, deferred: { c: '-20s' }, jobs: { p: child, c: { waits: ['p'] } } },
    finds: [
      [8, 'c', 'waits for p, which will not tell'],
      [9, 'job:p:dependents', 'outlives the job, and no message is under way'],
    ],
  },
  {
    name: 'deferred, by a parent that has ended and never knew',
    given: { finished: { p: '+60s' }, deferred: { c: '-20s' }, jobs: { c: { waits: ['p'] } } },
    finds: [[8, 'c', 'waits for p, which will not tell']],
  },
  {
    name: 'deferred, by a parent elsewhere that does not know',
    given: { deferred: { c: '-20s' }, jobs: { c: { waits: ['r/p'] } } },
    also: { queue: ['p'], jobs: { p: { flags: 'd', dependents: ['x'] } } },
    finds: [[8, 'c', 'waits for r/p, which does not know it']],
  },
  {
    name: 'deferred, by a parent elsewhere that knows',
    given: { deferred: { c: '-20s' }, jobs: { c: { waits: ['r/p'] } } },
    also: { queue: ['p'], jobs: { p: { flags: 'd', dependents: ['q/c'] } } },
    finds: [],
  },
  {
    name: 'a parent that would not look for its children',
    given: { queue: ['p'], deferred: { c: '-20s' }, jobs: { p: { dependents: ['c'] }, c: { waits: ['p'] } } },
    finds: [[8, 'p', 'has dependents, but its flags do not say so (d)']],
  },
  {
    name: 'a ttl that no sweep would see',
    given: { queue: ['a'], jobs: { a: { ttl: '1', expires_at: '+60s' } } },
    finds: [[2, 'a', 'has a ttl, but is not in expiry:queued']],
  },
  {
    name: 'an entry of the index without cause',
    given: { started: { a: '+60s' }, 'expiry:queued': { a: '+60s' } },
    finds: [[2, 'a', 'is in expiry:queued without cause']],
  },
  {
    name: 'parents of a job that does not wait for them',
    given: { queue: ['a'], jobs: { a: { waits: ['p'] } } },
    finds: [[9, 'job:a:waits', 'outlives the wait']],
  },
  {
    name: 'parts of a job that is gone',
    given: { jobs: { a: { waits: ['p'], dependents: ['c'], logs: ['l'] } } },
    finds: [
      [9, 'job:a:dependents', 'outlives the job'],
      [9, 'job:a:logs', 'does not die with its job'],
      [9, 'job:a:waits', 'outlives the wait'],
    ],
  },
  {
    name: 'a history that outlives its job',
    given: { failed: { a: '+60s' }, jobs: { a: { flags: 'x', attempts: [line(1)] } }, dies: { 'job:a:attempts': 'forever' } },
    finds: [[9, 'job:a:attempts', 'does not die with its job']],
  },
  {
    name: 'logs that the job does not know of',
    given: { started: { a: '+60s' }, jobs: { a: { logs: ['l'] } } },
    finds: [[9, 'a', 'has logs, but its flags do not say so (x)']],
  },
  {
    name: 'a job that is kept too long',
    given: { finished: { a: '+60s' }, dies: { 'job:a': 'forever' } },
    finds: [[9, 'a', 'is finished; its key is not kept as long as it should be']],
  },
  {
    name: 'a job that waits and dies',
    given: { queue: ['a'], dies: { 'job:a': '+60s' } },
    finds: [[9, 'a', 'is queued; its key is not kept as long as it should be']],
  },
  {
    name: 'a link that is not to be made',
    given: { queue: ['a'], unlinked: ['a', 'b'] },
    finds: [
      [9, 'a', 'is in unlinked, but not deferred'],
      [9, 'b', 'is in unlinked, but not deferred'],
    ],
  },
  { name: 'markers without need', given: { queue: ['a'], wake: 3 }, finds: [[9, 'wake', '3 markers, at most one is needed']] },
  {
    name: 'jobs of each kind in no container',
    given: {
      unique: { K: 's' },
      jobs: {
        s: { status: 'scheduled', origin: 'q', run_at: '+60s', flags: 'u', unique: 'K' },
        t: { status: 'started', origin: 'q', token: 'T', worker: 'w', attempt: '1' },
        f: { status: 'finished', origin: 'q', attempt: '1', ended_at: '-20s' },
        g: { status: 'stopped', origin: 'q', attempt: '1', ended_at: '-20s', reason: 'canceled' },
      },
    },
    finds: [
      [2, 'f', 'is finished, but not in finished'],
      [2, 'g', 'is stopped, but not in failed'],
      [2, 's', 'is scheduled, but not in scheduled'],
      [2, 't', 'is started, but not in started'],
      [3, 't', 'is started, but nobody holds a lease'],
    ],
  },
  {
    name: 'a deferred job in no container, and its parent is gone',
    given: { jobs: { c: { status: 'deferred', origin: 'q', waits: ['p'] } } },
    finds: [
      [2, 'c', 'is deferred, but not in deferred'],
      [8, 'c', 'waits for p, which will not tell'],
    ],
  },
  {
    name: 'a list of which no claim knows',
    given: { levels: { 5: ['a'] }, meta: { version: '1', listed: '1' }, jobs: { a: { priority: '5', flags: 'l' } } },
    finds: [[2, 'queue:5', 'has jobs that no claim looks for']],
  },
  {
    name: 'a job in the list of another level',
    given: { queue: ['a'], jobs: { a: { priority: '5', flags: 'l' } } },
    finds: [[2, 'a', 'waits in level 0, and its priority is 5']],
  },
  {
    name: 'nothing, where a limit holds back',
    given: {
      queue: ['a'],
      aside: { parked: ['b'], 'parked:key:K': ['b'], 'held:key:K': ['a'], gates: ['key:K'] },
      meta: { version: '1', listed: '1', turns: '1' },
      jobs: { a: keyed, b: { ...keyed, turn: '0' } },
    },
    finds: [],
  },
  {
    name: 'a job that is held back at no gate',
    given: { aside: { parked: ['a'] }, jobs: { a: keyed } },
    finds: [
      [1, 'a', 'is parked at no gate'],
      [2, 'a', 'is queued without having passed the gate of its key'],
    ],
  },
  {
    name: 'a job in the list that has not passed the gate of its key',
    given: { queue: ['a'], jobs: { a: keyed } },
    finds: [[2, 'a', 'is queued without having passed the gate of its key']],
  },
  {
    name: 'a running job that has not passed the gate of its key',
    given: { started: { a: '+60s' }, jobs: { a: keyed } },
    finds: [[2, 'a', 'is started without having passed the gate of its key']],
  },
  {
    name: 'jobs inside a gate that have no business there',
    given: { queue: ['a'], aside: { 'held:key:K': ['a', 'b'], gates: ['key:K'] }, jobs: { a: {} } },
    finds: [
      [2, 'a', 'is inside key:K, where it does not belong'],
      [2, 'b', 'is inside key:K, where it does not belong'],
    ],
  },
  {
    name: 'a gate that nobody looks at',
    given: { aside: { parked: ['a'], 'parked:key:K': ['a'] }, jobs: { a: keyed } },
    finds: [
      [2, 'parked:key:K', 'has jobs, but nobody looks at this gate'],
      [2, 'parked:key:K', 'has jobs, and nobody is inside'],
    ],
  },
]
