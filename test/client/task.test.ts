import { afterAll, expect, test, vi } from 'vitest'
import { closeSharedConnections, Job, Queue, task, tasks } from '../../lib/index.ts'
import { Store } from '../../lib/store/store.ts'
import { ownServer } from '../support/servers.ts'
import { codeOf, finishNext } from './support.ts'

afterAll(async () => {
  await closeSharedConnections()
})

test('delay enqueues on the queue of the task, over the default connection', async () => {
  const server = await ownServer()
  vi.stubEnv('RQTS_REDIS_URL', server.url)
  const greet = task({ name: 'greet', queue: 'mail', timeout: '5s' }, async (name: string) => `hello ${name}`)
  const add = task('add', (a: number, b: number) => a + b)
  expect(add(1, 2)).toBe(3)
  const jobs = await Promise.all([greet.delay('ann'), greet.delay('bob'), add.delay(1, 2)])
  expect(jobs.map(({ queue, description }) => [queue, description])).toEqual([
    ['mail', "greet('ann')"],
    ['mail', "greet('bob')"],
    ['default', 'add(1, 2)'],
  ])
  expect(jobs[0].options.timeout).toBe(5_000)
  const result = jobs[2].result()
  const store = new Store({ connection: server.url })
  await finishNext(store, 3)
  expect(await result).toBe(3)
  expect((await Job.fetch(jobs[1].id)).queue).toBe('mail')
  expect(await codeOf(greet.delay(Symbol('x') as never))).toBe('RQTS_BAD_PAYLOAD')
  await using queue = new Queue('mail')
  const remote = tasks<{ greet: typeof greet }>()
  const job = await queue.enqueue(remote.greet, ['eve'])
  expect(job.task).toBe('greet')
  await store.close()
  await closeSharedConnections()
  vi.unstubAllEnvs()
})

test('two tasks of one name say where each was made', async () => {
  const made = task('twice', () => 1)
  const { place } = Object.getOwnPropertySymbols(made)
    .map((symbol) => (made as never)[symbol] as { place?: string })
    .find((definition) => definition.place)!
  expect(place).toContain('task.test.ts')
})
