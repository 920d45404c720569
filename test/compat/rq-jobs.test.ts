import { describe, expect, it } from 'vitest'
import { DuplicateJob, Job, type JobContext, JobNotFound } from '../../lib/index.ts'
import { drain } from '../../lib/testing/index.ts'
import { leftoverKeysOf, type Stage, stage } from '../support/stage.ts'

// What RQ does with single jobs: ids, canceling, requeueing, retries, deletion.

function work(how = 'fine'): string {
  if (how === 'fail') throw new Error('asked to')
  return how
}

async function run(s: Stage): Promise<void> {
  await drain('default', { connection: s.url, prefix: s.prefix, tasks: [work], concurrency: 1 })
}

describe('ids', () => {
  it('in use are refused, whatever state their job is in, or give the job that has them (RQ overwrites it)', async () => {
    const s = await stage()
    const queue = s.queue()
    const first = await queue.enqueue(work, ['first'], { jobId: 'mine' })
    await expect(queue.enqueue(work, ['second'], { jobId: 'mine' })).rejects.toBeInstanceOf(DuplicateJob)
    await run(s)
    await expect(queue.enqueue(work, ['second'], { jobId: 'mine' })).rejects.toMatchObject({ existingId: 'mine' })
    const same = await queue.enqueue(work, ['second'], { jobId: 'mine', ifExists: 'return' })
    expect(same).toMatchObject({ id: first.id, status: 'finished', returnValue: 'first' })
  })

  it('of 50 concurrent enqueues with one id, one wins', async () => {
    const s = await stage()
    const queue = s.queue()
    const all = await Promise.allSettled(Array.from({ length: 50 }, (_, n) => queue.enqueue(work, [`n${n}`], { jobId: 'only' })))
    expect(all.filter((outcome) => outcome.status === 'fulfilled')).toHaveLength(1)
    expect(await queue.jobIds()).toEqual(['only'])
  })

  it.each(['', 'a b', 'a:b', 'ü', 'x'.repeat(129)])('%j is no id', async (jobId) => {
    const s = await stage()
    await expect(s.queue().enqueue(work, [], { jobId })).rejects.toMatchObject({ code: 'RQTS_BAD_ID' })
  })

  it('unknown ones: fetch throws, fetchJob and fetchMany say null, also for the job of another queue', async () => {
    const s = await stage()
    const job = await s.queue('other').enqueue(work)
    const where = { connection: s.url, prefix: s.prefix }
    await expect(Job.fetch('nobody', where)).rejects.toBeInstanceOf(JobNotFound)
    expect(await s.queue().fetchJob(job.id)).toBeNull()
    expect((await Job.fetch(job.id, where)).queue).toBe('other')
    expect((await Job.fetchMany([job.id, 'nobody'], where)).map((found) => found?.id ?? null)).toEqual([job.id, null])
  })
})

describe('cancel and requeue', () => {
  it('cancel twice is refused and says what it is', async () => {
    const s = await stage()
    const job = await s.queue().enqueue(work)
    await job.cancel()
    await expect(job.cancel()).rejects.toMatchObject({ code: 'RQTS_BAD_STATE', message: expect.stringContaining('canceled') as string })
  })

  it('a canceled job is out of the queue and can be requeued (RQ refuses)', async () => {
    const s = await stage()
    const queue = s.queue()
    const job = await queue.enqueue(work)
    await job.cancel()
    expect([await queue.count(), await queue.registry('canceled').has(job)]).toEqual([0, true])
    await job.requeue()
    await run(s)
    expect(await job.result()).toBe('fine')
  })

  it('requeue goes to the back, or to the front, with a new enqueued_at and clean fields', async () => {
    const s = await stage()
    const queue = s.queue()
    const failed = await queue.enqueue(work, ['fail'])
    const other = await queue.enqueue(work, ['fail'])
    await run(s)
    await failed.refresh()
    const before = failed.enqueuedAt!.getTime()
    const waiting = await queue.enqueue(work)
    await failed.requeue()
    await other.requeue({ atFront: true })
    expect(await queue.jobIds()).toEqual([other.id, waiting.id, failed.id])
    await failed.refresh()
    expect(failed).toMatchObject({ status: 'queued', startedAt: undefined, endedAt: undefined, error: undefined })
    expect(failed.enqueuedAt!.getTime()).toBeGreaterThanOrEqual(before)
  })

  it('a failure keeps its enqueued_at', async () => {
    const s = await stage()
    const job = await s.queue().enqueue(work, ['fail'])
    const before = (await s.queue().fetchJob(job.id))!.enqueuedAt!.getTime()
    await run(s)
    await job.refresh()
    expect(job.enqueuedAt!.getTime()).toBe(before)
  })

  it('requeueAll keeps the order in which they failed (RQ sorts ids within a second)', async () => {
    const s = await stage()
    const queue = s.queue()
    const jobs = await queue.enqueueMany(Array.from({ length: 12 }, (_, n) => [work, ['fail'], { jobId: `job-${(n * 7) % 12}` }] as const))
    await run(s)
    const order = await queue.registry('failed').ids()
    expect(await queue.registry('failed').requeueAll()).toBe(12)
    expect(await queue.jobIds()).toEqual(order)
    expect(new Set(order)).toEqual(new Set(jobs.map((job) => job.id)))
  })

  it('a job that waits or runs cannot be requeued, an unknown one is not found', async () => {
    const s = await stage()
    const job = await s.queue().enqueue(work)
    await expect(job.requeue()).rejects.toMatchObject({ code: 'RQTS_BAD_STATE' })
    await job.delete()
    await expect(job.requeue()).rejects.toBeInstanceOf(JobNotFound)
  })

  it('a job that waits for its retry is scheduled, not failed, and its failed attempt is on record', async () => {
    const s = await stage()
    const queue = s.queue()
    const job = await queue.enqueue(work, ['fail'], { retry: { max: 2, delays: ['1h', '2h'] } })
    await run(s)
    await job.refresh()
    expect(job.status).toBe('scheduled')
    expect([await queue.registry('failed').count(), await queue.registry('scheduled').count()]).toEqual([0, 1])
    expect(await job.attempts()).toMatchObject([{ attempt: 1, outcome: 'retry', error: { message: 'asked to' } }])
  })
})

describe('deletion', () => {
  it('takes every key: history, logs and unique key too (RQ leaves the results)', async () => {
    const s = await stage()
    const queue = s.queue()
    async function noisy(this: JobContext): Promise<never> {
      await this.log('line')
      throw new Error('no')
    }
    const job = await queue.enqueue(noisy, [], { retry: 1, unique: { key: 'k' } })
    await drain('default', { connection: s.url, prefix: s.prefix, tasks: [noisy] })
    await job.delete()
    expect(await leftoverKeysOf(s, job.id)).toEqual([])
    expect(await queue.registry('failed').count()).toBe(0)
  })

  it('empty() deletes what waits and frees unique keys; what is scheduled stays', async () => {
    const s = await stage()
    const queue = s.queue()
    const waiting = await queue.enqueue(work, [], { unique: { key: 'k' } })
    const later = await queue.enqueueIn('1h', work)
    await queue.empty()
    expect([await waiting.exists(), await later.exists(), await queue.isEmpty()]).toEqual([false, true, true])
    expect((await queue.enqueue(work, [], { unique: { key: 'k' } })).status).toBe('queued')
  })

  it('delete() forgets the queue; with { jobs: false } it is refused while there are jobs', async () => {
    const s = await stage()
    const { Queue } = await import('../../lib/index.ts')
    const where = { connection: s.url, prefix: s.prefix }
    const queue = s.queue('brief')
    await queue.enqueue(work)
    await expect(queue.delete({ jobs: false })).rejects.toMatchObject({ code: 'RQTS_BAD_STATE' })
    await queue.delete()
    expect((await Queue.all(where)).map(({ name }) => name)).not.toContain('brief')
    await queue.enqueue(work)
    const all = await Queue.all(where)
    expect(all.map(({ name }) => name)).toContain('brief')
    for (const each of all) await each.close()
  })
})
