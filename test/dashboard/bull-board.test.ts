import { createBullBoard } from '@bull-board/api'
import { HonoAdapter } from '@bull-board/hono'
import { serveStatic } from '@hono/node-server/serve-static'
import { describe, expect, it, onTestFinished } from 'vitest'
import { RqtsAdapter } from '../../lib/bull-board/index.ts'
import { schedule, task } from '../../lib/index.ts'
import { type Stage, stage } from '../support/stage.ts'

const add = task('add', (a: number, b: number) => a + b)
const broken = task('broken', () => {
  throw new TypeError('not a number')
})

interface AppQueue {
  name: string
  counts: Record<string, number>
  isPaused: boolean
  hasWorkers: boolean
  jobs: { id: string; name: string; data: unknown; returnValue: unknown; failedReason: string; stacktrace: string[]; isFailed: boolean }[]
}

/** bull-board as a team has it, with its own server adapter. */
function boardOf(s: Stage, name = 'default') {
  const adapter = new RqtsAdapter(name, { connection: s.url, prefix: s.prefix })
  onTestFinished(() => adapter.close())
  const server = new HonoAdapter(serveStatic)
  createBullBoard({ queues: [adapter], serverAdapter: server })
  const app = server.registerPlugin()
  const ask = async (path: string, method = 'GET', body?: object): Promise<Response> =>
    await app.request(`http://localhost/api/${path}`, {
      method,
      ...(body !== undefined && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    })
  const queue = async (status = 'latest'): Promise<AppQueue> => {
    const response = await ask(`queues?activeQueue=${name}&status=${status}&page=1&jobsPerPage=10`)
    expect(response.status).toBe(200)
    return ((await response.json()) as { queues: AppQueue[] }).queues[0]!
  }
  return { ask, queue }
}

describe('bull-board', () => {
  it('shows counts, jobs, results, errors, workers and logs', async () => {
    const s = await stage()
    const q = s.queue()
    const ok = await q.enqueue(add, [1, 2])
    const bad = await q.enqueue(broken, [])
    await s.worker('default', { tasks: [add, broken], burst: true }).run()
    await q.enqueue(add, [3, 4])
    await q.enqueue(add, [5, 6], { delay: '1h' })
    const { queue, ask } = boardOf(s)
    const seen = await queue()
    expect(seen).toMatchObject({ name: 'default', isPaused: false, hasWorkers: false })
    expect(seen.counts).toMatchObject({ waiting: 1, completed: 1, failed: 1, delayed: 1, active: 0, 'waiting-children': 0 })
    expect((await queue('completed')).jobs).toMatchObject([{ id: ok.id, name: 'add', data: [1, 2], returnValue: 3, isFailed: false }])
    const [failed] = (await queue('failed')).jobs
    expect(failed).toMatchObject({ id: bad.id, failedReason: 'not a number', isFailed: true })
    expect(failed!.stacktrace[0]).toContain('TypeError')
    expect((await ask(`queues/default/${bad.id}`)).status).toBe(200)
    expect((await ask(`queues/default/${bad.id}/logs`)).status).toBe(200)
    expect((await ask('queues/default/nobody')).status).toBe(404)
  })

  it('retries, promotes, removes, adds, pauses, empties and cleans', async () => {
    const s = await stage()
    const q = s.queue()
    const bad = await q.enqueue(broken, [])
    await s.worker('default', { tasks: [broken], burst: true }).run()
    const later = await q.enqueue(add, [5, 6], { delay: '1h' })
    const { queue, ask } = boardOf(s)
    const put = async (path: string): Promise<void> => expect((await ask(`queues/default/${path}`, 'PUT')).status).toBeLessThan(300)
    await put(`${bad.id}/retry`)
    expect((await q.fetchJob(bad.id))!.status).toBe('queued')
    await put(`${later.id}/promote`)
    expect((await q.fetchJob(later.id))!.status).toBe('queued')
    await put(`${later.id}/clean`)
    expect(await q.fetchJob(later.id)).toBeNull()
    await put('pause')
    expect((await queue()).isPaused).toBe(true)
    await put('resume')
    expect((await ask('queues/default/add', 'POST', { name: 'add', data: [7, 8], options: {} })).status).toBeLessThan(300)
    expect((await queue('waiting')).jobs.map(({ data }) => data)).toContainEqual([7, 8])
    await put('empty')
    expect((await queue()).counts['waiting']).toBe(0)
    await q.enqueue(broken, [])
    await s.worker('default', { tasks: [broken], burst: true }).run()
    await new RqtsAdapter('default', { connection: s.url, prefix: s.prefix }).clean('failed', 0)
    expect((await queue()).counts['failed']).toBe(0)
  })

  it('shows schedules and runs them', async () => {
    const s = await stage()
    await schedule('nightly', add, [1, 2], { cron: '0 2 * * *', queue: 'default' }, { connection: s.url, prefix: s.prefix })
    const adapter = new RqtsAdapter('default', { connection: s.url, prefix: s.prefix })
    onTestFinished(() => adapter.close())
    expect(await adapter.getJobSchedulers()).toMatchObject([
      { id: 'nightly', name: 'add', pattern: '0 2 * * *', template: { data: [1, 2] } },
    ])
    expect(await adapter.updateJobScheduler('nightly', { pattern: '30 3 * * *' })).toBe('updated')
    expect(await adapter.updateJobScheduler('nightly', { pattern: 'nonsense' })).toBe('invalid-schedule')
    expect(await adapter.updateJobScheduler('nobody', {})).toBe('not-found')
    const run = await adapter.runJobSchedulerNow('nightly')
    expect(run === 'not-found' ? run : run.toJSON()).toMatchObject({ name: 'add', data: [1, 2] })
    expect(await adapter.removeJobScheduler('nightly')).toBe(true)
    expect(await adapter.getMetrics('completed')).toMatchObject({ count: 60 })
    expect(await adapter.getRedisInfo()).toContain('redis_version')
    await adapter.setGlobalConcurrency(3)
    expect(await adapter.getGlobalConcurrency()).toBe(3)
  })
})
