import { describe } from 'vitest'
import { settle } from '../../lib/store/attempts.ts'
import { requeueJob } from '../../lib/store/jobs.ts'
import { deliverOutbox } from '../../lib/store/maintain.ts'
import { type Call, fail, ok, request, settled, YEAR } from '../support/calls.ts'
import { table } from '../support/table.ts'

const deliver: Call = (store) => deliverOutbox(store, 'q')
const done = { returns: undefined, call: deliver }
const dependency = { ended_at: 'now', reason: 'dependency' }
const queued = { enqueued_at: 'now' }
const settling =
  (...outcomes: Parameters<typeof settle>[2][number][]): Call =>
  (store) =>
    settle(store, request(0), outcomes)

describe('what a job leaves in the outbox when it ends', () => {
  const kept = { queue: ['x'] }
  table([
    {
      name: 'its result, for children that take it',
      given: {
        ...kept,
        started: { a: '+60s', b: '+60s' },
        jobs: { a: { flags: 'dr', dependents: ['c'] }, b: { flags: 'd', dependents: ['c'] }, c: { waits: ['a', 'b'] } },
        deferred: { c: '-20s' },
      },
      call: settling(ok('a', '"two\\nlines"'), ok('b', '1')),
      returns: settled(['written', 'written'], true),
      again: settled(['repeated', 'repeated'], true),
      after: {
        ...kept,
        finished: { a: '+500s', b: '+500s' },
        deferred: { c: '-20s' },
        outbox: ['a finished "two\\nlines"', 'b finished'],
        jobs: {
          a: { flags: 'dr', dependents: ['c'], ended_at: 'now', result: '"two\\nlines"' },
          b: { flags: 'd', dependents: ['c'], ended_at: 'now', result: '1' },
          c: { waits: ['a', 'b'] },
        },
      },
    },
    {
      name: 'its callback, with the outcome',
      given: {
        started: { a: '+60s', b: '+60s' },
        jobs: {
          a: { flags: 'ct', on_success: '{"s":1}', result_ttl: '0' },
          b: { flags: 'c', on_failure: '{"f":1}', on_success: '{}', failure_ttl: '0' },
        },
      },
      call: settling(ok('a', '42'), fail('b')),
      returns: settled(['written', 'written'], true),
      after: { outbox: ['a call 1 finished\n{"s":1}\n42', 'b call 1 failed\n{"f":1}\nerror\n{"name":"E"}'] },
    },
  ])
})

describe('a job that left its end to others', () => {
  const left = { attempt: '1', token: 'T' }
  table([
    {
      name: 'waits for them, also for one that was faster',
      given: { started: { a: '+60s' }, queue: ['f'], finished: { g: '+500s' }, jobs: { g: { result: '7' } } },
      call: settling({ queue: 'q', id: 'a', token: 'T', kind: 'yield', others: 'f g', result: '' }),
      returns: settled(['written'], true),
      again: settled(['repeated'], true),
      after: {
        deferred: { a: 'now' },
        queue: ['f'],
        finished: { g: '+500s' },
        outbox: ['g finished 7'],
        jobs: {
          a: { ...left, enqueued_at: '-60s', flags: 'py', waits: ['f', 'g'] },
          f: { flags: 'd', dependents: ['a'] },
          g: { result: '7', dependents: ['a'] },
        },
      },
    },
    {
      name: 'ends with their result, or with its own, and tells its children',
      given: {
        finished: { f: '+500s' },
        deferred: { a: '-20s', b: '-20s', c: '-20s' },
        outbox: ['f finished 7'],
        jobs: {
          f: { flags: 'gdr', dependents: ['a', 'b'] },
          a: { ...left, flags: 'gdrpy', waits: ['f'], dependents: ['c'] },
          b: { ...left, flags: 'p', waits: ['f'], result: '1', result_ttl: '60000' },
          c: { flags: 'gi', waits: ['a'] },
        },
      },
      ...done,
      after: {
        queue: ['c'],
        wake: 1,
        finished: { f: '+500s', a: '+500s', b: '+60s' },
        jobs: {
          f: { flags: 'gdr' },
          a: { ...left, enqueued_at: null, worker: null, started_at: null, flags: 'gdr', ended_at: 'now', result: '7' },
          b: { ...left, enqueued_at: null, worker: null, started_at: null, ended_at: 'now', result: '1', result_ttl: '60000' },
          c: { ...queued, flags: 'gi', inputs: { a: '7' } },
        },
      },
    },
  ])
})

describe('children that take results', () => {
  table([
    {
      name: 'get them here and elsewhere, and run when the last parent has ended',
      given: {
        finished: { p: '+500s' },
        deferred: { a: '-20s' },
        outbox: ['p finished {"n":[1, 2]}'],
        jobs: { p: { flags: 'gdr', dependents: ['a', 'r/b'] }, a: { flags: 'gi', waits: ['p'] } },
      },
      also: {
        r: {
          given: {
            deferred: { b: '-20s' },
            jobs: { b: { flags: 'gi', waits: ['q/p', 'o'] }, o: { dependents: ['b'] } },
            outbox: ['o finished 7'],
          },
          after: { queue: ['b'], wake: 1, jobs: { b: { ...queued, flags: 'gi', inputs: { 'q/p': '{"n":[1, 2]}', o: '7' } } } },
        },
      },
      call: async (store) => {
        await deliverOutbox(store, 'r')
        await deliverOutbox(store, 'q')
      },
      returns: undefined,
      after: {
        finished: { p: '+500s' },
        queue: ['a'],
        wake: 1,
        jobs: { p: { flags: 'gdr' }, a: { ...queued, flags: 'gi', inputs: { p: '{"n":[1, 2]}' } } },
      },
    },
    {
      name: 'keep what comes after they were canceled, and what they still waited for',
      given: {
        finished: { p: '+500s' },
        failed: { f: YEAR, g: YEAR },
        deferred: { a: '-20s' },
        outbox: ['f failed', 'p finished 1', 'g failed'],
        jobs: {
          p: { flags: 'gdr', dependents: ['a'] },
          f: { dependents: ['a'] },
          g: { dependents: ['a'] },
          a: { flags: 'gi', waits: ['p', 'f', 'g'] },
        },
      },
      ...done,
      after: {
        finished: { p: '+500s' },
        failed: { f: YEAR, g: YEAR },
        canceled: { a: YEAR },
        jobs: { p: { flags: 'gdr' }, a: { ...dependency, flags: 'gi', unmet: ['f', 'g'], dead: ['f', 'g'], inputs: { p: '1' } } },
      },
    },
  ])
})

describe('a requeued job', () => {
  const canceled = { reason: 'dependency', flags: 'gmd', parents: '["p"]' }
  table([
    {
      name: 'brings back all that were canceled with it, here and elsewhere',
      given: {
        failed: { p: '+60s' },
        canceled: { a: '+60s' },
        jobs: {
          p: { flags: 'gd', next: '["a","r/b"]' },
          a: { ...canceled, next: '["c"]', unmet: ['p'], dead: ['p'], ttl: '80000' },
          c: { flags: 'g' },
        },
      },
      also: {
        r: {
          given: { canceled: { b: '+60s' }, jobs: { b: { reason: 'dependency', flags: 'g', unmet: ['q/p'], dead: ['q/p'] } } },
          after: { deferred: { b: 'now' }, unlinked: ['b'], jobs: { b: { flags: 'g', waits: ['q/p'] } } },
        },
      },
      once: true,
      broken: true,
      call: (store) => requeueJob(store, { queue: 'q', id: 'p' }, 'requeue', false),
      returns: { before: 'failed' },
      after: {
        queue: ['p'],
        wake: 1,
        deferred: { a: 'now' },
        'expiry:deferred': { a: '+80s' },
        jobs: {
          p: { ...queued, attempt: '1', flags: 'gd', next: '["a","r/b"]', dependents: ['a', 'r/b'] },
          a: { flags: 'gmd', parents: '["p"]', next: '["c"]', waits: ['p'], dependents: ['c'], ttl: '80000', expires_at: '+80s' },
          c: { flags: 'g' },
        },
      },
    },
    {
      name: 'does not bring back one that still misses another parent, nor one that was canceled by hand',
      given: {
        queue: ['p'],
        failed: { f: YEAR },
        canceled: { a: YEAR, b: YEAR },
        outbox: ['p requeued'],
        jobs: {
          p: { flags: 'gd', next: '["a","b"]' },
          a: { reason: 'dependency', flags: 'g', unmet: ['f', 'p'], dead: ['f', 'p'] },
          b: { reason: 'canceled', flags: 'g' },
        },
      },
      ...done,
      after: {
        queue: ['p'],
        failed: { f: YEAR },
        canceled: { a: YEAR, b: YEAR },
        jobs: {
          p: { flags: 'gd', next: '["a","b"]', dependents: ['a', 'b'] },
          a: { reason: 'dependency', flags: 'g', unmet: ['f', 'p'], dead: ['f'] },
          b: { reason: 'canceled', flags: 'g' },
        },
      },
    },
    {
      name: 'that was canceled with others waits for them: it is not requeued by itself',
      given: { canceled: { a: YEAR }, jobs: { a: { reason: 'dependency', flags: 'g', unmet: ['p'], dead: ['p'] } } },
      call: (store) => requeueJob(store, { queue: 'q', id: 'a' }, 'requeue', false),
      returns: { before: 'canceled', waits: true },
      after: 'unchanged',
    },
  ])
})
