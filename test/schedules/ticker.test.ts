import { describe, expect, it, vi } from 'vitest'
import { type ScheduleOptions, schedule } from '../../lib/index.ts'
import { silentLogger } from '../../lib/logger.ts'
import { fireId } from '../../lib/schedule/fire-id.ts'
import { Ticker } from '../../lib/service/ticker.ts'
import { advanceSchedule, deliverFires } from '../../lib/store/fires.ts'
import { readSchedules, resignTicker, schedulesHealth, tickSchedules } from '../../lib/store/schedules.ts'
import { Store } from '../../lib/store/store.ts'
import { withPrivateRedis } from '../support/redis.ts'
import { until } from '../support/stage.ts'
import { jobOf, noop, type ScheduleStage, scheduleStage } from './support.ts'

async function due(s: ScheduleStage, name: string, options: Partial<ScheduleOptions> = {}, lateMs = 5): Promise<number> {
  await schedule(name, noop, [], { every: '1h', ...options } as ScheduleOptions, s.where)
  return await s.late(name, lateMs)
}

const LEAD = { leadershipMs: 60_000, most: 10, custom: false }

describe('a tick', () => {
  it('fires what is due under an id of name and time, and moves it on', async () => {
    const s = await scheduleStage()
    const at = await due(s, 'mail.daily')
    await schedule('later', noop, [], { every: '1h' }, s.where)
    const waitMs = await s.ticker().tick()
    expect(waitMs).toBe(0)
    const id = fireId('mail.daily', at)
    expect(await s.jobs()).toEqual([id])
    expect(await jobOf(s, id)).toMatchObject({ status: 'queued', task: 'noop', runAt: at })
    const found = await s.schedules.get('mail.daily')
    expect(found).toMatchObject({ nextRunAt: new Date(at + 3_600_000), runs: 1, lastRun: { id, outcome: 'queued' } })
    expect(await s.store.client.call('HLEN', s.store.keys.schedulePart('fires'))).toBe(0)
    expect(await s.ticker().tick()).toBeGreaterThan(100)
    expect(await s.jobs()).toEqual([id])
  })

  it('fires a run that is known no second time, though it comes to be next again and its job is gone', async () => {
    const s = await scheduleStage()
    const at = await due(s, 'back')
    await s.ticker().tick()
    await s.queue().remove(fireId('back', at))
    // As when the clock of Redis is set back, or the schedule is edited to an earlier start.
    await s.store.client.call('HSET', s.store.keys.schedule('back', 'schedule'), 'next', at)
    await s.store.client.call('ZADD', s.store.keys.schedulePart('next'), at, 'back')
    await s.ticker().settleDown()
    expect(await s.jobs()).toEqual([])
    expect((await s.schedules.get('back'))!.history).toHaveLength(1)
  })

  it('hears of a new schedule at once', async () => {
    const s = await scheduleStage()
    const ticker = s.ticker()
    ticker.start()
    await until('it leads', async () => (await schedulesHealth(s.store)).ticker === 'ticker')
    const channel = s.store.keys.schedulePart('changed')
    await until('it listens', async () => Number(((await s.store.client.call('PUBSUB', 'NUMSUB', channel)) as unknown[]).flat()[1]) === 1)
    await schedule('soon', noop, [], { every: 100, limit: 1 }, s.where)
    // Not what it said to be next: by then it may have fired.
    const dueAt = (await readSchedules(s.store, ['soon'])).records[0]!.anchor + 100
    await until('it has fired', async () => (await s.jobs()).length > 0)
    const { history } = (await s.schedules.get('soon'))!
    expect(history.map(({ at }) => at.getTime())).toEqual([dueAt])
    expect(history[0]!.firedAt.getTime()).toBeGreaterThanOrEqual(dueAt)
  })

  it('hands on arguments, options and queue', async () => {
    const s = await scheduleStage()
    const add = (a: number, b: Date): number => a + b.getTime()
    const options = { timeout: '7m', resultTtl: 0, retry: { max: 3, delay: 5 }, meta: { a: 1 }, tags: ['t'], description: 'D', ttl: '1d' }
    await schedule('full', add, [1, new Date(5)], { every: '1h', queue: 'other', options }, s.where)
    const at = await s.late('full', 5)
    await s.ticker().tick()
    const job = await jobOf(s, fireId('full', at), 'other')
    expect(job).toMatchObject({ timeoutMs: 420_000, resultTtlMs: 0, retry: { max: 3 }, tags: ['t'], description: 'D', ttlMs: 86_400_000 })
    const seen = await s.queue('other').fetchJob(fireId('full', at))
    expect(seen!.args).toEqual([1, new Date(5)])
    expect(seen!.meta).toEqual({ a: 1 })
    expect((await s.schedules.get('full'))!).toMatchObject({ args: [1, new Date(5)], options, queue: 'other' })
  })

  it('jitter delays the job, not the schedule', async () => {
    const s = await scheduleStage()
    const at = await due(s, 'spread', { jitter: '1d' })
    await s.ticker().tick()
    const job = await jobOf(s, fireId('spread', at))
    expect(job.status).toBe('scheduled')
    expect(job.runAt! - at).toBeLessThanOrEqual(86_400_000)
    expect((await s.schedules.get('spread'))!.nextRunAt).toEqual(new Date(at + 3_600_000))
  })

  it.each([
    ['skip', 0],
    ['once', 1],
    ['all', 13],
  ] as const)('after an hour of silence over runs every 5 minutes, %s: %i jobs', async (misfire, count) => {
    const s = await scheduleStage()
    await due(s, 'm', { every: '5m', misfire }, 3_600_000 + 60_000)
    await s.ticker().tick()
    expect(await s.jobs()).toHaveLength(count)
    expect((await s.schedules.get('m'))!.nextRunAt!.getTime()).toBeGreaterThan(await s.store.now())
  })

  it('makes up for more runs than fit one call, none twice', async () => {
    const s = await scheduleStage()
    const at = await due(s, 'many', { every: '1m', misfire: 'all' }, 250 * 60_000 + 1_000)
    await s.ticker().settleDown()
    expect(await s.jobs()).toEqual(Array.from({ length: 251 }, (_, i) => fireId('many', at + i * 60_000)).sort())
  })

  it('overlap skip: nothing while a run waits or works, again when it has ended', async () => {
    const s = await scheduleStage()
    const first = await due(s, 'one', { overlap: 'skip' })
    await s.ticker().tick()
    let second = 0
    // More often than the history is long.
    for (let round = 0; round < 25; round++) {
      second = await s.late('one', 4)
      await s.ticker().tick()
    }
    expect(await s.jobs()).toEqual([fireId('one', first)])
    expect((await s.schedules.get('one'))!).toMatchObject({ runs: 1, lastRun: { id: fireId('one', second), outcome: 'overlap' } })
    await s.queue().remove(fireId('one', first))
    const third = await s.late('one', 3)
    await s.ticker().tick()
    expect(await s.jobs()).toEqual([fireId('one', third)])
  })

  it('a limit, and an end, are the end', async () => {
    const s = await scheduleStage()
    await due(s, 'twice', { limit: 2, every: '1m', misfire: 'all' }, 600_000)
    await due(s, 'until', { endAt: new Date((await s.store.now()) + 60_000) })
    await s.ticker().settleDown()
    expect(await s.jobs()).toHaveLength(3)
    for (const name of ['twice', 'until']) expect((await s.schedules.get(name))!).toMatchObject({ state: 'ended', nextRunAt: undefined })
  })

  it('a function of the program: only who has it goes on', async () => {
    const s = await scheduleStage()
    const next = (after: Date): number => after.getTime() + 300
    await schedule('own', noop, [], { next, limit: 3 }, s.where)
    const ticker = s.ticker()
    ticker.start()
    await until('all have fired', async () => (await s.jobs()).length === 3)
    expect(await s.schedules.get('own')).toMatchObject({ state: 'ended', runs: 3, words: 'as its function says' })
    expect(await s.schedules.remove('own')).toBe(true)
  })

  it('a unique key that is held: the run is recorded as refused', async () => {
    const s = await scheduleStage()
    const first = await due(s, 'u', { options: { unique: true } })
    await s.ticker().tick()
    const second = await s.late('u', 2)
    await s.ticker().tick()
    expect(await s.jobs()).toEqual([fireId('u', first)])
    expect((await s.schedules.get('u'))!.lastRun).toMatchObject({ id: fireId('u', second), outcome: 'refused' })
  })

  it('one that cannot be computed harms no other, and is reported once', async () => {
    const s = await scheduleStage()
    const at = await due(s, 'good')
    await due(s, 'bad')
    await s.store.client.call('HSET', s.store.keys.schedule('bad', 'schedule'), 'spec', '{"trigger":{"kind":"cron","cron":"x"},"tz":"UTC"}')
    const logger = { debug: vi.fn(), info: vi.fn(), warn: vi.fn(), error: vi.fn() }
    const ticker = s.ticker('t', logger)
    for (let round = 0; round < 5; round++) await ticker.tick()
    expect(await s.jobs()).toEqual([fireId('good', at)])
    expect(logger.error).toHaveBeenCalledTimes(1)
    expect(await s.schedules.list()).toHaveLength(2)
  })

  it('how a run ended is known after its job was forgotten', async () => {
    const s = await scheduleStage()
    const at = await due(s, 'h', { options: { resultTtl: '1h' } })
    await s.ticker().tick()
    const id = fireId('h', at)
    const worker = s.worker('default', { tasks: [noop], burst: true, scheduler: false })
    await worker.run()
    await s.ticker('ticker').tick()
    await until('the end is noted', async () => (await s.store.client.call('ZCARD', s.store.keys.schedulePart('open'))) === 0)
    await s.queue().remove(id)
    const found = await s.schedules.get('h')
    expect(found!.history).toMatchObject([{ id, outcome: 'finished', at: new Date(at) }])
    expect(found!.lastRun!.endedAt).toBeInstanceOf(Date)
  })

  it('keeps the last 20 runs, and nothing of the others', async () => {
    const s = await scheduleStage()
    await due(s, 'long', { every: '1m', misfire: 'all' }, 60 * 60_000)
    await s.ticker().settleDown()
    expect((await s.schedules.get('long'))!.history).toHaveLength(20)
    expect(await s.store.client.call('HLEN', s.store.keys.schedule('long', 'runs'))).toBe(20)
    expect(await s.store.client.call('ZCARD', s.store.keys.schedulePart('open'))).toBe(20)
    expect(await s.schedules.remove('long')).toBe(true)
    const left = await s.store.client.scan(`${s.store.keys.schedules}*`)
    // The lock of the ticker may be there yet.
    const parts = left.map((key) => key.slice(s.store.keys.schedules.length))
    expect(parts.filter((part) => part !== 'ticker')).toEqual(['fence'])
  })
})

describe('a crash between the advance and the delivery', () => {
  it('loses no run: any ticker delivers what is left, once', async () => {
    const s = await scheduleStage()
    const at = await due(s, 'c')
    const id = fireId('c', at)
    const { records } = await readSchedules(s.store, ['c'])
    const request = {
      name: 'c',
      rev: records[0]!.rev,
      from: at,
      next: at + 3_600_000,
      counted: 1,
      runs: [{ id, at, runAt: at, verdict: 'fire' as const }],
    }
    const firedAt = await s.store.now()
    expect(await advanceSchedule(s.store, request)).toHaveLength(1)
    // The same again: it has moved on.
    expect(await advanceSchedule(s.store, request)).toBeNull()
    expect(await s.jobs()).toEqual([])
    expect((await s.schedules.get('c'))!.lastRun).toMatchObject({ id, outcome: 'queued' })
    const ticker = s.ticker()
    await ticker.tick()
    const early = await s.jobs()
    // For two seconds; on a machine that stood still they may be over.
    if ((await s.store.now()) < firedAt + 2_000) expect(early, 'whoever fired may still deliver').toEqual([])
    ticker.start()
    await until('it is delivered', async () => (await s.jobs()).length === 1)
    expect(await s.jobs()).toEqual([id])
    await until('it is forgotten', async () => (await s.store.client.call('HLEN', s.store.keys.schedulePart('fires'))) === 0)
  })

  it('delivering twice makes one job', async () => {
    const s = await scheduleStage()
    const at = await due(s, 'd')
    const { records } = await readSchedules(s.store, ['d'])
    const runs = [{ id: fireId('d', at), at, runAt: at, verdict: 'fire' as const }]
    const fires = await advanceSchedule(s.store, { name: 'd', rev: records[0]!.rev, from: at, next: null, counted: 1, runs })
    await Promise.all([deliverFires(s.store, fires!), deliverFires(s.store, fires!)])
    await deliverFires(s.store, fires!)
    expect(await s.jobs()).toEqual([fireId('d', at)])
    expect(await s.queue().count()).toBe(1)
    // Somebody was frozen in between, and the job has long run and is gone.
    await s.queue().remove(fireId('d', at))
    await deliverFires(s.store, fires!)
    expect(await s.jobs()).toEqual([])
  })
})

describe('a Redis that is full', () => {
  it('takes no run, and loses none', async () => {
    await withPrivateRedis(async (server) => {
      const store = new Store({ connection: server.url, prefix: 'full' })
      const where = { connection: server.url, prefix: 'full' }
      const ticker = new Ticker(store, { name: 'a', logger: silentLogger })
      const { nextRunAt } = await schedule('x', 'noop', [], { every: 300, misfire: 'all' }, where)
      await store.client.call('CONFIG', 'SET', 'maxmemory', '1mb')
      await until('it is due', async () => (await store.now()) > nextRunAt!.getTime())
      await expect(ticker.tick()).rejects.toMatchObject({ code: 'RQTS_REDIS_FULL' })
      expect((await readSchedules(store, ['x'])).records[0]).toMatchObject({ next: nextRunAt!.getTime(), fired: 0 })
      await store.client.call('CONFIG', 'SET', 'maxmemory', '0')
      await ticker.settleDown()
      expect(await store.client.call('EXISTS', store.keys.job('default', fireId('x', nextRunAt!.getTime())))).toBe(1)
      await ticker.stop()
      await store.close()
    })
  })
})

describe('leadership', () => {
  it('is one at a time; a new one has a higher fence, and an advance under the old one is refused', async () => {
    const s = await scheduleStage()
    const at = await due(s, 'l')
    const first = await tickSchedules(s.store, { ticker: 'a', ...LEAD })
    expect(first).toMatchObject({ leader: true, due: [{ name: 'l', next: at }] })
    expect(await tickSchedules(s.store, { ticker: 'b', ...LEAD })).toMatchObject({ leader: false, due: [] })
    expect(await tickSchedules(s.store, { ticker: 'a', ...LEAD })).toMatchObject({ leader: true, fence: first.fence })
    await resignTicker(s.store, 'b')
    expect(await schedulesHealth(s.store)).toMatchObject({ schedules: 1, active: 1, ticker: 'a' })
    await resignTicker(s.store, 'a')
    const second = await tickSchedules(s.store, { ticker: 'b', ...LEAD })
    expect(second).toMatchObject({ leader: true, fence: first.fence + 1 })
    const advance = { name: 'l', rev: second.due[0]!.rev, from: at, next: null, counted: 0, runs: [] }
    expect(await advanceSchedule(s.store, { ...advance, fence: first.fence })).toBeNull()
    expect(await advanceSchedule(s.store, { ...advance, fence: second.fence })).toEqual([])
  })

  it('passes on within a tick when its holder stops', async () => {
    const s = await scheduleStage()
    const [a, b] = [s.ticker('a'), s.ticker('b')]
    await a.tick()
    await a.stop()
    await b.tick()
    expect(await schedulesHealth(s.store)).toMatchObject({ ticker: 'b' })
  })
})
