import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { ClaimedJob } from '../../lib/store/attempts.ts'
import { Batches } from '../../lib/worker/batches.ts'
import { normalizeWorkerOptions } from '../../lib/worker/options.ts'
import { MAX_AHEAD_MS, Prefetch } from '../../lib/worker/prefetch.ts'
import { Run } from '../../lib/worker/run.ts'
import { Slots } from '../../lib/worker/slots.ts'

describe('how many jobs are claimed ahead', () => {
  /** After many answers that took `callMs` and handlers that took `runMs`. */
  const after = (callMs: number, runMs: number, limit = 1_000): Prefetch => {
    const prefetch = new Prefetch(limit)
    for (let i = 0; i < 200; i++) {
      prefetch.called(callMs)
      prefetch.ran(runMs)
    }
    return prefetch
  }

  it('none before the first job has ended, and none where it is turned off', () => {
    expect(new Prefetch(1_000).ahead(10)).toBe(0)
    expect(after(1, 0.01, 0).ahead(10)).toBe(0)
  })

  it.each([
    [1, 0.5],
    [10, 0.5],
    [10, 0.03],
    [100, 0.9],
    [1, 0.0001],
  ])('at concurrency %i and %d ms a job: five milliseconds of work at most', (concurrency, runMs) => {
    const ahead = after(1, runMs).ahead(concurrency)
    expect(ahead).toBeGreaterThan(0)
    expect((ahead * runMs) / concurrency).toBeLessThanOrEqual(MAX_AHEAD_MS)
    expect(MAX_AHEAD_MS).toBe(5)
  })

  it('none where a job takes longer than asking for one', () => {
    expect(after(1, 1.5).ahead(10)).toBe(0)
    expect(after(2, 1.5).ahead(10)).toBeGreaterThan(0)
  })

  it('none after they had to go back, until another handler has ended', () => {
    const prefetch = after(1, 0.1)
    prefetch.wasInVain()
    expect(prefetch.ahead(10)).toBe(0)
    prefetch.called(1)
    expect(prefetch.ahead(10)).toBe(0)
    prefetch.ran(0.1)
    expect(prefetch.ahead(10)).toBeGreaterThan(0)
  })

  it('none after a single long job, until short ones have won the trust back', () => {
    const prefetch = after(1, 0.1)
    prefetch.ran(10)
    expect(prefetch.ahead(10)).toBe(0)
    prefetch.ran(0.1)
    expect(prefetch.ahead(10)).toBe(0)
    for (let i = 0; i < 100; i++) prefetch.ran(0.1)
    expect(prefetch.ahead(10)).toBeGreaterThan(0)
  })
})

const job = (id: string): ClaimedJob => ({ queue: 'q', id, token: 't', attempt: 1, task: 't', args: '[]', timeoutMs: 0, enqueuedAt: 0 })

describe('how many jobs are claimed for batches that form', () => {
  const rule = { size: 3, waitMs: 0 }

  it('as many as they have room for', () => {
    const batches = new Batches(() => undefined)
    expect(batches.wanted).toBe(0)
    batches.add(job('a'), rule)
    batches.add({ ...job('b'), task: 'other' }, rule)
    expect(batches.wanted).toBe(4)
  })

  it('none once that brought other jobs, until one of them starts or they form anew', () => {
    const batches = new Batches(() => undefined)
    batches.add(job('a'), rule)
    batches.makeDo()
    expect(batches.wanted).toBe(0)
    batches.add(job('b'), rule)
    expect(batches.wanted).toBe(0)
    expect(batches.next()?.map(({ id }) => id)).toEqual(['a', 'b'])
    batches.add(job('c'), rule)
    expect(batches.wanted).toBe(2)
    batches.makeDo()
    batches.clear()
    batches.add(job('d'), rule)
    expect(batches.wanted).toBe(2)
  })
})

describe('jobs claimed ahead of a slot', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  /** A worker's slots, into which these jobs come. */
  const slotsWith = (concurrency: number, ids: readonly string[]) => {
    const prefetch = new Prefetch(100)
    prefetch.ran(0.05)
    const runs: Run[] = []
    const back: string[] = []
    const slots = new Slots(normalizeWorkerOptions({ concurrency }), prefetch, {
      start(started) {
        const run = new Run(started, () => slots.ended(run))
        runs.push(run)
        return run
      },
      startBatch: () => [],
      batchRule: () => undefined,
      giveBack: ({ id }) => void back.push(id),
    })
    slots.add(ids.map(job))
    slots.fill()
    return { slots, runs, back, started: () => runs.map((run) => run.job.id) }
  }

  it('go back to the front in their order when the running one takes five milliseconds', () => {
    const { slots, back, started } = slotsWith(1, ['long', 'a', 'b', 'c'])
    vi.advanceTimersByTime(MAX_AHEAD_MS - 1)
    expect(back).toEqual([])
    vi.advanceTimersByTime(1)
    // Each is put before the one before it.
    expect(back).toEqual(['c', 'b', 'a'])
    expect(slots.held).toEqual([])
    expect(started()).toEqual(['long'])
  })

  it('are not claimed again before a running one has ended', () => {
    const { slots, runs } = slotsWith(1, ['long', 'a', 'b'])
    expect(slots.room).toBeGreaterThan(0)
    vi.advanceTimersByTime(MAX_AHEAD_MS)
    expect(slots.room).toBe(0)
    runs[0]!.tookMs = 0.05
    runs[0]!.end(undefined)
    expect(slots.room).toBeGreaterThan(1)
  })

  it('wait anew whenever one of them starts, and no longer than that', () => {
    const { runs, back, started } = slotsWith(1, ['first', 'long', 'a', 'b'])
    vi.advanceTimersByTime(MAX_AHEAD_MS - 1)
    runs[0]!.end(undefined)
    vi.advanceTimersByTime(MAX_AHEAD_MS - 1)
    expect(started()).toEqual(['first', 'long'])
    expect(back).toEqual([])
    vi.advanceTimersByTime(1)
    expect(back).toEqual(['b', 'a'])
  })

  it('start in the slots beside a long one', () => {
    const { slots, runs, back, started } = slotsWith(2, ['long', 'a', 'b', 'c'])
    for (let i = 1; i < 4; i++) runs[i]!.end(undefined)
    expect(started()).toEqual(['long', 'a', 'b', 'c'])
    vi.advanceTimersByTime(10 * MAX_AHEAD_MS)
    expect(back).toEqual([])
    expect(slots.running.size).toBe(1)
  })

  it('nothing is left to go off when all have started, or when the worker has ended', () => {
    const { runs } = slotsWith(1, ['a', 'b'])
    runs[0]!.end(undefined)
    expect(vi.getTimerCount()).toBe(0)
    const { slots } = slotsWith(1, ['a', 'b'])
    slots.close()
    expect(vi.getTimerCount()).toBe(0)
  })
})
