import { describe, expect, it } from 'vitest'
import type { Job } from '../../lib/index.ts'
import { drain } from '../../lib/testing/index.ts'
import { type Stage, stage } from '../support/stage.ts'

// What RQ does with dependencies, its open questions included; where rqts decides otherwise the name says so.

function work(label = 'done'): string {
  if (label === 'fail') throw new Error('asked to')
  ran.push(label)
  return label
}

let ran: string[] = []

async function run(s: Stage, queues: string | string[] = 'default', concurrency = 1): Promise<void> {
  await drain(queues, { connection: s.url, prefix: s.prefix, tasks: [work], concurrency })
}

async function statusOf(job: Job<unknown>): Promise<string> {
  await job.refresh()
  return job.status
}

async function scene(): Promise<{ s: Stage; queue: ReturnType<Stage['queue']> }> {
  ran = []
  const s = await stage()
  return { s, queue: s.queue() }
}

describe('children', () => {
  it('run after their parent, in the order in which they were enqueued', async () => {
    const { s, queue } = await scene()
    const parent = await queue.enqueue(work, ['parent'])
    for (const label of ['a', 'b', 'c', 'd']) await queue.enqueue(work, [label], { dependsOn: parent })
    await run(s)
    expect(ran).toEqual(['parent', 'a', 'b', 'c', 'd'])
  })

  it('wait for all of several parents, given as jobs and as ids', async () => {
    const { s, queue } = await scene()
    const [a, b] = [await queue.enqueue(work, ['a']), await queue.enqueue(work, ['b'])]
    const child = await queue.enqueue(work, ['child'], { dependsOn: [a, b.id] })
    expect(child.status).toBe('deferred')
    await run(s)
    expect(ran).toEqual(['a', 'b', 'child'])
    expect((await child.dependencies()).map((job) => job.id).sort()).toEqual([a.id, b.id].sort())
  })

  it('run in a diamond once each, the last after both arms', async () => {
    const { s, queue } = await scene()
    const top = await queue.enqueue(work, ['top'])
    const left = await queue.enqueue(work, ['left'], { dependsOn: top })
    const right = await queue.enqueue(work, ['right'], { dependsOn: top })
    await queue.enqueue(work, ['bottom'], { dependsOn: [left, right] })
    await run(s)
    expect(ran).toEqual(['top', 'left', 'right', 'bottom'])
  })

  it('run when the result of their parent is dropped at once (resultTtl 0)', async () => {
    const { s, queue } = await scene()
    const parent = await queue.enqueue(work, ['parent'], { resultTtl: 0 })
    const child = await queue.enqueue(work, ['child'], { dependsOn: parent })
    await run(s)
    expect(await child.result()).toBe('child')
    expect(await parent.exists()).toBe(false)
  })

  it('are queued at once when their parents have finished already', async () => {
    const { s, queue } = await scene()
    const parent = await queue.enqueue(work, ['parent'])
    await run(s)
    expect((await queue.enqueue(work, ['late'], { dependsOn: parent })).status).toBe('queued')
  })

  it('depend across queues', async () => {
    const { s, queue } = await scene()
    const other = s.queue('other')
    const parent = await queue.enqueue(work, ['here'])
    const child = await other.enqueue(work, ['there'], { dependsOn: parent })
    const grandchild = await queue.enqueue(work, ['here again'], { dependsOn: child })
    await run(s, ['default', 'other'])
    expect(await grandchild.result()).toBe('here again')
    expect(ran).toEqual(['here', 'there', 'here again'])
  })

  it('never get lost when their parent finishes while they are being registered', async () => {
    const { s, queue } = await scene()
    const other = s.queue('other')
    const worker = s.worker(['default', 'other'], { tasks: [work], concurrency: 4 })
    const done = worker.run()
    const results: Promise<string>[] = []
    for (let n = 0; n < 150; n++) {
      const parent = await queue.enqueue(work, ['p'])
      const child = await (n % 2 === 0 ? queue : other).enqueue(work, [`c${n}`], { dependsOn: parent })
      results.push(child.result({ timeout: '60s' }))
    }
    expect(await Promise.all(results)).toHaveLength(150)
    await worker.stop()
    await done
  })

  it('of an unknown parent are refused (RQ takes it for met)', async () => {
    const { queue } = await scene()
    await expect(queue.enqueue(work, ['x'], { dependsOn: 'nobody' })).rejects.toMatchObject({ code: 'RQTS_UNKNOWN_DEPENDENCY' })
    expect(await queue.counts()).toMatchObject({ queued: 0, deferred: 0 })
  })

  it('that depend on themselves or in a circle are refused', async () => {
    const { queue } = await scene()
    const refused = { code: 'RQTS_DEPENDENCY_CYCLE' }
    await expect(queue.enqueue(work, ['x'], { jobId: 'me', dependsOn: 'me' })).rejects.toMatchObject(refused)
    const circle = queue.enqueueMany([
      [work, ['a'], { jobId: 'a', dependsOn: 'b' }],
      [work, ['b'], { jobId: 'b', dependsOn: 'a' }],
    ])
    await expect(circle).rejects.toMatchObject(refused)
    expect(await queue.counts()).toMatchObject({ queued: 0, deferred: 0 })
  })
})

describe('parents that do not finish', () => {
  it('fail: children are canceled with the reason dependency, and so on down (RQ leaves them deferred for ever)', async () => {
    const { s, queue } = await scene()
    const parent = await queue.enqueue(work, ['fail'])
    const child = await queue.enqueue(work, ['child'], { dependsOn: parent })
    const grandchild = await s.queue('other').enqueue(work, ['grandchild'], { dependsOn: child })
    await run(s, ['default', 'other'])
    expect([await statusOf(child), await statusOf(grandchild)]).toEqual(['canceled', 'canceled'])
    expect(child.snapshot.reason).toBe('dependency')
    await expect(child.result()).rejects.toMatchObject({ code: 'RQTS_JOB_CANCELED' })
    expect(ran).toEqual([])
  })

  it('fail: children with allowFailure run, once all parents have ended', async () => {
    const { s, queue } = await scene()
    const bad = await queue.enqueue(work, ['fail'])
    const good = await queue.enqueue(work, ['good'])
    await queue.enqueue(work, ['child'], { dependsOn: { jobs: [bad, good], allowFailure: true } })
    await run(s)
    expect(ran).toEqual(['good', 'child'])
  })

  it('have failed already: allowFailure holds all the same (RQ defers for ever)', async () => {
    const { s, queue } = await scene()
    const parent = await queue.enqueue(work, ['fail'])
    await run(s)
    expect((await queue.enqueue(work, ['child'], { dependsOn: { jobs: parent, allowFailure: true } })).status).toBe('queued')
    expect((await queue.enqueue(work, ['other'], { dependsOn: parent })).status).toBe('canceled')
  })

  it.each(['canceled', 'expired', 'deleted'] as const)(
    'are %s: without allowFailure the child is canceled, with it queued',
    async (how) => {
      const { s, queue } = await scene()
      const parent = await queue.enqueue(work, ['parent'], how === 'expired' ? { ttl: 20 } : {})
      const strict = await queue.enqueue(work, ['strict'], { dependsOn: parent })
      const lenient = await queue.enqueue(work, ['lenient'], { dependsOn: { jobs: [parent], allowFailure: true } })
      if (how === 'canceled') await parent.cancel()
      if (how === 'deleted') await parent.delete()
      if (how === 'expired') await parent.settle()
      await run(s)
      expect([await statusOf(strict), await statusOf(lenient)]).toEqual(['canceled', 'finished'])
    },
  )

  it('are canceled with enqueueDependents: children run as if they had finished', async () => {
    const { s, queue } = await scene()
    const parent = await queue.enqueue(work, ['parent'])
    await queue.enqueue(work, ['child'], { dependsOn: parent })
    await parent.cancel({ enqueueDependents: true })
    await run(s)
    expect(ran).toEqual(['child'])
  })

  it('are deleted with their dependents: nothing of the family is left', async () => {
    const { s, queue } = await scene()
    const parent = await queue.enqueue(work, ['parent'])
    const child = await queue.enqueue(work, ['child'], { dependsOn: parent })
    const grandchild = await s.queue('other').enqueue(work, ['grandchild'], { dependsOn: child })
    await parent.delete({ dependents: true })
    for (const job of [parent, child, grandchild]) expect(await job.exists()).toBe(false)
  })
})

describe('together with other options', () => {
  it('atFront survives deferral and delay (RQ loses it)', async () => {
    const { s, queue } = await scene()
    const parent = await queue.enqueue(work, ['parent'])
    await queue.enqueue(work, ['front'], { dependsOn: parent, atFront: true })
    await queue.enqueue(work, ['front too'], { dependsOn: { jobs: parent, atFront: true } })
    await queue.enqueue(work, ['waiting'])
    await run(s)
    expect(ran).toEqual(['parent', 'front too', 'front', 'waiting'])
  })

  it('delay and dependsOn mean both (RQ ignores the dependency)', async () => {
    const { s, queue } = await scene()
    const parent = await queue.enqueue(work, ['parent'])
    const child = await queue.enqueueIn('1h', work, ['child'], { dependsOn: parent })
    expect(child.status).toBe('deferred')
    await run(s)
    expect(await statusOf(child)).toBe('scheduled')
    const early = await queue.enqueueIn(1, work, ['early'], { dependsOn: await queue.enqueue(work, ['second']) })
    await run(s)
    await early.result({ timeout: '1ms' }).catch(() => undefined)
    expect(['finished', 'scheduled', 'queued']).toContain(await statusOf(early))
  })

  it('a child with retries gets them after its parent; unique is held while it is deferred', async () => {
    const { s, queue } = await scene()
    const parent = await queue.enqueue(work, ['parent'])
    const child = await queue.enqueue(work, ['fail'], { dependsOn: parent, retry: 1, unique: { key: 'one' } })
    await expect(queue.enqueue(work, ['x'], { unique: { key: 'one' } })).rejects.toMatchObject({
      code: 'RQTS_DUPLICATE_JOB',
      existingId: child.id,
    })
    await run(s)
    await child.refresh()
    expect(child).toMatchObject({ status: 'failed', attempt: 2 })
    expect((await queue.enqueue(work, ['free'], { unique: { key: 'one' } })).status).toBe('queued')
  })
})
