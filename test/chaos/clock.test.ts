import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { listIds } from '../../lib/store/queues.ts'
import { scripts } from '../../lib/store/scripts.generated.ts'
import type { Store } from '../../lib/store/store.ts'
import { openStore, ownServer } from '../support/servers.ts'
import { until } from '../support/stage.ts'
import { account, drained } from './account.ts'
import { put } from './jobs.ts'
import { Load } from './load.ts'

const HOUR_S = 3_600
const OFFSET = 'test:clock'
/** Results that have a time are over when the clock has passed it. */
const KEPT = { result_ttl: -1, flags: 'mt' }

/** All scripts read the time from one function here, which a key moves: what a jump of the server's clock looks like to them. */
const originals = new Map(Object.entries(scripts).map(([name, script]) => [name, { ...script }]))
beforeAll(() => {
  const clock = `local function test_clock() local t = redis.call('TIME') return { t[1] + (redis.call('GET', '${OFFSET}') or 0), t[2] } end\n`
  for (const script of Object.values(scripts)) {
    if (!script.lua.includes("redis.call('TIME')")) continue
    script.lua = clock + script.lua.replaceAll("redis.call('TIME')", 'test_clock()')
    script.sha = createHash('sha1').update(script.lua).digest('hex')
  }
})
afterAll(() => {
  for (const [name, original] of originals) Object.assign(scripts[name as keyof typeof scripts], original)
})

const jump = (store: Store, seconds: number): Promise<unknown> => store.client.call('SET', OFFSET, seconds)

describe('the clock of Redis jumps', () => {
  it('an hour on and back again, under load: nothing is lost, and no attempt counts twice', { timeout: 120_000 }, async () => {
    const store = openStore((await ownServer()).url)
    const load = new Load(store)
    // The watchdog has scripts of its own, which know nothing of this clock.
    for (let n = 0; n < 2; n++) load.worker(store.client.where.split(' ')[0]!, { lease: 1_000, onBlocked: 'ignore', maxLost: 10 })
    const early = await put(store, 'q', { args: [0], control: { delay: HOUR_S * 500 }, fields: KEPT })
    load.produce(5, 20, KEPT)
    await load.progress(20)
    await jump(store, HOUR_S)
    await until('what was delayed by half an hour has run', async () => (await listIds(store, 'q', 'finished')).includes(early[0]!))
    await load.progress(20)
    const late = await put(store, 'q', { args: [0], control: { delay: 60_000 }, fields: KEPT })
    await jump(store, 0)
    await load.progress(20)
    // A delay waits for the clock to come back to where it was.
    expect(await listIds(store, 'q', 'scheduled')).toEqual(late)
    await jump(store, HOUR_S + 120)
    await load.progress(20)
    await load.stopProducing()
    await drained(store, 'q')
    await jump(store, 0)
    expect(await account(store, 'q', load.journal)).toMatchObject({ missing: [], lost: [] })
  })
})
