import { expect, it, onTestFinished } from 'vitest'
import { Queue } from '../../lib/index.ts'
import { scene, TASKS } from './cli.ts'

it('a queue with partitions is one queue to every command', async () => {
  const s = await scene({ 'tasks.js': TASKS, 'package.json': '{"type":"module"}' })
  const hot = new Queue('hot', { connection: s.url, prefix: s.prefix, partitions: 4 })
  onTestFinished(() => hot.close())
  const jobs = await hot.enqueueMany(Array.from({ length: 20 }, (_, n) => ['add', [n, 1]] as const))
  const { id } = await s.json<{ id: string }>('enqueue', 'boom', '-q', 'hot')
  expect((await s.json<{ queues: unknown[] }>('info')).queues).toMatchObject([{ name: 'hot', queued: 21, paused: false }])
  expect((await s.run('pause', 'hot')).code).toBe(0)
  expect((await s.json<{ queues: unknown[] }>('info', 'hot')).queues).toMatchObject([{ name: 'hot', queued: 21, paused: true }])
  expect((await s.run('resume', 'hot')).code).toBe(0)
  expect((await s.run('worker', 'hot', '--burst')).code).toBe(0)
  expect((await s.json<{ queues: unknown[] }>('info')).queues).toMatchObject([{ name: 'hot', queued: 0, finished: 20, failed: 1 }])
  expect(await s.json('job', jobs[7]!.id)).toMatchObject({ queue: 'hot', status: 'finished', result: 8 })
  const listed = await s.json<{ jobs: { id: string; queue: string }[] }>('jobs', '-q', 'hot', '-s', 'failed')
  expect(listed.jobs).toMatchObject([{ id, queue: 'hot' }])
  expect((await s.run('requeue', '--all', '-q', 'hot', '--yes')).code).toBe(0)
  expect(await hot.jobIds()).toEqual([id])
  expect((await s.run('empty', 'hot', '--yes')).code).toBe(0)
  expect(await hot.isEmpty()).toBe(true)
  expect((await s.run('delete', '--all', '-q', 'hot', '--yes')).code).toBe(0)
  expect(await hot.counts()).toMatchObject({ finished: 0 })
}, 120_000)
