import { describe, expect, it, onTestFinished } from 'vitest'
import { type ConnectOptions, Schedules, schedule } from '../../lib/index.ts'
import { type Scene, scene } from '../cli/cli.ts'
import { ownServer } from '../support/servers.ts'
import { until } from '../support/stage.ts'
import { noop } from './support.ts'

async function sceneWith(...names: string[]): Promise<{ s: Scene; where: ConnectOptions; schedules: Schedules }> {
  const s = await scene()
  const where = { connection: s.url, prefix: s.prefix }
  const schedules = new Schedules(where)
  onTestFinished(async () => {
    for (const { name } of await schedules.list()) await schedules.remove(name)
  })
  for (const name of names)
    await schedule(name, noop, [1] as never, { cron: '30 8 * * MON-FRI', tz: 'Europe/Berlin', queue: 'reports' }, where)
  return { s, where, schedules }
}

describe('rqts schedule', () => {
  it('ls: in words, and that nobody fires them', async () => {
    const { s } = await sceneWith('nightly', 'report.daily')
    const ran = await s.run('schedule', 'ls')
    expect(ran.code).toBe(0)
    expect(ran.stdout).toMatch(/NAME +NEXT +LAST +WHEN +TASK/)
    expect(ran.stdout).toMatch(/report\.daily +in \S+.* +– +at 08:30 on Monday to Friday \(Europe\/Berlin\) +noop → reports/)
    expect(ran.stderr).toContain('nobody fires them')
    const list = await s.json<{ name: string; nextRunAt: string; lastRun: null }[]>('schedule', 'ls')
    expect(list.map(({ name }) => name)).toEqual(['nightly', 'report.daily'])
    expect(list[0]).toMatchObject({ state: 'active', expression: '30 8 * * MON-FRI', lastRun: null, limit: null })
    expect(Date.parse(list[0]!.nextRunAt)).toBeGreaterThan(0)
  })

  it('run, pause, resume, skip, show, rm', async () => {
    const { s, schedules } = await sceneWith('nightly')
    const [job] = await s.json<{ id: string }[]>('schedule', 'run', 'nightly')
    expect(await s.queue('reports').jobIds()).toEqual([job!.id])
    expect(await s.json('schedule', 'pause', 'nightly')).toEqual([{ name: 'nightly', paused: true }])
    expect((await schedules.get('nightly'))!.paused).toBe(true)
    expect((await s.run('schedule', 'resume', 'nightly')).stdout).toContain('nightly goes on; next at ')
    expect((await s.run('schedule', 'skip', 'nightly')).stdout).toContain('leaves out the run at ')
    const shown = await s.run('schedule', 'show', 'nightly')
    expect(shown.stdout).toContain('at 08:30 on Monday to Friday (Europe/Berlin)')
    expect(shown.stdout).toMatch(/queued +nightly-\d+-\w+/)
    expect(shown.stdout).toMatch(/skipped +nightly-\d+/)
    const detail = await s.json<{ history: unknown[]; upcoming: unknown[] }>('schedule', 'show', 'nightly')
    expect([detail.history.length, detail.upcoming.length]).toEqual([2, 5])
    expect(await s.json('schedule', 'rm', 'nightly')).toEqual([{ name: 'nightly', removed: true }])
    expect(await schedules.list()).toEqual([])
  })

  it.each([
    [['schedule', 'show', 'nihgtly'], 4, "did you mean 'nightly'"],
    [['schedule', 'pause', 'nightly', 'none'], 4, "There is no schedule 'none'"],
    [['schedule', 'fire', 'nightly'], 2, 'Unknown action'],
    [['schedule', 'rm'], 2, 'Say which schedule'],
    [['schedule', 'show', '{x}'], 2, 'schedule name'],
  ])('%j: exit code %i', async (args, code, text) => {
    const { s } = await sceneWith('nightly')
    const ran = await s.run(...args)
    expect(ran.stderr).toContain(text)
    expect(ran.code).toBe(code)
  })
})

describe('rqts scheduler', () => {
  it('fires schedules and promotes due jobs of all queues, also of new ones', async () => {
    const { s, where, schedules } = await sceneWith()
    const running = s.start('scheduler', '--name', 'beat')
    await until('it leads', async () => (await schedules.health()).ticker === 'beat')
    await schedule('often', noop, [], { every: 50, queue: 'fired' }, where)
    await s.queue('later').enqueueIn(200, 'noop', [])
    await until('it fires', async () => (await s.queue('fired').count()) >= 3)
    await until('it promotes', async () => (await s.queue('later').count()) === 1)
    running.signal('SIGTERM')
    expect(await running.exited).toMatchObject({ code: 0 })
    expect((await schedules.health()).ticker).toBeNull()
  })

  it('ends well when Redis has gone', async () => {
    const s = await scene()
    const server = await ownServer()
    const running = s.start('scheduler', '--url', server.url)
    await running.seen(/fires 0 schedules/)
    await server.stop()
    running.signal('SIGINT')
    expect(await running.exited).toMatchObject({ code: 0, stdout: expect.stringContaining('"msg":"stopped"') })
  })

  it('says at once when there is no Redis', async () => {
    const s = await scene()
    expect(await s.run('scheduler', '--url', 'redis://127.0.0.1:1')).toMatchObject({ code: 3 })
  })
})
