import { afterEach, describe, expect, it, vi } from 'vitest'
import { Queue, Schedules, schedule, task } from '../../lib/index.ts'
import { fireId } from '../../lib/schedule/fire-id.ts'
import { noop, scheduleStage } from './support.ts'

const HOUR = 3_600_000

describe('schedule()', () => {
  it('makes one, and tells what it will do', async () => {
    const s = await scheduleStage()
    const made = await schedule(
      'a/b',
      noop,
      [],
      { cron: '30 8 * * MON-FRI', tz: 'Europe/Berlin', overlap: 'skip', jitter: '5s', limit: 9, graceTime: '1h' },
      s.where,
    )
    expect(made).toMatchObject({
      name: 'a/b',
      task: 'noop',
      queue: 'default',
      expression: '30 8 * * MON-FRI',
      words: 'at 08:30 on Monday to Friday (Europe/Berlin)',
      state: 'active',
      runs: 0,
      overlap: 'skip',
      misfire: 'once',
      jitter: 5_000,
      limit: 9,
      graceTime: HOUR,
      lastRun: undefined,
      warnings: [],
    })
    expect(made.nextRunAt!.getTime()).toBeGreaterThan(await s.store.now())
    expect(await Schedules.list(s.where)).toEqual([made])
    expect(await Schedules.get('a/b', s.where)).toEqual({ ...made, history: [] })
    expect(await Schedules.get('none', s.where)).toBeNull()
  })

  it("takes the task's own queue and options", async () => {
    const s = await scheduleStage()
    const report = task({ name: 'report', queue: 'reports', timeout: '9m', retry: 4 }, (day: string) => day)
    await schedule('r', report, ['monday'], { every: '1h' }, s.where)
    const job = await s.schedules.runNow('r')
    expect(job).toMatchObject({ queue: 'reports', task: 'report', args: ['monday'] })
    await job.refresh()
    expect(job.options).toMatchObject({ timeout: 540_000, retry: { max: 4 } })
  })

  it('callbacks go with its jobs, and change nothing when said again', async () => {
    const s = await scheduleStage()
    const options = { every: '1h', options: { onFailure: noop, onSuccess: 'told' } } as const
    expect(await schedule('c', 'x', [], options, s.where)).toMatchObject({ options: { onFailure: 'noop', onSuccess: 'told' } })
    expect(await s.schedules.sync([['c', 'x', [], options]])).toMatchObject({ unchanged: ['c'] })
    const { id } = await s.schedules.runNow('c')
    expect(await s.store.client.call('HGET', s.store.keys.job('default', id), 'on_failure')).toContain('noop')
  })

  it('said again unchanged, moves nothing; changed, goes on from now and never fires by surprise', async () => {
    const s = await scheduleStage()
    const options = { every: '1h' as const }
    await schedule('x', noop, [], options, s.where)
    const due = await s.late('x', 1_000)
    expect((await schedule('x', noop, [], options, s.where)).nextRunAt).toEqual(new Date(due))
    const edited = await schedule('x', noop, [], { ...options, queue: 'elsewhere' }, s.where)
    expect(edited.nextRunAt).toEqual(new Date(due + HOUR))
    await s.ticker().settleDown()
    expect([...(await s.jobs()), ...(await s.jobs('elsewhere'))]).toEqual([])
    const faster = await schedule('x', noop, [], { every: '10m' }, s.where)
    const wait = faster.nextRunAt!.getTime() - (await s.store.now())
    expect(wait).toBeGreaterThan(590_000)
    expect(wait).toBeLessThanOrEqual(600_000)
  })

  it('aligns an interval to its start', async () => {
    const s = await scheduleStage()
    const made = await schedule('hourly', noop, [], { every: '1h', startAt: 0 }, s.where)
    expect(made.nextRunAt!.getTime() % HOUR).toBe(0)
  })

  it('wrong arguments and names are refused before Redis is touched', async () => {
    const s = await scheduleStage()
    const wrong = [
      schedule('{x}', noop, [], { every: 1_000 }, s.where),
      schedule('x', () => 1, [], { every: 1_000 }, s.where),
      schedule('x', 'noop', [() => 1], { every: 1_000 }, s.where),
      schedule('x', noop, [], { cron: '0 0 31 2 *' }, s.where),
      schedule('x', noop, [], { every: 1_000, options: { timeout: 'soon' } }, s.where),
      s.schedules.sync([{ name: 'x', task: noop, args: [], every: 1_000 }] as never),
    ]
    for (const call of wrong) await expect(call).rejects.toMatchObject({ name: 'RqtsError' })
    expect(await s.schedules.list()).toEqual([])
  })

  describe('warns', () => {
    const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined)
    afterEach(() => warned.mockClear())

    it('of 60 runs where one was meant, once', async () => {
      const s = await scheduleStage()
      const made = await schedule('w', noop, [], { cron: '* 8 * * 1' }, s.where)
      expect(made.warnings).toHaveLength(1)
      await schedule('w', noop, [], { cron: '* 8 * * 1' }, s.where)
      expect(warned).toHaveBeenCalledTimes(1)
      expect(String(warned.mock.calls[0]![0])).toContain('60 times')
    })

    it('of a date that is past: it never runs', async () => {
      const s = await scheduleStage()
      expect(await schedule('p', noop, [], { at: 1_000 }, s.where)).toMatchObject({ state: 'ended', nextRunAt: undefined })
      expect(warned).toHaveBeenCalledTimes(1)
      await s.ticker().settleDown()
      expect(await s.jobs()).toEqual([])
    })
  })
})

describe('pausing', () => {
  it('survives registering again, and a resume makes up for nothing', async () => {
    const s = await scheduleStage()
    await schedule('x', noop, [], { every: '1h' }, s.where)
    expect(await Schedules.pause('x', s.where)).toMatchObject({ state: 'paused', paused: true, nextRunAt: undefined })
    expect(await schedule('x', noop, [], { every: '1h' }, s.where)).toMatchObject({ paused: true })
    expect(await schedule('x', noop, [], { every: '2h' }, s.where)).toMatchObject({ paused: true, nextRunAt: undefined })
    expect(await s.schedules.next('x', 2)).toHaveLength(2)
    await s.ticker().settleDown()
    const resumed = await Schedules.resume('x', s.where)
    expect(resumed).toMatchObject({ state: 'active', paused: false })
    expect(resumed.nextRunAt!.getTime()).toBeGreaterThan(await s.store.now())
    expect(await s.jobs()).toEqual([])
  })

  it('the option counts when it is said anew, not when it is repeated', async () => {
    const s = await scheduleStage()
    const options = { every: '1h', paused: true } as const
    expect(await schedule('x', noop, [], options, s.where)).toMatchObject({ paused: true })
    await s.schedules.resume('x')
    expect(await schedule('x', noop, [], options, s.where)).toMatchObject({ paused: false })
    expect(await schedule('x', noop, [], { every: '1h', paused: false }, s.where)).toMatchObject({ paused: false })
    expect(await schedule('x', noop, [], options, s.where)).toMatchObject({ paused: true })
  })
})

describe('by hand', () => {
  it('runNow: at once, paused or not, and nothing else changes', async () => {
    const s = await scheduleStage()
    const made = await schedule('x', noop, [], { every: '1h', limit: 3, paused: true }, s.where)
    const [a, b] = [await s.schedules.runNow('x'), await Schedules.runNow('x', s.where)]
    expect(await s.jobs()).toEqual([a.id, b.id].sort())
    const found = await s.schedules.get('x')
    expect(found).toMatchObject({ ...made, runs: 0, lastRunAt: expect.any(Date), lastRun: { id: b.id, outcome: 'queued' } })
    expect(found!.history.map(({ id }) => id)).toEqual([b.id, a.id])
  })

  it('runNow with a unique key that is held says so', async () => {
    const s = await scheduleStage()
    await schedule('x', noop, [], { every: '1h', options: { unique: { key: 'once' } } }, s.where)
    const { id } = await s.schedules.runNow('x')
    await expect(s.schedules.runNow('x')).rejects.toMatchObject({
      code: 'RQTS_DUPLICATE_JOB',
      existingId: id,
      message: `Schedule 'x' was not run: its unique key 'once' is held by job ${id}`,
    })
  })

  it('skipNext: that run and no other', async () => {
    const s = await scheduleStage()
    const { nextRunAt } = await schedule('x', noop, [], { cron: '0 0 * * *' }, s.where)
    const after = await Schedules.skipNext('x', s.where)
    expect(after.nextRunAt).toEqual(new Date(nextRunAt!.getTime() + 24 * HOUR))
    expect(after.lastRun).toMatchObject({ id: fireId('x', nextRunAt!.getTime()), outcome: 'skipped' })
    await s.schedules.pause('x')
    await expect(s.schedules.skipNext('x')).rejects.toMatchObject({ code: 'RQTS_BAD_STATE' })
  })

  it('next: the coming runs', async () => {
    const s = await scheduleStage()
    const { nextRunAt } = await schedule('x', noop, [], { every: '1h', limit: 3 }, s.where)
    const first = nextRunAt!.getTime()
    expect(await Schedules.next('x', 5, s.where)).toEqual([first, first + HOUR, first + 2 * HOUR].map((at) => new Date(at)))
    await expect(s.schedules.next('x', 0)).rejects.toMatchObject({ code: 'RQTS_BAD_OPTION' })
  })

  it('what is not there is said so', async () => {
    const s = await scheduleStage()
    for (const call of [
      () => s.schedules.pause('no'),
      () => s.schedules.resume('no'),
      () => s.schedules.runNow('no'),
      () => s.schedules.skipNext('no'),
      () => s.schedules.next('no'),
    ]) {
      await expect(call()).rejects.toMatchObject({ code: 'RQTS_SCHEDULE_NOT_FOUND' })
    }
    expect(await s.schedules.remove('no')).toBe(false)
  })
})

describe('sync', () => {
  it('writes what differs, prunes what is no longer there', async () => {
    const s = await scheduleStage()
    const add = (a: number, b: number): number => a + b
    const first = await Schedules.sync(
      [
        ['a', noop, [], { every: '1h' }],
        ['b', add, [1, 2], { cron: '@daily' }],
      ],
      s.where,
    )
    expect(first).toEqual({ created: ['a', 'b'], changed: [], unchanged: [], removed: [] })
    await schedule('by.hand', noop, [], { every: '1h' }, s.where)
    const second = await Schedules.sync([['b', add, [1, 3], { cron: '@daily' }]], { ...s.where, prune: 'a*' })
    expect(second).toEqual({ created: [], changed: ['b'], unchanged: [], removed: ['a'] })
    const third = await s.schedules.sync([['b', add, [1, 3], { cron: '@daily' }]], { prune: true })
    expect(third).toEqual({ created: [], changed: [], unchanged: ['b'], removed: ['by.hand'] })
    expect((await s.schedules.list()).map(({ name }) => name)).toEqual(['b'])
  })

  it('is safe when many programs boot at once', async () => {
    const s = await scheduleStage()
    const list = ['a', 'b', 'c'].map((name) => [name, 'noop', [], { every: '1h' }] as const)
    const reports = await Promise.all(Array.from({ length: 8 }, () => s.schedules.sync(list, { prune: true })))
    expect(reports.flatMap(({ created }) => created).sort()).toEqual(['a', 'b', 'c'])
    expect(reports.flatMap(({ changed, removed }) => [...changed, ...removed])).toEqual([])
    expect(await s.schedules.list()).toHaveLength(3)
  })

  it('checks all before it writes one', async () => {
    const s = await scheduleStage()
    await expect(
      s.schedules.sync([
        ['a', 'noop', [], { every: '1h' }],
        ['b', 'noop', [], { cron: 'x' }],
      ]),
    ).rejects.toMatchObject({ code: 'RQTS_BAD_OPTION' })
    await expect(
      s.schedules.sync([
        ['a', 'noop', [], { every: '1h' }],
        ['a', 'noop', [], { every: '2h' }],
      ]),
    ).rejects.toThrow(/twice/)
    expect(await s.schedules.list()).toEqual([])
  })
})

it("a queue named 'schedules' and the schedules do not meet", async () => {
  const s = await scheduleStage()
  const queue = s.queue('schedules')
  await schedule('x', noop, [], { every: '1h', queue: 'schedules' }, s.where)
  const job = await s.schedules.runNow('x')
  expect(await queue.jobIds()).toEqual([job.id])
  await new Queue('schedules', s.where).delete({ jobs: true })
  expect(await s.schedules.list()).toHaveLength(1)
  await s.schedules.remove('x')
})
