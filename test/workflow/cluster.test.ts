import { expect, it, onTestFinished } from 'vitest'
import { chain, chord, group, silentLogger, task, Worker } from '../../lib/index.ts'
import { Store } from '../../lib/store/store.ts'
import { checkInvariants } from '../../lib/testing/invariants.ts'
import { startCluster } from '../support/cluster.ts'
import { testPrefix } from '../support/redis.ts'
import { add, double, list, sum, TASKS, until } from './support.ts'

const QUEUES = Array.from({ length: 6 }, (_, n) => `q${n}`)

it('workflows, callbacks and requeueing over all slots of a Redis Cluster', { timeout: 120_000 }, async () => {
  const cluster = await startCluster(3, false)
  const to = { connection: cluster.client(), prefix: testPrefix() }
  const store = new Store(to)
  let good = false
  const heard: unknown[] = []
  const moody = task('moody', (n: number) => {
    if (!good) throw new Error('not today')
    return n
  })
  const hear = task('hear', (...args: unknown[]) => void heard.push(args))
  const worker = new Worker(QUEUES, { ...to, connection: cluster.client(), tasks: [...TASKS, moody, hear], logger: silentLogger })
  onTestFinished(async () => {
    await worker.stop({ force: true })
    await store.close()
  })
  void worker.run()
  const on = (n: number) => ({ queue: QUEUES[n % QUEUES.length]! })
  const headers = Array.from({ length: 24 }, (_, i) => double.s(i).set({ ...on(i), resultTtl: 0 }))
  const flow = await chain(
    chord(headers, sum.s().set(on(1))),
    group([add.s(1).set(on(2)), moody.s().set({ ...on(3), onFailure: hear.s('bad').set(on(5)), onSuccess: hear.s('good').set(on(0)) })]),
    list.s().set(on(4)),
  ).enqueue(to)
  await expect(flow.result({ timeout: '60s' })).rejects.toMatchObject({ cause: { message: 'not today' } })
  await until('the rest is canceled', async () => (await flow.progress()).done === flow.jobs.length)
  good = true
  await flow.jobs.find((job) => job.task === 'moody')!.requeue()
  expect(await flow.result({ timeout: '60s' })).toEqual([[553, 552]])
  await until('both were heard', () => heard.length === 2)
  // In queues of their own: which comes first is nobody's promise.
  expect(heard).toHaveLength(2)
  expect(heard).toContainEqual([expect.objectContaining({ message: 'not today' }), 'bad'])
  expect(heard).toContainEqual([552, 'good'])
  expect(await checkInvariants(store, { queues: QUEUES })).toEqual([])
})
