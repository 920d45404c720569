import { afterEach, describe, expect, it } from 'vitest'
import { Router } from '../../lib/client/routes.ts'
import { broadcast, chain, type JobContext, Queue, setRoutes, task } from '../../lib/index.ts'
import { resolveTask } from '../../lib/task/resolve.ts'
import { add, flowStage, TASKS, until } from './support.ts'

const own = task({ name: 'mail.own', queue: 'task' }, () => 'own')
const free = task('mail.free', () => 'free')
const routes = [
  { match: 'mail.*', queue: 'mail' },
  { match: 'mail.free', queue: 'never' },
]

afterEach(() => setRoutes([]))

describe('routes', () => {
  it.each([
    ['mail.*', 'mail.send', true],
    ['mail.*', 'mail.', true],
    ['mail.*', 'mail', false],
    ['mail.*', 'xmail.a', false],
    ['*', 'anything:at/all', true],
    ['*.slow', 'a.b.slow', true],
    ['*.slow', 'slow', false],
    ['a*b*c', 'abc', true],
    ['a*b*c', 'a1b2c', true],
    ['a*b*c', 'acb', false],
    ['ab*ba', 'aba', false],
    ['a.b', 'axb', false],
  ])('%s and %s: %s', (match, name, fits) => {
    expect(new Router([{ match, queue: 'q' }]).queueOf(resolveTask(name))).toBe(fits ? 'q' : undefined)
  })

  it('are not slow on names that nearly fit', () => {
    const router = new Router([{ match: `${'*a'.repeat(60)}b`, queue: 'q' }])
    expect(router.queueOf(resolveTask('a'.repeat(128)))).toBeUndefined()
  })

  it('send the jobs of a queue on: the task wins, then the first route, then the queue itself', async () => {
    const { to, start, queue: open } = await flowStage()
    const queue = new Queue('home', { ...to, routes })
    try {
      const jobs = await queue.enqueueMany([
        [add, [1, 2]],
        [free, []],
        [own, []],
        [free, []],
      ])
      expect(jobs.map((job) => [job.task, job.queue])).toEqual([
        ['add', 'home'],
        ['mail.free', 'mail'],
        ['mail.own', 'task'],
        ['mail.free', 'mail'],
      ])
      expect((await queue.enqueue(free)).queue).toBe('mail')
      expect((await queue.enqueueIn(10, own)).queue).toBe('task')
      expect((await queue.enqueue(add, [1, 2], { timeout: 5 })).queue).toBe('home')
      expect((await open('home').enqueue(free)).queue).toBe('home')
      start(['home', 'mail', 'task'], { tasks: [...TASKS, own, free] })
      expect(await jobs[2].result()).toBe('own')
    } finally {
      await queue.close()
    }
  })

  it('of the whole program hold for workflows', async () => {
    const { to } = await flowStage()
    setRoutes(routes)
    const flow = await chain(free.si(), own.si(), add.si(1, 2)).enqueue(to)
    expect(flow.jobs.map((job) => job.queue)).toEqual(['mail', 'task', 'default'])
    expect((await free.si().enqueue({ ...to, routes: [] })).jobs[0]!.queue).toBe('default')
  })

  it('are refused when they make no sense', () => {
    expect(() => setRoutes([{ match: 5 } as never])).toThrow(/list of \{ match, queue \}/)
    expect(() => new Queue('q', { routes: [{ match: 'a b', queue: 'x' }] })).toThrow(/task name/)
    expect(() => new Queue('q', { routes: {} as never })).toThrow(/list of/)
  })
})

describe('broadcast', () => {
  it('has one job for each live worker, whatever its queues', async () => {
    const { to, start } = await flowStage()
    const names: string[] = []
    const hello = task('hello', function (this: JobContext, who: string) {
      names.push(this.queue)
      return who
    })
    const tasks = [hello]
    const workers = [
      start('x', { tasks, name: 'one' }),
      start('*', { tasks, name: 'two' }),
      start('y', { tasks, name: 'three', strategy: 'round-robin' }),
    ]
    await until('all are up', () => workers.every((worker) => worker.state === 'idle'))
    for (let round = 1; round <= 2; round++) {
      const jobs = await broadcast(hello, ['all'], to)
      expect(jobs.map((job) => job.queue)).toEqual(['worker:one', 'worker:three', 'worker:two'])
      expect(await Promise.all(jobs.map((job) => job.result()))).toEqual(['all', 'all', 'all'])
      expect(names.splice(0).sort()).toEqual(['worker:one', 'worker:three', 'worker:two'])
    }
  })

  it('is kept for a worker that is away for a moment, which runs it once', async () => {
    const { to, start, worker, queue } = await flowStage()
    let runs = 0
    const hello = task('hello', () => void runs++)
    const first = start('x', { tasks: [hello], name: 'steady' })
    await until('it is up', () => first.state === 'idle')
    first.pause()
    const [job] = await broadcast(hello, [], to)
    await first.stop()
    expect(await queue('worker:steady').count()).toBe(1)
    await worker('*', { tasks: [hello], burst: true, name: 'other' }).run()
    expect(runs).toBe(0)
    await worker('x', { tasks: [hello], burst: true, name: 'steady' }).run()
    expect((await job!.refresh()).status).toBe('finished')
    expect(runs).toBe(1)
  })

  it('to nobody is nothing', async () => {
    const { to } = await flowStage()
    expect(await broadcast(add, [1, 2], to)).toEqual([])
  })
})
