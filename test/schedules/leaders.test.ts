import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, it } from 'vitest'
import { Schedules, schedule } from '../../lib/index.ts'
import { silentLogger } from '../../lib/logger.ts'
import { fireId } from '../../lib/schedule/fire-id.ts'
import { Ticker } from '../../lib/service/ticker.ts'
import { readSchedules, schedulesHealth } from '../../lib/store/schedules.ts'
import { Store } from '../../lib/store/store.ts'
import { testPrefix, withPrivateRedis } from '../support/redis.ts'
import { until } from '../support/stage.ts'
import { noop, type ScheduleStage, scheduleStage } from './support.ts'

const children = new Map<string, ChildProcess>()
afterEach(() => {
  for (const child of children.values()) child.kill('SIGKILL')
  children.clear()
})

async function child(s: ScheduleStage, name: string, clockOffHours = 0): Promise<void> {
  const script = fileURLToPath(new URL('child-scheduler.mjs', import.meta.url))
  const process_ = spawn(process.execPath, [script, s.url, s.prefix, name, String(clockOffHours)], { stdio: ['ignore', 'pipe', 'inherit'] })
  children.set(name, process_)
  await once(process_.stdout!, 'data')
}

async function leader(s: ScheduleStage): Promise<ChildProcess> {
  let name: string | null = null
  await until('somebody leads', async () => {
    name = (await schedulesHealth(s.store)).ticker
    return name !== null && children.get(name)?.killed === false
  })
  return children.get(name!)!
}

async function fired(s: ScheduleStage, name: string): Promise<number> {
  return (await readSchedules(s.store, [name])).records[0]!.fired
}

// Each makes up for every run, however late: else a machine that stands still for ten seconds leaves some out, as it should.
describe('five schedulers over 200 ticks', () => {
  it('one leader killed, one frozen and woken, one with a wrong clock: exactly 200 jobs, on exactly their times', async () => {
    const s = await scheduleStage()
    await Promise.all([1, 2, 3, 4, 5].map((n) => child(s, `w${n}`, n - 3)))
    await schedule('beat', 'noop', [], { every: 40, limit: 200, queue: 'fired', misfire: 'all' }, s.where)
    // Not what it said to be next: by then the first may have fired.
    const first = (await readSchedules(s.store, ['beat'])).records[0]!.anchor + 40
    await until('a quarter has fired', async () => (await fired(s, 'beat')) >= 50)
    const killed = await leader(s)
    killed.kill('SIGKILL')
    await once(killed, 'exit')
    await until('another one leads', async () => (await fired(s, 'beat')) >= 120)
    const frozen = await leader(s)
    frozen.kill('SIGSTOP')
    await until('a third one ends it', async () => (await s.schedules.get('beat'))!.state === 'ended')
    frozen.kill('SIGCONT')
    await until('all are delivered', async () => (await s.store.client.call('HLEN', s.store.keys.schedulePart('fires'))) === 0)
    const expected = Array.from({ length: 200 }, (_, i) => fireId('beat', first + i * 40))
    expect(await s.jobs('fired')).toEqual(expected)
    const waiting = await s.queue('fired').jobIds(0, -1)
    expect(waiting).toHaveLength(200)
    expect(new Set(waiting).size).toBe(200)
  }, 120_000)
})

describe('two that both think they lead', () => {
  it('fire each run once', async () => {
    const s = await scheduleStage()
    const made = await schedule('race', noop, [], { every: 20, limit: 50, misfire: 'all' }, s.where)
    // The lock is taken away all the time: only the compared next run and the fence are left.
    const tickers = ['a', 'b', 'c'].map((name) => s.ticker(name))
    let over = false
    const loops = tickers.map(async (ticker) => {
      while (!over) {
        await s.store.client.call('DEL', s.store.keys.schedulePart('ticker'))
        await ticker.tick()
      }
    })
    await until('all have fired', async () => (await fired(s, 'race')) >= 50)
    over = true
    await Promise.all(loops)
    expect(await s.jobs()).toEqual(Array.from({ length: 50 }, (_, i) => fireId('race', made.nextRunAt!.getTime() + i * 20)))
  })
})

describe('a Redis that restarts', () => {
  it('goes on with what it has kept: no run is lost, none comes twice', async () => {
    await withPrivateRedis(
      async (server) => {
        const store = new Store({ connection: server.url, prefix: testPrefix() })
        const where = { connection: server.url, prefix: store.keys.prefix }
        const ticker = new Ticker(store, { name: 'a', logger: silentLogger })
        try {
          const made = await schedule('r', 'noop', [], { every: 50, limit: 60, misfire: 'all' }, where)
          ticker.start()
          const count = async (): Promise<number> => (await readSchedules(store, ['r'])).records[0]!.fired
          await until('some have fired', async () => (await count()) >= 15)
          await server.restart()
          await until('all have fired', async () => (await count().catch(() => 0)) >= 60)
          await until('all are there', async () => (await store.client.call('LLEN', store.keys.container('default', 'queue'))) === 60)
          const ids = (await store.client.call('LRANGE', store.keys.container('default', 'queue'), 0, -1)) as string[]
          expect([...ids].sort()).toEqual(Array.from({ length: 60 }, (_, i) => fireId('r', made.nextRunAt!.getTime() + i * 50)))
          expect(await new Schedules(store).get('r')).toMatchObject({ state: 'ended', runs: 60 })
        } finally {
          await ticker.stop()
          await store.close()
        }
      },
      // With everysec a kill may undo what was answered while the disk was busy.
      { persist: true, args: ['--appendfsync', 'always'] },
    )
  })
})
