import { describe } from 'vitest'
import { settle } from '../../lib/store/attempts.ts'
import { claimed, line, ok, release, request, running, settled, settleJobs, YEAR } from '../support/calls.ts'
import type { State } from '../support/state.ts'
import { table } from '../support/table.ts'

const written = settled(['written'])
const repeated = settled(['repeated'])
const one: State = { started: { a: '+60s' } }

describe('finished', () => {
  const ended = { ended_at: 'now', result: '42' }
  table([
    { name: 'nothing to write, nothing wanted', given: one, call: settleJobs(), returns: settled([]), after: 'unchanged' },
    {
      name: 'kept for the usual time',
      given: one,
      call: settleJobs(ok('a')),
      returns: written,
      again: repeated,
      after: { finished: { a: '+500s' }, jobs: { a: ended } },
    },
    {
      name: 'without a result',
      given: one,
      call: settleJobs(ok('a', '')),
      returns: written,
      again: repeated,
      after: { finished: { a: '+500s' }, jobs: { a: { ended_at: 'now' } } },
    },
    {
      name: 'with a time of its own, for ever, not at all',
      given: {
        started: { a: '+60s', b: '+60s', c: '+60s' },
        jobs: { a: { result_ttl: '60000', flags: 't' }, b: { result_ttl: '-1', flags: 't' }, c: { result_ttl: '0', flags: 't' } },
      },
      call: settleJobs(ok('a'), ok('b'), ok('c')),
      returns: settled(['written', 'written', 'written']),
      after: {
        finished: { a: '+60s', b: 'forever' },
        jobs: { a: { ...ended, result_ttl: '60000', flags: 't' }, b: { ...ended, result_ttl: '-1', flags: 't' } },
      },
    },
    {
      name: 'not kept: its list of attempts and its logs go too, its dependents hear of it',
      given: {
        ...one,
        deferred: { d: '-20s' },
        jobs: {
          a: { result_ttl: '0', flags: 'txd', attempt: '2', attempts: [line('retry')], logs: ['l'], dependents: ['d'] },
          d: { waits: ['a'] },
        },
      },
      call: settleJobs(ok('a')),
      returns: settled(['written'], true),
      after: { deferred: { d: '-20s' }, outbox: ['a finished'], jobs: { a: { dependents: ['d'] }, d: { waits: ['a'] } } },
    },
    {
      name: 'after failures: the error goes, the history stays as long as the job',
      given: {
        ...one,
        jobs: { a: { attempt: '2', failures: '1', error: '{}', reason: 'error', flags: 'x', attempts: [line('retry', {})], logs: ['l'] } },
      },
      call: settleJobs(ok('a')),
      returns: written,
      again: repeated,
      after: {
        finished: { a: '+500s' },
        jobs: { a: { ...ended, attempt: '2', failures: '1', flags: 'x', attempts: [line('retry', {})], logs: ['l'] } },
      },
    },
    {
      name: 'lets go of its unique key',
      given: { ...one, unique: { K: 'a', L: 'x' }, queue: ['x'], jobs: { a: { flags: 'u', unique: 'K' }, x: { flags: 'u', unique: 'L' } } },
      call: settleJobs(ok('a')),
      returns: written,
      again: repeated,
      after: {
        finished: { a: '+500s' },
        unique: { L: 'x' },
        queue: ['x'],
        jobs: { a: { ...ended, flags: 'u', unique: 'K' }, x: { flags: 'u', unique: 'L' } },
      },
    },
    {
      name: 'but not of a key that has passed to another',
      given: { ...one, queue: ['x'], unique: { K: 'x' }, jobs: { a: { flags: 'u', unique: 'K' }, x: { flags: 'u', unique: 'K' } } },
      call: settleJobs(ok('a')),
      returns: written,
      again: repeated,
      after: {
        finished: { a: '+500s' },
        queue: ['x'],
        unique: { K: 'x' },
        jobs: { a: { ...ended, flags: 'u', unique: 'K' }, x: { flags: 'u', unique: 'K' } },
      },
    },
    {
      name: 'a job that was asked to stop ends stopped, whatever came of it',
      given: { ...one, jobs: { a: { flags: 's' } } },
      call: settleJobs(ok('a')),
      returns: written,
      again: repeated,
      after: {
        failed: { a: YEAR },
        jobs: { a: { status: 'stopped', reason: 'stopped', error: null, ended_at: 'now', flags: 'sx', attempts: [line('stopped')] } },
      },
    },
  ])
})

describe('released', () => {
  const back = { started_at: null, worker: null, attempt: '0', token: 'T' }
  table([
    {
      name: 'to the head, no attempt charged',
      given: { ...one, queue: ['x'] },
      call: settleJobs(release('a')),
      returns: written,
      again: repeated,
      after: { queue: ['a', 'x'], jobs: { a: back } },
    },
    {
      name: 'several, the last of them first, keep their order',
      given: { started: { a: '+60s', b: '+60s' } },
      call: settleJobs(release('b'), release('a')),
      returns: settled(['written', 'written']),
      again: settled(['repeated', 'repeated']),
      after: { queue: ['a', 'b'], jobs: { a: back, b: back }, wake: 1 },
    },
    {
      name: 'its ttl counts again',
      given: { ...one, jobs: { a: { ttl: '120000', expires_at: '+60s' } } },
      call: settleJobs(release('a')),
      returns: written,
      again: repeated,
      after: { queue: ['a'], 'expiry:queued': { a: '+60s' }, jobs: { a: { ...back, ttl: '120000', expires_at: '+60s' } }, wake: 1 },
    },
    {
      name: 'a later attempt stays what it was',
      given: { ...one, jobs: { a: { attempt: '3', ttl: '120000', flags: 'x', attempts: [line('retry', {}, 2)] } } },
      call: settleJobs(release('a')),
      returns: written,
      again: repeated,
      after: { queue: ['a'], jobs: { a: { ...back, attempt: '2', ttl: '120000', flags: 'x', attempts: [line('retry', {}, 2)] } }, wake: 1 },
    },
    {
      name: 'a job that was asked to stop is not put back',
      given: { ...one, jobs: { a: { flags: 's' } } },
      call: settleJobs(release('a')),
      returns: written,
      again: repeated,
      after: {
        failed: { a: YEAR },
        jobs: { a: { status: 'stopped', reason: 'stopped', error: null, ended_at: 'now', flags: 'sx', attempts: [line('stopped')] } },
      },
    },
    {
      name: 'and taken again in the same call, when a slot is free',
      given: one,
      call: (store) => settle(store, request(1), [release('a')]),
      returns: settled(['written'], false, [claimed('a')]),
      after: { started: { a: '+60s' }, jobs: { a: running() }, claims: { w: 'T2 a' }, wake: 1 },
    },
  ])
})
