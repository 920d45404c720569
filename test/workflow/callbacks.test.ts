import { describe, expect, it } from 'vitest'
import { chain, type JobContext, Queue, task } from '../../lib/index.ts'
import { claim, settle } from '../../lib/store/attempts.ts'
import { deliverOutbox } from '../../lib/store/maintain.ts'
import { add, broken, double, flowStage, list, TASKS, until } from './support.ts'

interface Heard {
  task: string
  queue: string
  args: unknown[]
  parents: readonly string[]
}

/** Tasks that tell what they were called with. */
function listeners(): { heard: Heard[]; note: ReturnType<typeof makeNote>; all: object[] } {
  const heard: Heard[] = []
  const note = makeNote(heard)
  return { heard, note, all: [...TASKS, note] }
}

function makeNote(heard: Heard[]) {
  return task('note', function (this: JobContext, ...args: unknown[]) {
    heard.push({ task: this.task, queue: this.queue, args, parents: this.parentIds })
  })
}

describe('onSuccess and onFailure', () => {
  it('get the result, or the error, before their own arguments', async () => {
    const { queue: open, worker } = await flowStage()
    const { heard, note, all } = listeners()
    const queue = open()
    const good = await queue.enqueue(add, [1, 2], { onSuccess: note.s('own'), onFailure: note.s('never') })
    const bad = await queue.enqueue(broken, ['oh'], { onSuccess: note.s('never'), onFailure: note })
    const quiet = await queue.enqueue(list, [1], { onSuccess: note.si('only this') })
    await worker('default', { tasks: all as never[], burst: true, concurrency: 1 }).run()
    expect(heard).toEqual([
      { task: 'note', queue: 'default', args: [3, 'own'], parents: [good.id] },
      {
        task: 'note',
        queue: 'default',
        args: [{ name: 'Error', message: 'oh', stack: expect.stringContaining('Error: oh') as string }],
        parents: [bad.id],
      },
      { task: 'note', queue: 'default', args: ['only this'], parents: [quiet.id] },
    ])
  })

  it('may come with the task, and run on the queue of their own task or signature', async () => {
    const { queue: open, start } = await flowStage()
    const { heard, note, all } = listeners()
    const alarm = task(
      { name: 'alarm', queue: 'alarms' },
      (error: { message: string }) => void heard.push({ task: 'alarm', queue: '', args: [error.message], parents: [] }),
    )
    const risky = task({ name: 'risky', onFailure: alarm, onSuccess: note.s().set({ queue: 'notes' }), retry: 1 }, (n: number) => {
      if (n < 0) throw new Error('negative')
      return n
    })
    const queue = open()
    start(['default', 'alarms', 'notes'], { tasks: [...(all as never[]), risky, alarm] })
    const [bad, good] = await queue.enqueueMany([
      [risky, [-1]],
      [risky, [5]],
    ])
    await until('both were heard', () => heard.length === 2)
    expect(heard.sort((a, b) => a.task.localeCompare(b.task))).toEqual([
      { task: 'alarm', queue: '', args: ['negative'], parents: [] },
      { task: 'note', queue: 'notes', args: [5], parents: [`default/${good.id}`] },
    ])
    expect((await bad.refresh()).attempt).toBe(2)
  })

  it('fit a step of a workflow', async () => {
    const { to, start } = await flowStage()
    const { heard, note, all } = listeners()
    start('default', { tasks: all as never[] })
    const flow = await chain(
      add.s(1, 2).set({ onSuccess: note.s('first') }),
      double.s(),
      broken.si('last').set({ onFailure: note.s('failed') }),
    ).enqueue(to)
    await expect(flow.result()).rejects.toThrow('last')
    await until('both were heard', () => heard.length === 2)
    expect(heard.map(({ args }) => args.at(-1)).sort()).toEqual(['failed', 'first'])
  })

  it('run again when the job does, and for a job that its worker lost too often', async () => {
    const { queue: open, worker } = await flowStage()
    const { heard, note, all } = listeners()
    const queue = open()
    const job = await queue.enqueue(broken, ['x'], { onFailure: note })
    const burst = async (): Promise<unknown> => await worker('default', { tasks: all as never[], burst: true }).run()
    await burst()
    await job.requeue()
    await burst()
    expect(heard).toHaveLength(2)
  })

  it('are not called for a job that was canceled', async () => {
    const { queue: open, worker } = await flowStage()
    const { heard, note, all } = listeners()
    const job = await open().enqueue(add, [1, 2], { onSuccess: note, onFailure: note })
    await job.cancel()
    await worker('default', { tasks: all as never[], burst: true }).run()
    expect(heard).toEqual([])
  })

  it('run once, whoever delivers how often, even when nothing of the job is kept', async () => {
    const { queue: open, worker, store } = await flowStage()
    const { heard, note, all } = listeners()
    const queue: Queue = open()
    await queue.enqueue(add, [1, 2], { onSuccess: note.s().set({ resultTtl: 0 }), resultTtl: 0 })
    const request = { token: 'T', worker: 'w', want: 1, leaseMs: 60_000, queues: ['default'] }
    const [job] = await claim(store, request)
    const reply = await settle(store, { ...request, want: 0, token: 'U' }, [
      { queue: 'default', id: job!.id, token: 'T', kind: 'ok', result: '3' },
    ])
    expect(reply.outbox).toBe(true)
    const outbox = store.keys.queuePart('default', 'outbox')
    const [message] = (await store.client.call('LRANGE', outbox, 0, -1)) as [string]
    await Promise.all([deliverOutbox(store, 'default'), deliverOutbox(store, 'default')])
    await worker('default', { tasks: all as never[], burst: true }).run()
    expect(heard).toHaveLength(1)
    // The message once more, as after a crash between the two steps.
    await store.client.call('RPUSH', outbox, message)
    await worker('default', { tasks: all as never[], burst: true }).run()
    expect(heard).toHaveLength(1)
    expect(await store.client.call('LLEN', outbox)).toBe(0)
  })

  it('are called by inline queues too', async () => {
    const { heard, note } = listeners()
    const queue = new Queue('here', { inline: true })
    await queue.enqueue(add, [1, 2], { onSuccess: note.s('own') })
    await queue.enqueue(broken, ['oh'], { onSuccess: note, onFailure: note })
    expect(heard.map(({ args }) => args)).toEqual([[3, 'own'], [expect.objectContaining({ message: 'oh' })]])
  })

  it('do not call themselves for ever', async () => {
    const { queue: open, worker } = await flowStage()
    let calls = 0
    const alarm: ReturnType<typeof makeAlarm> = makeAlarm()
    function makeAlarm() {
      return task({ name: 'alarm', onFailure: 'alarm' }, () => {
        calls++
        throw new Error('alarm failed')
      })
    }
    await open().enqueue(alarm, [])
    await worker('default', { tasks: [alarm], burst: true }).run()
    expect(calls).toBe(2)
  })

  it.each([
    ['a workflow', { onSuccess: chain(add.s(1, 2), double.s()) }],
    ['nothing that can be called', { onFailure: 5 }],
    ['a delay', { onSuccess: double.s().set({ delay: '1s' }) }],
    ['a closure without a name', { onSuccess: [() => 1][0] }],
  ])('refuse %s', async (_, options) => {
    const { queue: open } = await flowStage()
    await expect(open().enqueue(add, [1, 2], options as never)).rejects.toMatchObject({
      code: expect.stringMatching(/RQTS_BAD_(OPTION|TASK)/) as string,
    })
  })
})
