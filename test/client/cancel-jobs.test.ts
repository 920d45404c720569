import { describe, expect, it, vi } from 'vitest'
import { cancelJobs, chain, group, task } from '../../lib/index.ts'
import { gate, stage, until } from '../support/stage.ts'

const noop = task('noop', () => 0)
const pass = task('pass', (value: number) => value)

describe('cancelJobs', () => {
  it('by tag: what waits is canceled wherever it waits, what runs is stopped, others are left alone', async () => {
    const s = await stage()
    const connect = { connection: s.url, prefix: s.prefix }
    const begun = gate()
    const hold = task('hold', async function () {
      begun.open()
      await new Promise((_, reject) => this.signal.addEventListener('abort', () => reject(this.signal.reason as Error)))
    })
    const [queue, other] = [s.queue(), s.queue('other')]
    const running = await queue.enqueue(hold, [], { tags: ['t1', 'x'] })
    const worker = s.worker('default', { tasks: [hold], concurrency: 1 })
    const done = worker.run()
    await begun.promise
    const mine = [
      await queue.enqueue(noop, [], { tags: ['t1'] }),
      await queue.enqueue(noop, [], { tags: ['t1'], delay: '1h' }),
      await queue.enqueue(noop, [], { tags: ['t1'], dependsOn: running }),
      await other.enqueue(noop, [], { tags: ['x', 't1'] }),
    ]
    const others = [await other.enqueue(noop, []), await other.enqueue(noop, [], { tags: ['t10'] })]
    const ids = await cancelJobs({ tag: 't1' }, connect)
    expect(ids.sort()).toEqual([running, ...mine].map(({ id }) => id).sort())
    expect(await running.settle({ timeout: '60s' })).toMatchObject({ status: 'stopped' })
    for (const job of mine) expect((await job.refresh()).status).toBe('canceled')
    await worker.stop()
    await done
    for (const job of others) expect((await job.refresh()).status).toBe('queued')
    expect(await cancelJobs({ tag: 't1' }, connect)).toEqual([])
  })

  it('by workflow, from anywhere, over several queues', async () => {
    const s = await stage()
    const connect = { connection: s.url, prefix: s.prefix }
    const flow = await chain(noop.s(), group([pass.s(), pass.s().set({ queue: 'other' })])).enqueue(connect)
    const beside = await chain(noop.s(), pass.s()).enqueue(connect)
    expect((await cancelJobs({ workflow: flow.id }, connect)).sort()).toEqual(flow.jobs.map(({ id }) => id).sort())
    expect(await flow.status()).toBe('canceled')
    expect(await beside.status()).toBe('queued')
  })

  it('a handle of a workflow cancels all of it in a few calls', async () => {
    const s = await stage()
    const steps = Array.from({ length: 300 }, () => pass.s(1))
    const count = task('count', (all: unknown[]) => all.length)
    const flow = await chain(group(steps), count.s()).enqueue({ connection: s.url, prefix: s.prefix })
    const sent = vi.spyOn(s.store.client, 'run')
    await flow.cancel()
    expect(sent.mock.calls.filter(([script]) => script === 'cancel').length).toBeLessThan(5)
    sent.mockRestore()
    expect(await flow.progress()).toEqual({ done: 301, total: 301 })
    // What its parents took along would come back with them.
    for (const job of flow.jobs) expect((await job.refresh()).snapshot.reason).toBe('canceled')
  })

  it('in some queues only; and asks to be told which jobs are meant', async () => {
    const s = await stage()
    const connect = { connection: s.url, prefix: s.prefix }
    const [a, b] = [await s.queue('mail.a').enqueue(noop, [], { tags: ['t'] }), await s.queue('news').enqueue(noop, [], { tags: ['t'] })]
    expect(await cancelJobs({ tag: 't', queues: ['mail.*'] }, connect)).toEqual([a.id])
    expect((await b.refresh()).status).toBe('queued')
    await expect(cancelJobs({}, connect)).rejects.toMatchObject({ code: 'RQTS_BAD_OPTION' })
    await expect(cancelJobs({ tag: 'a b' }, connect)).rejects.toMatchObject({ code: 'RQTS_BAD_NAME' })
  })

  it('finds all of many', async () => {
    const s = await stage()
    const queue = s.queue()
    await queue.enqueueMany(Array.from({ length: 2_500 }, (_, i) => [noop, [], { tags: [i % 2 === 0 ? 'even' : 'odd'] }] as const))
    expect(await cancelJobs({ tag: 'odd' }, { connection: s.url, prefix: s.prefix })).toHaveLength(1_250)
    await until('half are left', async () => (await queue.count()) === 1_250)
  })
})
