import { expect, test } from 'vitest'
import { JobEvents } from '../../lib/client/events.ts'
import type { JobUpdate } from '../../lib/index.ts'
import { note } from '../../lib/store/jobs.ts'
import type { Store } from '../../lib/store/store.ts'
import { subscriptions } from '../support/pubsub.ts'
import { gate, stage, until } from '../support/stage.ts'
import { codeOf, end, failNext, finishNext, ok, take } from './support.ts'

async function work(): Promise<void> {}

async function collect(events: AsyncIterable<JobUpdate>): Promise<JobUpdate[]> {
  const all: JobUpdate[] = []
  for await (const update of events) all.push(update)
  return all
}

test('events tell the life of a job from now to its end', async () => {
  const { queue, store } = await stage()
  const job = await queue().enqueueIn('1h', work)
  const events = job.events()
  expect(await events.next()).toEqual({ done: false, value: { type: 'status', status: 'scheduled' } })
  const rest = collect(events)
  await job.promote()
  const claimed = await take(store)
  await note(store, claimed, 'progress', '{"done":1}')
  await note(store, claimed, 'log', 'a line\nof two')
  await note(store, claimed, 'progress', '{"done":2}')
  await end(store, ok(claimed, 1))
  expect(await rest).toEqual([
    { type: 'status', status: 'queued' },
    { type: 'status', status: 'started' },
    { type: 'progress', value: { done: 1 } },
    { type: 'log', line: 'a line\nof two' },
    { type: 'progress', value: { done: 2 } },
    { type: 'status', status: 'finished' },
  ])
  expect(await events.next()).toEqual({ done: true, value: undefined })
})

test('who comes late begins with the present status and progress', async () => {
  const { queue, store } = await stage()
  const job = await queue().enqueue(work)
  const claimed = await take(store)
  await note(store, claimed, 'progress', '0.5')
  const events = job.events()
  expect([(await events.next()).value, (await events.next()).value]).toEqual([
    { type: 'status', status: 'started' },
    { type: 'progress', value: 0.5 },
  ])
  await end(store, ok(claimed))
  expect(await collect(events)).toEqual([{ type: 'status', status: 'finished' }])
  expect(await collect(job.events())).toEqual([
    { type: 'progress', value: 0.5 },
    { type: 'status', status: 'finished' },
  ])
})

test('a retry, a failure and an expiry are statuses', async () => {
  const { queue, store } = await stage()
  const job = await queue().enqueue(work, [], { retry: 1 })
  const seen = collect(job.events())
  await until('it is watched', async () =>
    String(await store.client.call('HGET', store.keys.job('default', job.id), 'flags')).includes('w'),
  )
  const { id, token } = await take(store)
  await end(store, { queue: 'default', id, token, kind: 'retry', delayMs: 0, error: '{}' })
  await failNext(store, new Error('x'))
  expect((await seen).map((update) => (update.type === 'status' ? update.status : update))).toEqual([
    'queued',
    'started',
    'queued',
    'started',
    'failed',
  ])
  const short = await queue().enqueue(work, [], { ttl: 1_500 })
  const life = (await collect(short.events())).map((update) => (update.type === 'status' ? update.status : update))
  // A machine that stands still meanwhile sees only the end.
  expect([['queued', 'expired'], ['expired']]).toContainEqual(life)
})

test('deletion ends them, an unknown job is an error', async () => {
  const { queue } = await stage()
  const job = await queue().enqueue(work)
  const events = job.events()
  await events.next()
  await job.delete()
  expect(await collect(events)).toEqual([{ type: 'deleted' }])
  expect(await codeOf(collect(job.events()))).toBe('RQTS_JOB_NOT_FOUND')
})

test('break, return and a signal let go of the subscription', async () => {
  const { queue, store } = await stage()
  const job = await queue().enqueue(work)
  const channels = async (): Promise<number> => (await subscriptions(store)).channels
  for await (const update of job.events()) {
    expect(update).toEqual({ type: 'status', status: 'queued' })
    break
  }
  await until('break has unsubscribed', async () => (await channels()) === 0)
  const events = job.events()
  await events.next()
  const pending = events.next()
  expect(await channels()).toBe(1)
  await events.return()
  expect(await pending).toEqual({ done: true, value: undefined })
  const controller = new AbortController()
  const aborted = job.events({ signal: controller.signal })
  await aborted.next()
  const next = codeOf(aborted.next())
  controller.abort('why')
  expect(await next).toBe('RQTS_ABORTED')
  expect(await aborted.next()).toEqual({ done: true, value: undefined })
  expect(await codeOf(collect(job.events({ signal: AbortSignal.abort() })))).toBe('RQTS_ABORTED')
  await until('all have unsubscribed', async () => (await channels()) === 0)
})

test('a slow reader loses old progress and lines, never a status', async () => {
  const { queue, store } = await stage()
  const job = await queue().enqueue(work)
  const events = job.events()
  await events.next()
  const claimed = await take(store)
  await Promise.all(Array.from({ length: 3_000 }, (_, i) => note(store, claimed, 'log', `line ${i}`)))
  await end(store, ok(claimed))
  await until('everything has arrived', async () => (await job.refresh()).status === 'finished')
  const seen = await collect(events)
  const last = seen.at(-1)
  expect(seen[0]).toEqual({ type: 'status', status: 'started' })
  expect(last).toEqual({ type: 'status', status: 'finished' })
  expect(seen.length).toBeGreaterThan(1)
})

test('a cut connection is survived, and what is missed is read', async () => {
  const { queue, store } = await stage()
  const job = await queue().enqueue(work)
  const events = job.events()
  await events.next()
  const rest = collect(events)
  await Promise.all([store.client.call('CLIENT', 'KILL', 'TYPE', 'pubsub'), finishNext(store, 1)])
  expect((await rest).at(-1)).toEqual({ type: 'status', status: 'finished' })
})

test('a reading that messages have overtaken takes nothing back', async () => {
  const asked = gate()
  const answer = gate()
  let tell: ((text: string) => void) | undefined
  // The reading and the messages travel on two connections: here the reading is the slower one.
  const store = {
    keys: { job: () => 'job' },
    connections: {
      subscriber: { listen: (_: string, { message }: { message: typeof tell }) => Promise.resolve((tell = message) && (() => {})) },
    },
    run: async () => {
      asked.open()
      await answer.promise
      return [['started', null, null, null, null, '10']]
    },
  } as unknown as Store
  const events = new JobEvents(store, { queue: 'q', id: 'j' })
  const first = events.next()
  await asked.promise
  tell?.('progress\n20')
  answer.open()
  expect(await first).toMatchObject({ value: { type: 'progress', value: 20 } })
  expect(await events.next()).toMatchObject({ value: { type: 'status', status: 'started' } })
  tell?.('progress\n30')
  expect(await events.next()).toMatchObject({ value: { value: 30 } })
  await events.return()
})

test('what was said before an end is told, also when a later reading sees the end first', async () => {
  const [asked, caughtUp] = [gate(), gate()]
  const rows = [[['started', null, null, null, null, null]], [['finished', '1', null, null, null, null]]]
  let heard: { message(text: string): void; gap(): void } | undefined
  const store = {
    keys: { job: () => 'job' },
    connections: {
      subscriber: {
        listen: (_: string, listener: typeof heard) => Promise.resolve((heard = listener) && (() => {})),
        caughtUp: () => (asked.open(), caughtUp.promise),
      },
    },
    run: async () => rows.shift(),
  } as unknown as Store
  const events = new JobEvents(store, { queue: 'q', id: 'j' })
  expect(await events.next()).toMatchObject({ value: { status: 'started' } })
  const rest = collect(events)
  heard?.gap()
  await asked.promise
  for (const text of ['log\nline', 'finished\n1']) heard?.message(text)
  caughtUp.open()
  expect(await rest).toEqual([
    { type: 'log', line: 'line' },
    { type: 'status', status: 'finished' },
  ])
})
