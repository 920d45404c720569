import { describe, expect, it } from 'vitest'
import type { JobContext, JobOptions } from '../../lib/index.ts'
import { drain } from '../../lib/testing/index.ts'
import { gate, leftoverKeysOf, type Stage, stage, until } from '../support/stage.ts'

// How long things are kept: RQ's table of TTLs, case by case. `none` is PTTL -1, `gone` is PTTL -2.

function work(how = 'fine'): string {
  if (how === 'fail') throw new Error('asked to')
  return how
}

async function pttl(s: Stage, id: string): Promise<number> {
  return (await s.store.client.call('PTTL', s.store.keys.job('default', id))) as number
}

async function score(s: Stage, registry: 'finished' | 'failed' | 'canceled', id: string): Promise<string | null> {
  return (await s.store.client.call('ZSCORE', s.store.keys.container('default', registry), id)) as string | null
}

const YEAR_MS = 365 * 86_400_000

describe('what is kept for how long', () => {
  it.each<[string, JobOptions, string, 'finished' | 'failed', number | 'none' | 'gone']>([
    ['a result, by default', {}, 'fine', 'finished', 500_000],
    ['a result with a ttl', { resultTtl: '2h' }, 'fine', 'finished', 7_200_000],
    ['a result for ever', { resultTtl: -1 }, 'fine', 'finished', 'none'],
    ['a result for ever, in words', { resultTtl: Number.POSITIVE_INFINITY }, 'fine', 'finished', 'none'],
    ['no result', { resultTtl: 0 }, 'fine', 'finished', 'gone'],
    ['a failure, by default', {}, 'fail', 'failed', YEAR_MS],
    ['a failure with a ttl', { failureTtl: '1h' }, 'fail', 'failed', 3_600_000],
    ['a failure for ever', { failureTtl: -1 }, 'fail', 'failed', 'none'],
    ['no failure', { failureTtl: 0 }, 'fail', 'failed', 'gone'],
  ])('%s', async (_, options, how, registry, expected) => {
    const s = await stage()
    const job = await s.queue().enqueue(work, [how], options)
    expect(await pttl(s, job.id)).toBe(-1)
    await drain('default', { connection: s.url, prefix: s.prefix, tasks: [work] })
    const left = await pttl(s, job.id)
    if (expected === 'gone') {
      expect(left).toBe(-2)
      expect(await score(s, registry, job.id)).toBeNull()
      expect(await leftoverKeysOf(s, job.id)).toEqual([])
    } else if (expected === 'none') {
      expect(left).toBe(-1)
      expect(await score(s, registry, job.id)).toBe('inf')
    } else {
      expect(left).toBeGreaterThan(expected - 60_000)
      expect(left).toBeLessThanOrEqual(expected)
      expect(Number(await score(s, registry, job.id)) - Date.now()).toBeLessThanOrEqual(expected + 1_000)
    }
  })

  it('every key of a job goes with it', async () => {
    const s = await stage()
    const queue = s.queue()
    async function chatty(this: JobContext): Promise<void> {
      await this.log('one')
      if (this.attempt === 1) throw new Error('once')
    }
    const job = await queue.enqueue(chatty, [], { retry: 1, resultTtl: 40, unique: true })
    await drain('default', { connection: s.url, prefix: s.prefix, tasks: [chatty] })
    await until('it is gone', async () => (await leftoverKeysOf(s, job.id)).length === 0)
    expect(await queue.registry('finished').count()).toBe(0)
    expect(await queue.registry('finished').has(job)).toBe(false)
    expect((await queue.counts()).finished).toBe(0)
  })

  it('a canceled job is kept like a failure (RQ keeps it for ever)', async () => {
    const s = await stage()
    const job = await s.queue().enqueue(work, [], { failureTtl: '1h' })
    await job.cancel()
    expect(await pttl(s, job.id)).toBeGreaterThan(3_540_000)
  })
})

describe('ttl: the longest wait', () => {
  it.each<[string, JobOptions]>([
    ['queued', { ttl: 30 }],
    ['scheduled', { ttl: 30, delay: '1h' }],
  ])('a %s job past it is expired without any worker, and never runs', async (_, options) => {
    const s = await stage()
    const queue = s.queue()
    let runs = 0
    function count(): void {
      runs++
    }
    const job = await queue.enqueue(count, [], options)
    const ended = await job.settle({ timeout: '60s' })
    expect(ended).toMatchObject({ status: 'expired', error: { code: 'RQTS_JOB_EXPIRED' } })
    expect(await queue.counts()).toMatchObject({ queued: 0, scheduled: 0, canceled: 1 })
    expect(await queue.jobIds()).toEqual([])
    expect(await queue.position(job)).toBeNull()
    await drain('default', { connection: s.url, prefix: s.prefix, tasks: [count] })
    await job.refresh()
    expect([job.status, runs]).toEqual(['expired', 0])
  })

  it('a deferred job past it is expired; its parent goes on', async () => {
    const s = await stage()
    const queue = s.queue()
    const parent = await queue.enqueue(work)
    const child = await queue.enqueue(work, ['child'], { dependsOn: parent, ttl: 30 })
    expect(await child.settle({ timeout: '60s' })).toMatchObject({ status: 'expired' })
    await drain('default', { connection: s.url, prefix: s.prefix, tasks: [work] })
    await Promise.all([parent.refresh(), child.refresh()])
    expect([parent.status, child.status]).toEqual(['finished', 'expired'])
  })

  it('never ends a job that runs, nor one that waits for its retry', async () => {
    const s = await stage()
    const queue = s.queue()
    const release = gate()
    let tries = 0
    async function slow(): Promise<string> {
      if (++tries === 1) {
        await release.promise
        throw new Error('once')
      }
      return 'second'
    }
    const job = await queue.enqueue(slow, [], { ttl: '1h', retry: 1 })
    const done = drain('default', { connection: s.url, prefix: s.prefix, tasks: [slow] })
    await until('it runs', () => tries === 1)
    // Its ttl is over while it runs.
    await s.store.client.call('HSET', s.store.keys.job('default', job.id), 'expires_at', 1)
    await job.refresh()
    expect(job.status).toBe('started')
    release.open()
    await done
    expect(await job.result()).toBe('second')
  })

  it('starts anew with a requeue', async () => {
    const s = await stage()
    const job = await s.queue().enqueue(work, [], { ttl: 30 })
    await job.settle({ timeout: '60s' })
    // What is left of 30 ms is soon over, too.
    await s.store.client.call('HSET', s.store.keys.job('default', job.id), 'ttl', 3_600_000)
    await job.requeue()
    await job.refresh()
    expect(job.status).toBe('queued')
  })
})
