import { expect, it } from 'vitest'
import { DuplicateJob, task } from '../../lib/index.ts'
import { inlineQueue } from '../../lib/testing/index.ts'
import { stage, until } from '../support/stage.ts'

it('repeat: one job, further runs after success, a new result each time, the callback after the last', async () => {
  const s = await stage()
  const runs: number[] = []
  const count = task('count', function () {
    runs.push(this.attempt)
    return runs.length
  })
  const heard: unknown[] = []
  const report = task('report', (result: number) => void heard.push(result))
  void s.worker('q', { tasks: [count, report] }).run()
  const job = await s.queue('q').enqueue(count, [], { repeat: { times: 3, every: 1 }, onSuccess: report })
  expect(job.repeated).toBe(0)
  expect(await job.result()).toBe(4)
  await job.refresh()
  expect(job).toMatchObject({ status: 'finished', returnValue: 4, repeated: 3, attempt: 4 })
  expect(job.options.repeat).toEqual({ times: 3, every: 1 })
  expect((await job.attempts()).map(({ attempt, outcome }) => `${attempt} ${outcome}`)).toEqual([1, 2, 3, 4].map((n) => `${n} finished`))
  expect(runs).toEqual([1, 2, 3, 4])
  await until('the callback has run', () => heard.length > 0)
  expect(heard).toEqual([4])
})

it('repeat: each run has its own retries; when they are used up it ends', async () => {
  const s = await stage()
  let calls = 0
  // Fails before each success, and for good after the second.
  const shaky = task('shaky', () => {
    calls++
    if (calls % 2 === 1 || calls > 4) throw new Error(`call ${calls}`)
    return calls
  })
  void s.worker('q', { tasks: [shaky] }).run()
  const job = await s.queue('q').enqueue(shaky, [], { repeat: { times: 5 }, retry: 1 })
  await expect(job.result()).rejects.toThrow(/call 6/)
  await job.refresh()
  expect(job).toMatchObject({ status: 'failed', repeated: 2, attempt: 6 })
})

it('repeat: cancel between two runs ends it', async () => {
  const s = await stage()
  const once = task('once', () => 'done')
  void s.worker('q', { tasks: [once] }).run()
  const job = await s.queue('q').enqueue(once, [], { repeat: { times: 9, every: '1h' } })
  await until('the first run is over', async () => (await job.refresh()).repeated === 1)
  expect(job).toMatchObject({ status: 'scheduled', attempt: 1 })
  await job.cancel()
  expect((await job.refresh()).status).toBe('canceled')
})

it('repeat: inline, the runs follow each other', async () => {
  let runs = 0
  const count = task('count', () => ++runs)
  const job = await inlineQueue().enqueue(count, [], { repeat: { times: 2, every: '1h' } })
  expect(job).toMatchObject({ status: 'finished', returnValue: 3, repeated: 2, attempt: 3 })
})

it('debounce: 50 calls lead to one run, with the newest arguments', async () => {
  const s = await stage()
  const seen: number[] = []
  const refresh = task('refresh', (n: number) => void seen.push(n))
  const queue = s.queue('q')
  const jobs = []
  for (let n = 1; n <= 50; n++) jobs.push(await queue.enqueue(refresh, [n], { unique: { key: 'page', mode: 'replace' }, delay: '5m' }))
  expect(await queue.counts()).toMatchObject({ scheduled: 1, canceled: 49 })
  await jobs[49]!.promote()
  void s.worker('q', { tasks: [refresh] }).run()
  await jobs[49]!.result()
  expect(seen).toEqual([50])
})

it('debounce with maxWait: calls that never stop do not put it off for ever', async () => {
  const s = await stage()
  const refresh = task('refresh', (n: number) => n)
  const queue = s.queue('q')
  const call = (n: number) => queue.enqueue(refresh, [n], { unique: { key: 'page', mode: 'replace', maxWait: '10m' }, delay: '9m' })
  const first = await call(1)
  const { client, keys } = s.store
  await client.call('HSET', keys.job('q', first.id), 'since', Number(first.createdAt) - 3_600_000)
  const second = await (await call(2)).refresh()
  expect(second.status).toBe('queued')
  expect(Number((await (await call(3)).refresh()).runAt)).toBeLessThanOrEqual(Date.now())
})

it('throttle: one in a period, though the first has long ended', async () => {
  const s = await stage()
  const ping = task('ping', () => 'pong')
  void s.worker('q', { tasks: [ping] }).run()
  const queue = s.queue('q')
  const job = await queue.enqueue(ping, [], { unique: { key: 'p', throttle: '1h' } })
  expect(await job.result()).toBe('pong')
  await expect(queue.enqueue(ping, [], { unique: { key: 'p', throttle: '1h' } })).rejects.toThrow(DuplicateJob)
  expect((await queue.enqueue(ping, [], { unique: { key: 'p', throttle: '1h', mode: 'return' } })).id).toBe(job.id)
  await s.store.client.call('DEL', `${s.store.keys.base('q')}throttled:p`)
  expect((await queue.enqueue(ping, [], { unique: { key: 'p', throttle: '1h', mode: 'return' } })).id).not.toBe(job.id)
  await job.delete()
  await queue.enqueue(ping, [], { unique: { key: 'gone', throttle: '1h' }, resultTtl: 0 })
  await until('it has run and is gone', async () => {
    const { queued, started } = await queue.counts()
    return queued + started === 0
  })
  await expect(queue.enqueue(ping, [], { unique: { key: 'gone', throttle: '1h', mode: 'return' } })).rejects.toThrow(/no longer kept/)
})
