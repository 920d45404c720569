import { expect, it, vi } from 'vitest'
import type { JobDetailView, OverviewView, StreamEvents } from '../../lib/dashboard/contract.ts'
import type { OverviewReader } from '../../lib/dashboard/overview.ts'
import { type Listener, Sampler } from '../../lib/dashboard/sampler.ts'
import { openStream } from '../../lib/dashboard/stream.ts'
import { RqtsError } from '../../lib/errors.ts'
import { silentLogger } from '../../lib/logger.ts'
import { gate, until } from '../support/stage.ts'

const reader = { read: () => Promise.resolve({} as OverviewView) } as unknown as OverviewReader
const job = { queue: 'q', id: 'one' }

/** A tab that notes what it is told; `reads` says whether it takes an event. */
function tab(reads: (event: keyof StreamEvents) => boolean = () => true): Listener & { told: string[] } {
  const told: string[] = []
  return {
    job,
    told,
    send(event) {
      const taken = reads(event)
      if (taken) told.push(event)
      return taken
    },
  }
}

it('a tab that did not read is told again what it missed, and each log line once', async () => {
  const lines = Array.from({ length: 1_500 }, (_, i) => `line ${i}`)
  const asked: number[] = []
  const jobs = {
    detail: () => Promise.resolve({ id: 'one', logCount: lines.length } as JobDetailView),
    logs: (_: unknown, from: number) => {
      asked.push(from)
      return Promise.resolve({ from, lines: lines.slice(from, from + 1_000), total: lines.length })
    },
  }
  const sampler = new Sampler(reader, jobs, 1, silentLogger)
  const refused = new Set<string>()
  // Each kind of event is refused once.
  const slow = tab((event) => refused.has(event) || refused.add(event) === undefined)
  sampler.add(slow)
  await until('it knows everything', () => ['redis', 'job', 'logs'].every((event) => slow.told.includes(event)))
  const looks = slow.told.filter((event) => event === 'overview').length
  await until('more looks were taken', () => slow.told.filter((event) => event === 'overview').length > looks + 3)
  sampler.remove(slow)
  for (const event of ['redis', 'job', 'logs']) expect(slow.told.filter((told) => told === event)).toHaveLength(1)
  // Of many lines the last ones; refused once, so asked for twice.
  expect(asked).toEqual([500, 500])
})

it('who comes while a look is under way does not wait for the next beat', async () => {
  const held = gate()
  let looks = 0
  const jobs = {
    async detail() {
      looks++
      await held.promise
      return { id: 'one', logCount: 0 } as JobDetailView
    },
    logs: () => Promise.reject(new Error('there are none')),
  }
  // The next beat would be in an hour.
  const sampler = new Sampler(reader, jobs, 3_600_000, silentLogger)
  const [first, second] = [tab(), tab()]
  sampler.add(first)
  await until('the job is looked at', () => looks === 1)
  sampler.add(second)
  held.open()
  await until('both know it', () => [first, second].every(({ told }) => told.includes('overview') && told.includes('job')))
  sampler.remove(first)
  sampler.remove(second)
})

it('a job that cannot be read is nobody else’s trouble, and what is away is everybody’s', async () => {
  let error: Error = new Error('what hides secrets has failed')
  const jobs = {
    detail: ({ id }: { id: string }) => (id === 'one' ? Promise.reject(error) : Promise.resolve({ id, logCount: 0 } as JobDetailView)),
    logs: () => Promise.reject(new Error('there are none')),
  }
  const sampler = new Sampler(reader, jobs, 1, silentLogger)
  const [broken, other] = [tab(), { ...tab(), job: { queue: 'q', id: 'two' } }]
  sampler.add(broken)
  sampler.add(other)
  const looks = (one: { told: string[] }): number => one.told.filter((event) => event === 'overview').length
  await until('both are told again and again', () => looks(broken) > 3 && looks(other) > 3)
  for (const { told } of [broken, other]) expect(told.filter((event) => event === 'redis')).toHaveLength(1)
  expect(other.told).toContain('job')
  error = new RqtsError('RQTS_REDIS_UNAVAILABLE', 'Cannot reach Redis')
  await until('both hear that', () => [broken, other].every(({ told }) => told.filter((event) => event === 'redis').length > 1))
  sampler.remove(broken)
  sampler.remove(other)
})

it('a comment every 15 s keeps a quiet line open', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  try {
    const listeners = new Set<Listener>()
    const quiet = { add: (one: Listener) => listeners.add(one), remove: (one: Listener) => listeners.delete(one), listeners: 0 }
    const body = openStream(quiet as unknown as Sampler, undefined, new AbortController().signal).body!.getReader()
    const read = async (): Promise<string> => Buffer.from((await body.read()).value!).toString('utf8')
    expect(await read()).toBe('retry: 2000\n\n')
    for (let i = 0; i < 3; i++) {
      vi.advanceTimersByTime(15_000)
      expect(await read()).toBe(': still here\n\n')
    }
    expect(listeners.size).toBe(1)
    await body.cancel()
    expect(listeners.size).toBe(0)
    expect(vi.getTimerCount()).toBe(0)
  } finally {
    vi.useRealTimers()
  }
})
