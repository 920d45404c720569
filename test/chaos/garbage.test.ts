import { describe, expect, it } from 'vitest'
import { jobDetail, overview } from '../../lib/client/inspector.ts'
import { cancelJob, note, readJobs, readList, removeJobs, requeueJob, watchJobs } from '../../lib/store/jobs.ts'
import { CONTAINERS } from '../../lib/store/keys.ts'
import { listIds, summarize } from '../../lib/store/queues.ts'
import type { Store } from '../../lib/store/store.ts'
import { random } from '../support/random.ts'
import { openStore, ownServer } from '../support/servers.ts'
import { until } from '../support/stage.ts'
import { put } from './jobs.ts'
import { Load } from './load.ts'

type Write = [string, ...(string | number | Buffer)[]]
const FIELDS = ['task', 'work', 'args', '[0]', 'timeout', '1000', 'origin', 'q', 'status', 'queued']
const HASH = (...more: (string | number | Buffer)[]): Write[] => [['HSET', 'job:bad', ...FIELDS, ...more]]

/** What may be found instead of a job, beside the id in the list. `ends`: how it must end, unless it is to be set aside or vanish. */
const FOUND: [string, Write[], string?][] = [
  ['no hash', []],
  ['a hash without a task', [['HSET', 'job:bad', 'args', '[]', 'status', 'queued', 'origin', 'q']], 'failed'],
  ['a hash without args', [['HSET', 'job:bad', 'task', 'work', 'status', 'queued', 'origin', 'q']], 'failed'],
  ['a hash without a status', [['HSET', 'job:bad', 'task', 'work', 'args', '[]', 'origin', 'q']], 'failed'],
  ['an unknown status', HASH('status', 'levitating'), 'failed'],
  ['the status of another place', HASH('status', 'finished'), 'failed'],
  ['a text', [['SET', 'job:bad', 'x']]],
  ['a list', [['RPUSH', 'job:bad', 'x']]],
  ['args that are no JSON', HASH('args', '{"'), 'failed'],
  ['args that are no list', HASH('args', '"text"'), 'failed'],
  ['args of the rich form that make no sense', HASH('args', '{"json":1,"meta":{"values":{"a":["nonsense"]}}}'), 'failed'],
  ['args that are no UTF-8', HASH('args', Buffer.from([0x5b, 0xff, 0xfe, 0x5d])), 'failed'],
  [
    'numbers that are none',
    HASH('attempt', 'x', 'timeout', 'NaN', 'failures', '1e999', 'lost', '-', 'expires_at', 'soon', 'result_ttl', '?'),
    'finished',
  ],
  ['broken JSON in fields of ours', HASH('retry', '{', 'meta', '{', 'parents', '{', 'tags', '{', 'flags', 'm'), 'finished'],
  ['flags that promise what is not there', HASH('flags', 'dmuwx'), 'finished'],
  ['a field of 5 MB', HASH('description', 'x'.repeat(5_000_000)), 'finished'],
  ['fields of a later version', HASH('colour', 'green', 'schema', '9'), 'finished'],
  ['a list of attempts that is a text', [...HASH('task', 'unknown-task'), ['SET', 'job:bad:attempts', 'x']], 'failed'],
  ['dependents that are a text', [...HASH('flags', 'd'), ['SET', 'job:bad:dependents', 'x']], 'finished'],
  ['a unique key that is a list', [...HASH('unique', 'k', 'flags', 'u'), ['RPUSH', 'unique:k', 'x']], 'finished'],
]

async function write(store: Store, writes: readonly Write[]): Promise<void> {
  for (const [command, key, ...args] of writes) await store.client.call(command, store.keys.base('q') + key, ...args)
}

/** Everything that people and programs read must answer, whatever it finds. */
async function readAll(store: Store, ids: string[]): Promise<void> {
  await readJobs(
    store,
    ids.map((id) => ({ queue: 'q', id })),
  )
  await watchJobs(store, 'q', ids)
  await summarize(store, ['q'])
  for (const container of CONTAINERS) await listIds(store, 'q', container)
  await overview(store)
  for (const id of ids) await jobDetail(store, { queue: 'q', id })
}

describe('found in place of a job', () => {
  it.each(FOUND)('%s: the queue moves on, and so do its readers', { timeout: 120_000 }, async (_, writes, ends) => {
    const server = await ownServer()
    const store = openStore(server.url)
    await put(store, 'q', { id: 'before' })
    await write(store, writes)
    await write(store, [['RPUSH', 'queue', 'bad']])
    await put(store, 'q', { id: 'after' })
    await readAll(store, ['bad', 'after'])
    const load = new Load(store)
    load.worker(server.url)
    await until('the good jobs are done', async () => (await listIds(store, 'q', 'finished')).includes('after'))
    await until(
      'nothing is left over',
      async () => (await store.client.call('EXISTS', `${store.keys.base('q')}queue`, `${store.keys.base('q')}started`)) === 0,
    )
    await readAll(store, ['bad', 'after'])
    const bad = (await readJobs(store, [{ queue: 'q', id: 'bad' }]))[0]
    expect(bad?.status).toBe(ends)
    if (ends === 'failed') expect(bad!.error).toMatch(/"code":"RQTS_(CORRUPT|UNKNOWN_TASK|BAD_ARGS|BAD_PAYLOAD)"/)
    // And whoever wants to be rid of it can.
    await removeJobs(store, 'q', ['bad'])
  })
})

describe('found in place of a container', () => {
  it.each([
    'queue',
    'started',
    'scheduled',
    'deferred',
    'finished',
    'failed',
    'canceled',
    'wake',
    'meta',
    'outbox',
    'leader',
    'unlinked',
    'expiry:queued',
  ])('%s is of another type: other queues go on, and this one when it is mended, with nothing lost', { timeout: 120_000 }, async (name) => {
    const server = await ownServer()
    const store = openStore(server.url)
    const key = `${store.keys.base('broken')}${name}`
    const ids = name === 'queue' ? [] : await put(store, 'broken', {}, {}, {})
    await store.client.call('DEL', key)
    await store.client.call(name === 'leader' ? 'RPUSH' : 'SET', key, 'x')
    const load = new Load(store)
    const worker = load.worker(server.url, { lease: 500 }, ['broken', 'q'])
    await put(store, 'q', ...Array.from({ length: 10 }, () => ({})))
    await until('the other queue is done', async () => (await listIds(store, 'q', 'finished')).length === 10)
    await store.client.call('DEL', key)
    ids.push(...(await put(store, 'broken', {})))
    await until(
      'this queue is done',
      async () => {
        const jobs = await readJobs(
          store,
          ids.map((id) => ({ queue: 'broken', id })),
        )
        return jobs.every((job) => job?.status === 'finished')
      },
      60_000,
    )
    await worker.stop()
  })
})

describe('a queue of a newer version', () => {
  it('is left alone, and the others go on', async () => {
    const server = await ownServer()
    const store = openStore(server.url)
    await put(store, 'new', { id: 'a' })
    await store.client.call('HSET', `${store.keys.base('new')}meta`, 'version', 2)
    await expect(put(store, 'new', {})).rejects.toMatchObject({ code: 'RQTS_SCHEMA_VERSION' })
    const load = new Load(store)
    load.worker(server.url, {}, ['new', 'q'])
    await put(store, 'q', ...Array.from({ length: 10 }, () => ({})))
    await until('the other queue is done', async () => (await listIds(store, 'q', 'finished')).length === 10)
    expect(await listIds(store, 'new', 'queue')).toEqual(['a'])
  })
})

describe('noise', () => {
  const NAMES = [
    'status',
    'task',
    'args',
    'timeout',
    'attempt',
    'flags',
    'retry',
    'meta',
    'parents',
    'expires_at',
    'run_at',
    'token',
    'worker',
    'result_ttl',
    'lost',
    'origin',
    'unique',
    'started_at',
    'front',
  ]
  const VALUES = [
    '',
    'queued',
    'started',
    'finished',
    'scheduled',
    'work',
    '[]',
    '[0]',
    '{}',
    'null',
    '-1',
    '0',
    '1e400',
    'NaN',
    '9007199254740993',
    'dmuwxse',
    '\u0000',
    '"',
    '%s%d',
    '🙂',
    'x'.repeat(10_000),
  ]

  it('random hashes in random places: good jobs end, every call answers', { timeout: 120_000 }, async () => {
    const rng = random('noise')
    const server = await ownServer()
    const store = openStore(server.url)
    const bad = Array.from({ length: 400 }, (_, n) => `bad${n}`)
    for (const id of bad) {
      const fields = Array.from({ length: rng.int(1, 8) }, () => [rng.pick(NAMES), rng.pick(VALUES)]).flat()
      await store.client.call('HSET', store.keys.job('q', id), ...fields)
      const container = rng.pick(CONTAINERS)
      const key = store.keys.container('q', container)
      if (container === 'queue') await store.client.call('RPUSH', key, id)
      else await store.client.call('ZADD', key, Date.now() + rng.int(-2_000, 2_000), id)
      if (rng.next() < 0.2) await store.client.call('RPUSH', `${store.keys.base('q')}outbox`, rng.pick([`${id} finished`, id, '', 'a b c']))
    }
    const good = await put(store, 'q', ...Array.from({ length: 100 }, () => ({})))
    const load = new Load(store)
    const worker = load.worker(server.url, { lease: 3_000, maxLost: 2 })
    const bearable = (call: Promise<unknown>): Promise<unknown> =>
      call.catch((error: { code?: string }) => expect(error.code).toMatch(/^RQTS_/))
    for (const id of bad.slice(0, 150)) {
      const job = { queue: 'q', id }
      await bearable(cancelJob(store, job, { reason: 'canceled', release: rng.next() < 0.5 }))
      await bearable(requeueJob(store, job, rng.pick(['requeue', 'promote']), rng.next() < 0.5))
      await bearable(note(store, { ...job, token: '' }, 'log', 'line'))
      for (const part of ['attempts', 'logs', 'dependents'] as const) await bearable(readList(store, job, part))
    }
    await readAll(store, bad)
    await until(
      'the good jobs are done',
      async () => {
        const jobs = await readJobs(
          store,
          good.map((id) => ({ queue: 'q', id })),
        )
        return jobs.every((job) => job?.status === 'finished')
      },
      60_000,
    )
    expect((await removeJobs(store, 'q', bad)).length).toBe(bad.length)
    expect(worker.state).not.toBe('stopping')
  })
})
