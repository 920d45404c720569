import { describe, expect, it } from 'vitest'
import { chain, task } from '../../lib/index.ts'
import { Store } from '../../lib/store/store.ts'
import { enlistWorker } from '../../lib/store/workers.ts'
import { scene, TASKS, until } from './cli.ts'

describe('remote control from the command line', () => {
  it('rqts cancel --tag and --workflow', async () => {
    const s = await scene({ 'tasks.mjs': TASKS })
    const queue = s.queue()
    for (const [id, tags] of [
      ['a', ['t1']],
      ['b', ['t1', 't2']],
      ['c', []],
    ] as const)
      await queue.enqueue('add', [1, 2], { jobId: id, tags })
    expect(await s.run('cancel', '--tag', 't1', '--dry-run')).toEqual({ code: 0, stdout: '2 jobs would be canceled\n', stderr: '' })
    expect(await s.json('cancel', '--tag', 't2')).toMatchObject({ action: 'cancel', count: 1, ids: ['b'] })
    expect(await s.run('cancel', '--tag', 't1')).toEqual({ code: 0, stdout: '1 job canceled\n', stderr: '' })
    expect(await queue.jobIds()).toEqual(['c'])
    const add = task('add', (a: number, b: number) => a + b)
    const flow = await chain(add.s(1, 2), add.s(3)).enqueue({ connection: s.url, prefix: s.prefix })
    expect(await s.json('cancel', '--workflow', flow.id)).toMatchObject({ count: 2 })
    expect(await flow.status()).toBe('canceled')
    expect(await s.run('cancel', 'c', '--tag', 't1')).toMatchObject({ code: 2 })
    expect(await s.run('requeue', '--tag', 't1')).toMatchObject({ code: 2 })
  })

  it('rqts concurrency and rqts workers NAME', async () => {
    const s = await scene({ 'tasks.mjs': TASKS })
    const worker = s.start('worker', '--name', 'w1', '--processes', '0', '-c', '2')
    await worker.seen(/"msg":"ready"/)
    expect(await s.run('concurrency', 'w1', '5')).toEqual({ code: 0, stdout: 'w1 runs 5 jobs at a time\n', stderr: '' })
    const running = await s.queue().enqueue('hang', [], { jobId: 'h1' })
    let report: { answered?: boolean; concurrency?: number; jobs?: string[] } = {}
    await until('it has taken the job and the order', async () => {
      report = await s.json('workers', 'w1')
      return report.answered === true && report.concurrency === 5 && report.jobs?.length === 1
    })
    expect(report).toMatchObject({ name: 'w1', state: 'busy', jobs: ['h1'], tasks: expect.arrayContaining(['add']) })
    let told = ''
    await until('it answers in time', async () => !(told = (await s.run('workers', 'w1')).stdout).includes('did not answer'))
    expect(told).toMatch(/^w1\n {2}state {7}busy\n(.*\n)* {2}runs {8}h1\n$/)
    expect(await s.run('concurrency', 'w1', 'many')).toMatchObject({ code: 2, stderr: expect.stringContaining('from 1 to 1000') })
    expect(await s.run('concurrency', 'w2', '5')).toMatchObject({ code: 4, stderr: expect.stringContaining("did you mean 'w1'") })
    expect(await s.run('workers', 'w2')).toMatchObject({ code: 4 })
    expect(await s.run('stop', 'w1', '--force')).toMatchObject({ code: 0, stdout: expect.stringContaining('stops at once') })
    expect((await worker.exited).code).toBe(0)
    expect((await running.refresh()).status).toBe('queued')
  })

  it('rqts stop keeps the order for a worker that does not listen at the moment', async () => {
    const s = await scene()
    const store = new Store({ connection: s.url, prefix: s.prefix })
    await enlistWorker(store, 'mute', 'somebody', 60_000, { state: 'idle' })
    expect(await s.run('stop', 'mute')).toMatchObject({ code: 0, stderr: expect.stringContaining('does not listen at the moment') })
    expect(await store.client.call('GET', store.keys.control('mute', 'stop'))).toBe('drain')
    await store.close()
  })

  it('rqts pause --for', async () => {
    const s = await scene()
    await s.queue().enqueue('add', [1, 2])
    expect(await s.run('pause', 'default', '--for', '10m')).toMatchObject({ code: 0, stdout: 'default is paused for 10m\n' })
    expect(await s.queue().isPaused()).toBe(true)
    expect(await s.run('pause', 'default', '--for', 'soon')).toMatchObject({ code: 2 })
  })
})
