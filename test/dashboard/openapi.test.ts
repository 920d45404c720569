import { expect, it } from 'vitest'
import type { Route } from '../../lib/dashboard/contract.ts'
import { openApi, ROUTE_NAMES } from '../../lib/dashboard/openapi.ts'
import { chain, schedule, task } from '../../lib/index.ts'
import { gate, until } from '../support/stage.ts'
import { faultsOfReply } from './schemas.ts'
import { type Board, board, eventsOf, next } from './support.ts'

const add = task('add', (a: number, b: number) => a + b)
const double = task('double', (n: number) => 2 * n)
const broken = task({ name: 'broken', retry: 1 }, () => {
  throw Object.assign(new TypeError('no', { cause: new RangeError('why') }), { code: 'E_NO' })
})

it('every route answers as its description says, and the description holds together', async () => {
  const b = await board({ sampleMs: 250 })
  const held = gate()
  const { busy, failed, worker, running } = await inhabit(b, held.promise)
  const flow = (await b.get('GET /workflows')).workflows[0]!.example
  const fingerprint = (await b.get('GET /errors')).groups[0]!.fingerprint
  const job = await b.queue('mail').enqueue(add, [1, 2])
  const later = await b.queue('mail').enqueue(add, [1, 2], { delay: '1h' })
  const cancelled = await b.queue('mail').enqueue(add, [1, 2])
  const deleted = await b.queue('mail').enqueue(add, [1, 2])
  const place = ({ queue, id }: { queue: string; id: string }) => ({ queue, id })
  const bulk = await b.post('POST /bulk', { action: 'promote', q: 'queue:mail state:failed' })
  const night = { name: 'nightly' }
  // A new route without a call does not compile; `b.get` and `b.post` hold each reply against the description.
  const calls: Record<Route, () => Promise<unknown>> = {
    'GET /session': () => b.get('GET /session'),
    'GET /overview': () => b.get('GET /overview'),
    'GET /stats': () => b.get('GET /stats', { range: '1h' }),
    'GET /tasks': () => b.get('GET /tasks'),
    'GET /jobs': () => b.get('GET /jobs', { limit: 200 }),
    'GET /jobs/count': () => b.get('GET /jobs/count', { q: 'state:failed' }),
    'GET /job': async () => {
      for (const one of [failed, flow, later, busy]) await b.get('GET /job', place(one))
    },
    'GET /job/logs': () => b.get('GET /job/logs', { id: busy.id }),
    'GET /job/graph': () => b.get('GET /job/graph', { id: flow.id }),
    'GET /job/download': () => b.get('GET /job/download', { id: failed.id, part: 'error' }),
    'GET /errors': () => b.get('GET /errors', { since: '1h' }),
    'GET /errors/detail': () => b.get('GET /errors/detail', { fingerprint }),
    'GET /schedules': () => b.get('GET /schedules'),
    'GET /schedule': () => b.get('GET /schedule', night),
    'GET /workflows': () => b.get('GET /workflows'),
    'GET /workers': () => b.get('GET /workers'),
    'GET /redis': () => b.get('GET /redis'),
    'GET /bulk': () => b.get('GET /bulk', { id: bulk.id }),
    'POST /job/promote': () => b.post('POST /job/promote', place(later)),
    'POST /job/cancel': () => b.post('POST /job/cancel', place(cancelled)),
    'POST /job/requeue': () => b.post('POST /job/requeue', place(cancelled)),
    'POST /job/copy': () => b.post('POST /job/copy', { ...place(job), args: [3, 4] }),
    'POST /job/delete': () => b.post('POST /job/delete', place(deleted)),
    'POST /enqueue': () => b.post('POST /enqueue', { queue: 'mail', task: 'add', args: [1, 2] }),
    'POST /bulk': () => b.post('POST /bulk', { action: 'cancel', jobs: [place(job)] }),
    'POST /bulk/abort': () => b.post('POST /bulk/abort', { id: bulk.id }),
    'POST /schedule/run': () => b.post('POST /schedule/run', night),
    'POST /schedule/pause': () => b.post('POST /schedule/pause', night),
    'POST /schedule/resume': () => b.post('POST /schedule/resume', night),
    'POST /schedule/skip': () => b.post('POST /schedule/skip', night),
    'POST /schedule/edit': () => b.post('POST /schedule/edit', { ...night, cron: '0 3 * * *' }),
    'POST /schedule/remove': () => b.post('POST /schedule/remove', night),
    'POST /worker/pause': () => b.post('POST /worker/pause', { name: 'w1' }),
    'POST /worker/resume': () => b.post('POST /worker/resume', { name: 'w1' }),
    'POST /worker/concurrency': () => b.post('POST /worker/concurrency', { name: 'w1', value: 3 }),
    'POST /worker/stop': () => b.post('POST /worker/stop', { name: 'w1' }),
    'POST /queue/pause': () => b.post('POST /queue/pause', { queue: 'mail' }),
    'POST /queue/resume': () => b.post('POST /queue/resume', { queue: 'mail' }),
    'POST /queue/empty': () => b.post('POST /queue/empty', { queue: 'mail' }),
    'POST /queue/delete': () => b.post('POST /queue/delete', { queue: 'mail', jobs: true }),
  }
  for (const name of ROUTE_NAMES) expect(Object.keys(calls)).toContain(name)
  const events = eventsOf(await b.ask(`/api/stream?job=held/${busy.id}`))
  for (const event of ['redis', 'overview', 'job', 'logs'] as const) await next(events, event)
  await events.return(undefined)
  for (const call of Object.values(calls)) await call()
  await expect(b.get('GET /job', { id: 'gone' })).rejects.toMatchObject({ status: 404 })
  held.open()
  await running
  await worker.stop()
  await b.queue('mail').delete({ jobs: true })
})

/** A bit of everything: a failed job, a workflow, a job that runs and has logged, a schedule, a limited queue. */
async function inhabit(b: Board, letGo: Promise<void>) {
  const failed = await b.queue('work').enqueue(broken, [])
  const where = { queue: 'work', connection: b.url, prefix: b.prefix }
  await chain(add.s(1, 2), double.s()).enqueue(where)
  await b.worker('work', { tasks: [add, double, broken], burst: true }).run()
  await b.queue('work').setLimits({ concurrency: 5, rate: { max: 10, per: '1m' } })
  await schedule('nightly', add, [1, 2], { cron: '0 2 * * *' }, { connection: b.url, prefix: b.prefix })
  const hold = task('hold', async function () {
    await this.log('a line')
    await this.progress({ done: 1, total: 2 })
    await letGo
  })
  const busy = await b.queue('held').enqueue(hold, [])
  const worker = b.worker('held', { tasks: [hold], name: 'w1' })
  const running = worker.run()
  await until('it has logged', async () => (await b.get('GET /job', { id: busy.id })).logCount === 1)
  return { failed, busy, worker, running }
}

it('names what it refers to, and finds what does not fit', () => {
  const text = JSON.stringify(openApi())
  const { components } = JSON.parse(text) as { components: { schemas: object } }
  for (const [, name] of text.matchAll(/"#\/components\/schemas\/(\w+)"/g)) expect(Object.keys(components.schemas)).toContain(name)
  expect(faultsOfReply('POST /queue/pause', 200, { ok: true })).toEqual([])
  expect(faultsOfReply('POST /queue/pause', 200, {})).toEqual(['POST /queue/pause.ok is missing'])
  expect(faultsOfReply('POST /queue/empty', 200, { deleted: '3', more: 1 })).toEqual([
    'POST /queue/empty.deleted is string, described as integer',
    'POST /queue/empty.more is not described',
  ])
  expect(faultsOfReply('GET /job', 404, { error: { code: 'X', what: null, facts: {} } })).toEqual(['GET /job.error.message is missing'])
})
