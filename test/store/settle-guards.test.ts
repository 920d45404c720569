import { describe, expect, test } from 'vitest'
import { settle } from '../../lib/store/attempts.ts'
import {
  attempt,
  type Call,
  claimed,
  fail,
  line,
  lost,
  ok,
  release,
  request,
  retry,
  running,
  settled,
  settleJobs,
  stop,
  YEAR,
} from '../support/calls.ts'
import { wipe } from '../support/keyspace.ts'
import { ON_CLUSTER } from '../support/redis.ts'
import { seed, snapshot } from '../support/state.ts'
import { storeOfFile, table } from '../support/table.ts'

const settleAndClaim =
  (want: number, ...outcomes: Parameters<typeof settleJobs>): Call =>
  (store) =>
    settle(store, request(want), outcomes)

describe('a stale token writes nothing', () => {
  const outcomes = [ok('a'), retry('a'), retry('a', 0), fail('a'), stop('a'), lost('a'), release('a')]
  table(
    outcomes.flatMap((outcome) => [
      {
        name: `${outcome.kind}: another attempt has the job`,
        given: { started: { a: '+60s' }, jobs: { a: { token: 'other', attempt: '2' } } },
        call: settleJobs(outcome),
        returns: settled(['refused']),
        after: 'unchanged' as const,
      },
      {
        name: `${outcome.kind}: the job is gone`,
        given: {},
        call: settleJobs(outcome),
        returns: settled(['refused']),
        after: 'unchanged' as const,
      },
      {
        name: `${outcome.kind}: the job has ended under this very token`,
        given: { finished: { a: '+500s' } },
        call: settleJobs(outcome),
        returns: settled(['repeated']),
        after: 'unchanged' as const,
      },
      {
        name: `${outcome.kind}: it went back to the list after its lease`,
        given: { queue: ['a'], jobs: { a: { token: 'T', attempt: '1' } } },
        call: settleJobs(outcome),
        returns: settled(['repeated']),
        after: 'unchanged' as const,
      },
      {
        name: `${outcome.kind}: the key is no job`,
        given: { wrong: { 'job:a': 'text' } },
        call: settleJobs(outcome),
        returns: settled(['refused']),
        after: 'unchanged' as const,
        broken: true as const,
      },
    ]),
  )
})

describe('batches', () => {
  const ended = { ended_at: 'now', result: '42' }
  table([
    {
      name: 'of one attempt the first outcome counts',
      given: { started: { a: '+60s' } },
      call: settleJobs(ok('a'), fail('a'), ok('a', '43')),
      returns: settled(['written', 'repeated', 'repeated']),
      again: settled(['repeated', 'repeated', 'repeated']),
      after: { finished: { a: '+500s' }, jobs: { a: ended } },
    },
    {
      name: 'the lost one of three harms no other',
      given: { started: { a: '+60s', b: '+60s', c: '+60s' }, jobs: { b: { token: 'other' } } },
      call: settleJobs(ok('a'), ok('b'), fail('c')),
      returns: settled(['written', 'refused', 'written']),
      after: {
        started: { b: '+60s' },
        finished: { a: '+500s' },
        failed: { c: YEAR },
        jobs: {
          a: ended,
          b: { token: 'other' },
          c: { ended_at: 'now', error: '{"name":"E"}', failures: '1', flags: 'x', attempts: [line('failed', { name: 'E' })] },
        },
      },
    },
    {
      name: 'of several queues, also of one that is not claimed from',
      oneServer: true,
      given: { started: { a: '+60s' }, queue: ['b'] },
      also: {
        r: { given: { started: { x: '+60s' }, queue: ['y'] }, after: { finished: { x: '+500s' }, queue: ['y'], jobs: { x: ended } } },
      },
      call: settleAndClaim(5, { ...ok('x'), queue: 'r' }, ok('a')),
      returns: settled(['written', 'written'], false, [claimed('b')]),
      again: settled(['repeated', 'repeated'], false, [claimed('b')]),
      after: { started: { b: '+60s' }, finished: { a: '+500s' }, jobs: { a: ended, b: running() }, claims: { w: 'T2 b' } },
    },
    {
      name: 'the claims of a call that was sent again are the same, though more has come',
      given: { started: { a: '+60s', b: '+60s' }, queue: ['c', 'd'], jobs: { b: running() }, claims: { w: 'T2 b' } },
      call: settleAndClaim(1, ok('a')),
      returns: settled(['written'], false, [claimed('b')]),
      again: settled(['repeated'], false, [claimed('b')]),
      after: {
        started: { b: '+60s' },
        finished: { a: '+500s' },
        queue: ['c', 'd'],
        jobs: { a: ended, b: running() },
        claims: { w: 'T2 b' },
      },
    },
    {
      name: 'dependents come first: nothing is claimed until they were told, also when the reply was lost',
      given: {
        started: { a: '+60s' },
        queue: ['x'],
        deferred: { d: '-20s' },
        jobs: { a: { flags: 'd', dependents: ['d'] }, d: { waits: ['a'] } },
      },
      call: settleAndClaim(1, ok('a')),
      returns: settled(['written'], true),
      again: settled(['repeated'], true),
      after: {
        finished: { a: '+500s' },
        queue: ['x'],
        deferred: { d: '-20s' },
        outbox: ['a finished'],
        jobs: { a: { ...ended, flags: 'd', dependents: ['d'] }, d: { waits: ['a'] } },
      },
    },
    {
      name: 'the same of a job that leaves nothing behind',
      given: {
        started: { a: '+60s' },
        queue: ['x'],
        deferred: { d: '-20s' },
        jobs: { a: { result_ttl: '0', flags: 'td', dependents: ['d'] }, d: { waits: ['a'] } },
      },
      call: settleAndClaim(1, ok('a')),
      returns: settled(['written'], true),
      after: { queue: ['x'], deferred: { d: '-20s' }, outbox: ['a finished'], jobs: { a: { dependents: ['d'] }, d: { waits: ['a'] } } },
    },
    {
      name: 'a queue that cannot be claimed from loses no outcome',
      given: { started: { a: '+60s' }, wrong: { queue: 'text' } },
      call: settleAndClaim(1, ok('a')),
      returns: settled(['written']),
      again: settled(['repeated']),
      after: { finished: { a: '+500s' }, jobs: { a: ended }, wrong: { queue: 'text' } },
      broken: true,
    },
  ])
})

describe('broken records lose no job', () => {
  const odd = { result_ttl: 'soon', failure_ttl: '1e99', failures: 'many', attempt: 'x', started_at: 'y', expires_at: 'z', flags: 'ut' }
  const failed = {
    ...odd,
    failures: '1',
    ended_at: 'now',
    error: '{"name":"E"}',
    flags: 'utx',
    attempts: [{ ...line('failed', { name: 'E' }, 0), startedAt: '0' }],
  }
  const back = { ...odd, started_at: null, worker: null, token: 'T', flags: 'ut' }
  table([
    {
      name: 'ok',
      given: { started: { a: '+60s' }, jobs: { a: odd } },
      call: settleJobs(ok('a')),
      returns: settled(['written']),
      again: settled(['repeated']),
      after: { finished: { a: '+500s' }, jobs: { a: { ...odd, result: '42', ended_at: 'now' } } },
      broken: true,
    },
    {
      name: 'fail',
      given: { started: { a: '+60s' }, jobs: { a: odd } },
      call: settleJobs(fail('a')),
      returns: settled(['written']),
      again: settled(['repeated']),
      after: { failed: { a: YEAR }, jobs: { a: failed } },
      broken: true,
    },
    {
      name: 'retry, its history being no list',
      given: { started: { a: '+60s' }, jobs: { a: odd }, wrong: { 'job:a:attempts': 'text' } },
      call: settleJobs(retry('a')),
      returns: settled(['written']),
      again: settled(['repeated']),
      after: {
        scheduled: { a: '+60s' },
        jobs: { a: { ...back, failures: '1', expires_at: null, enqueued_at: '-60s', error: '{"name":"E"}', flags: 'utx' } },
        wrong: { 'job:a:attempts': 'text' },
      },
      broken: true,
    },
    {
      name: 'release',
      given: { started: { a: '+60s' }, jobs: { a: odd } },
      call: settleJobs(release('a')),
      returns: settled(['written']),
      again: settled(['repeated']),
      after: { queue: ['a'], jobs: { a: { ...back, attempt: '0' } }, wake: 1 },
      broken: true,
    },
  ])
})

describe('limits', () => {
  const store = storeOfFile()

  // On a Cluster outcomes of several queues are several calls.
  test.skipIf(ON_CLUSTER)('a registry that is none costs a job its entry there; the call, sent again, writes the rest', async () => {
    const now = await store().now()
    await seed(store(), 'q', { started: { a: '+60s' } }, now)
    await seed(store(), 'r', { started: { x: '+60s' }, wrong: { finished: 'text' } }, now)
    const settling = () => settle(store(), request(0), [{ ...ok('x'), queue: 'r' }, ok('a')])
    await expect(settling()).rejects.toMatchObject({ code: 'RQTS_REDIS_ERROR' })
    expect((await settling()).verdicts).toEqual(['repeated', 'written'])
    expect((await snapshot(store(), 'q', now)).finished).toEqual({ a: '+500s' })
    await wipe(store())
  })

  test('a thousand outcomes and a thousand claims in one call', async () => {
    const now = await store().now()
    const running = Array.from({ length: 1_000 }, (_, i) => `r${i}`)
    const waiting = Array.from({ length: 1_000 }, (_, i) => `w${i}`)
    await seed(store(), 'q', { started: Object.fromEntries(running.map((id) => [id, '+60s'])), queue: waiting }, now)
    const outcomes = running.map((id, i) =>
      i % 2 === 0 ? ok(id) : { ...attempt(id), kind: 'fail' as const, reason: 'error', error: '{}' },
    )
    const reply = await settle(store(), request(1_000), outcomes)
    expect(reply.verdicts.every((verdict) => verdict === 'written')).toBe(true)
    expect(reply.jobs.map((job) => job.id)).toEqual(waiting)
    const after = await snapshot(store(), 'q', now)
    expect([after.finished, after.failed, after.started].map((scores) => Object.keys(scores).length)).toEqual([500, 500, 1_000])
    await wipe(store())
  })
})
