import { expect, it } from 'vitest'
import { task } from '../../lib/index.ts'
import { drain } from '../../lib/testing/index.ts'
import { gate, stage, until } from '../support/stage.ts'

it('a worker that found the queue full is told when a job of another worker ends', async () => {
  const s = await stage()
  const queue = s.queue('q')
  await queue.setLimits({ concurrency: 1 })
  const gates = [gate(), gate()]
  const ran: string[] = []
  const hold = task('hold', async (n: number) => {
    ran.push(`start ${n}`)
    await gates[n]!.promise
    ran.push(`end ${n}`)
  })
  const first = s.worker('q', { tasks: [hold], concurrency: 1, scheduler: false })
  const second = s.worker('q', { tasks: [hold], concurrency: 1, scheduler: false })
  void first.run()
  void second.run()
  const jobs = await queue.enqueueMany([
    [hold, [0]],
    [hold, [1]],
  ])
  await until('one runs', () => ran.length === 1)
  expect(await queue.counts()).toMatchObject({ queued: 1, started: 1 })
  // Whoever runs it takes no more: only the other worker can go on.
  const holder = (await jobs[0].refresh()).worker === first.name ? first : second
  holder.pause()
  gates[0]!.open()
  await until('the other runs', () => ran.length === 3)
  gates[1]!.open()
  await jobs[1].result()
  expect(ran).toEqual(['start 0', 'end 0', 'start 1', 'end 1'])
  expect((await jobs[1].refresh()).worker).not.toBe((await jobs[0].refresh()).worker)
})

it('a burst waits for what a rate holds back, and a worker that waits for it still stops at once', async () => {
  const s = await stage()
  const where = { connection: s.url, prefix: s.prefix }
  const queue = s.queue('q')
  const tick = task('tick', () => 1)
  await queue.setLimits({ rate: { max: 2, per: 200 } })
  await queue.enqueueMany(Array.from({ length: 6 }, () => [tick, []] as const))
  expect(await drain('q', { ...where, tasks: [tick] })).toMatchObject({ succeeded: 6 })
  const times = (await queue.registry('finished').ids()).map(async (id) => Number((await queue.fetchJob(id))!.startedAt))
  const sorted = (await Promise.all(times)).sort((a, b) => a - b)
  for (const [i, at] of sorted.slice(2).entries()) expect(at - sorted[i]!).toBeGreaterThanOrEqual(200)

  const other = s.queue('r')
  await other.setLimits({ rate: { max: 1, per: '1h' } })
  await other.enqueueMany([
    [tick, []],
    [tick, []],
  ])
  const worker = s.worker('r', { tasks: [tick], burst: true })
  const ran = worker.run()
  await until('one has run and one is held back', async () => {
    const { finished, queued } = await other.counts()
    return finished === 1 && queued === 1
  })
  await worker.stop()
  expect(await ran).toMatchObject({ processed: 1 })
})

it('priority, keys and retries together: a worker takes them in the order of the list', async () => {
  const s = await stage()
  const queue = s.queue('q')
  const order: string[] = []
  const note = task('note', function (name: string) {
    order.push(name)
    if (name === 'shaky' && this.attempt === 1) throw new Error('again')
  })
  await queue.enqueueMany([
    [note, ['low'], { priority: -5 }],
    [note, ['a1'], { concurrencyKey: 'a' }],
    [note, ['a2'], { concurrencyKey: 'a' }],
    [note, ['b1'], { concurrencyKey: 'b' }],
    [note, ['shaky'], { priority: 3, retry: 1 }],
    [note, ['high'], { priority: 3 }],
    [note, ['first'], { priority: 3, atFront: true }],
  ])
  await drain('q', { connection: s.url, prefix: s.prefix, tasks: [note], concurrency: 1, prefetch: 0 })
  expect(order).toEqual(['first', 'shaky', 'high', 'shaky', 'a1', 'b1', 'a2', 'low'])
})
