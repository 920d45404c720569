import { afterEach, describe, expect, test } from 'vitest'
import { claim } from '../../lib/store/attempts.ts'
import { cancelJob, note, removeJobs, requeueJob } from '../../lib/store/jobs.ts'
import { deliverOutbox, sweep, tick } from '../../lib/store/maintain.ts'
import { attempt, type Call, enqueue, fail, newJob, ok, release, request, retry, settleJobs, stop } from '../support/calls.ts'
import { wipe } from '../support/keyspace.ts'
import { listen } from '../support/listen.ts'
import { type State, seed } from '../support/state.ts'
import { storeOfFile } from '../support/table.ts'

const w = { flags: 'w' }
const ttl = { ...w, ttl: '40000', expires_at: '-20s' }
const running: State = { started: { a: '+60s' }, jobs: { a: w } }
const lost: State = { started: { a: '-20s' }, jobs: { a: { ...w, failure_ttl: '0' } } }
const waiting = (outcome: string): State => ({
  deferred: { a: '-20s' },
  outbox: [`p ${outcome}`],
  jobs: { p: { dependents: ['a'] }, a: { ...w, waits: ['p'] } },
})
const sweeping: Call = (store) => sweep(store, 'q', 3)
const place = { queue: 'q', id: 'a' }

/** What happens to a job that somebody watches → what they hear. */
const cases: [what: string, given: State, call: Call, hears: string][] = [
  ['claimed', { queue: ['a'], jobs: { a: w } }, (store) => claim(store, request(1)), 'started\n'],
  ['finished', running, settleJobs(ok('a')), 'finished\n42'],
  ['finished, not kept', { ...running, jobs: { a: { ...w, result_ttl: '0' } } }, settleJobs(ok('a')), 'finished\n42'],
  ['failed', running, settleJobs(fail('a')), 'failed\nerror\n{"name":"E"}'],
  ['stopped', running, settleJobs(stop('a')), 'stopped\ncanceled\n'],
  ['to be tried again later', running, settleJobs(retry('a')), 'scheduled\n'],
  ['to be tried again at once', running, settleJobs(retry('a', 0)), 'queued\n'],
  ['released', running, settleJobs(release('a')), 'queued\n'],
  ['lost', lost, sweeping, 'queued\n'],
  ['lost too often', { ...lost, jobs: { a: { ...w, lost: '2' } } }, sweeping, 'failed\nlost\n{"name":"RqtsError","code":"RQTS_LOST"'],
  ['past its ttl, for the sweep', { queue: ['a'], 'expiry:queued': { a: '-20s' }, jobs: { a: ttl } }, sweeping, 'expired\nttl\n'],
  [
    'past its ttl, for a claim',
    { queue: ['a'], 'expiry:queued': { a: '-20s' }, jobs: { a: ttl } },
    (store) => claim(store, request(1)),
    'expired\nttl\n',
  ],
  ['due', { scheduled: { a: '-20s' }, jobs: { a: w } }, (store) => tick(store, 'q', 'w', 60_000), 'queued\n'],
  ['promoted', { scheduled: { a: '+60s' }, jobs: { a: w } }, (store) => requeueJob(store, place, 'promote', false), 'queued\n'],
  ['requeued', { failed: { a: '+60s' }, jobs: { a: w } }, (store) => requeueJob(store, place, 'requeue', false), 'queued\n'],
  ['free of its parents', waiting('finished'), (store) => deliverOutbox(store, 'q'), 'queued\n'],
  ['canceled with its parent', waiting('failed'), (store) => deliverOutbox(store, 'q'), 'canceled\ndependency\n'],
  [
    'replaced',
    { queue: ['a'], unique: { K: 'a' }, jobs: { a: { flags: 'uw', unique: 'K' } } },
    enqueue(newJob('b', { unique: { key: 'K', mode: 'replace' } }, { flags: 'u', unique: 'K' })),
    'canceled\nreplaced\n',
  ],
  [
    'canceled',
    { queue: ['a'], jobs: { a: w } },
    (store) => cancelJob(store, place, { reason: 'canceled', release: false }),
    'canceled\ncanceled\n',
  ],
  ['deleted', running, (store) => removeJobs(store, 'q', ['a']), 'deleted\n'],
  ['making progress', running, (store) => note(store, attempt('a'), 'progress', '0.5'), 'progress\n0.5'],
  [
    'broken',
    { queue: ['a'], jobs: { a: { ...w, task: null } } },
    (store) => claim(store, request(1)),
    'failed\ncorrupt\n{"name":"RqtsError"',
  ],
]

/** Published where the script publishes: what several nodes of a Cluster publish comes in any order. */
const PUBLISH = "return redis.call('PUBLISH', KEYS[1], ARGV[1])"
let marks = 0

describe('who watches a job that is', () => {
  const store = storeOfFile()
  afterEach(() => wipe(store()))

  const heardOf = async (given: State, call: Call): Promise<string[]> => {
    await seed(store(), 'q', given, await store().now())
    const channel = store().keys.job('q', 'a')
    const heard = await listen(store(), [channel])
    // When its end arrives, nothing else came before; before its begin there may be news of an earlier call, from a node far away.
    const [begin, end] = [`begin ${++marks}`, `end ${marks}`]
    await store().client.call('EVAL', PUBLISH, 1, channel, begin)
    await call(store())
    await store().client.call('EVAL', PUBLISH, 1, channel, end)
    while ((await heard.next()) !== begin);
    const texts: string[] = []
    for (let text = await heard.next(); text !== end; text = await heard.next()) texts.push(text)
    heard.close()
    return texts
  }

  test.each(cases)('%s hears of it once; nobody is told of a job that nobody watches', async (_, given, call, hears) => {
    expect(await heardOf(given, call)).toEqual([expect.stringContaining(hears)])
    await wipe(store())
    const jobs = Object.fromEntries(
      Object.entries(given.jobs!).map(([id, job]) => [id, { ...job, flags: String(job?.['flags'] ?? '').replace('w', '') || null }]),
    )
    expect(await heardOf({ ...given, jobs }, call)).toEqual([])
  })

  test('an earlier run time than any before is news for the leader, a later one is not', async () => {
    await seed(store(), 'q', { scheduled: { x: '+60s' } }, await store().now())
    const due = store().keys.queuePart('q', 'due')
    const heard = await listen(store(), [due])
    await enqueue(newJob('b', { delay: 80_000 }))(store())
    await enqueue(newJob('c', { runAt: 9_000_000_000_000 }), newJob('d', { runAt: 1_999_999_999_999, delay: 0 }))(store())
    await store().client.call(
      'ZADD',
      store().keys.container('q', 'scheduled'),
      8_000_000_000_000,
      'x',
      8_000_000_000_000,
      'b',
      8_000_000_000_000,
      'd',
    )
    await enqueue(newJob('e', { runAt: 7_000_000_000_000 }))(store())
    expect(await heard.next()).toBe('7000000000000')
    heard.close()
  })
})
