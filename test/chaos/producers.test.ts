import { describe, expect, it, onTestFinished } from 'vitest'
import { Queue } from '../../lib/client/queue.ts'
import { listIds } from '../../lib/store/queues.ts'
import { scripts } from '../../lib/store/scripts.generated.ts'
import { testPrefix } from '../support/redis.ts'
import { adminOf, openStore, ownServer, proxyTo } from '../support/servers.ts'
import { until } from '../support/stage.ts'

function add(a: number, b: number): number {
  return a + b
}

const DEADLINE_MS = 5_000
/** Timers of a busy machine; without a deadline it would be for ever. */
const SLACK_MS = 20_000

function queueOn(url: string, prefix: string): Queue {
  const queue = new Queue('q', { connection: url, prefix })
  onTestFinished(() => queue.close())
  return queue
}

async function refused(call: Promise<unknown>): Promise<{ code: string; tookMs: number }> {
  const began = performance.now()
  const code = await call.then(
    () => 'accepted',
    (error: { code: string }) => error.code,
  )
  return { code, tookMs: performance.now() - began }
}

describe('an enqueue that Redis does not answer', () => {
  it.each(['down', 'a black hole', 'refusing connections', 'stopped'])(
    'rejects within its deadline: Redis is %s',
    { timeout: 120_000 },
    async (how) => {
      const server = await ownServer()
      const proxy = await proxyTo(server)
      const queue = queueOn(proxy.url, testPrefix())
      await queue.enqueue(add, [1, 2])
      if (how === 'down') await server.kill()
      else if (how === 'a black hole') proxy.up = 'hold'
      else if (how === 'stopped') await server.kill('SIGSTOP')
      else {
        proxy.refusing = true
        proxy.hangUp()
      }
      const calls = await Promise.all([
        refused(queue.enqueue(add, [3, 4])),
        refused(queue.enqueueMany([[add, [5, 6]]])),
        refused(queue.count()),
      ])
      for (const { code, tookMs } of calls) {
        expect(code).toBe('RQTS_REDIS_UNAVAILABLE')
        expect(tookMs).toBeLessThan(DEADLINE_MS + SLACK_MS)
      }
      if (how === 'stopped') await server.kill('SIGCONT')
    },
  )

  it('can be sent again with the same id, and makes one job, whether or not the first was carried out', { timeout: 120_000 }, async () => {
    const server = await ownServer()
    const proxy = await proxyTo(server)
    const prefix = testPrefix()
    const queue = queueOn(proxy.url, prefix)
    await queue.enqueue(add, [0, 0], { jobId: 'zero' })
    for (const [way, id] of [
      ['up', 'a'],
      ['down', 'b'],
    ] as const) {
      proxy[way] = 'hold'
      expect(await refused(queue.enqueue(add, [1, 2], { jobId: id, ifExists: 'return' }))).toMatchObject({ code: 'RQTS_REDIS_UNAVAILABLE' })
      proxy[way] = 'pass'
      const job = await queue.enqueue(add, [1, 2], { jobId: id, ifExists: 'return' })
      expect(job.id).toBe(id)
    }
    // What was held on the way arrives late, and changes nothing.
    const store = openStore(server.url, prefix)
    await until('all has arrived', async () => (await adminOf(server).info('clients')).includes('connected_clients'))
    expect(await listIds(store, 'q', 'queue')).toEqual(['zero', 'a', 'b'])
  })

  it('whose reply is lost is answered after the reconnect, as if nothing had happened', async () => {
    const server = await ownServer()
    const proxy = await proxyTo(server)
    const prefix = testPrefix()
    const queue = queueOn(proxy.url, prefix)
    await queue.enqueue(add, [0, 0])
    const cut = proxy.cut({ cut: 'reply', matches: ([name, sha]) => name === 'EVALSHA' && sha === scripts.enqueue.sha })
    const jobs = await Promise.all([
      queue.enqueue(add, [1, 2], { jobId: 'a' }),
      queue.enqueue(add, [1, 2], { unique: { key: 'k' } }),
      queue.enqueue(add, [1, 2]),
    ])
    await cut
    expect(await queue.count()).toBe(4)
    expect(jobs.map((job) => job.status)).toEqual(['queued', 'queued', 'queued'])
  })

  it('does not pile up: a thousand calls while Redis is down leave nothing behind', { timeout: 120_000 }, async () => {
    const server = await ownServer({ persist: true, args: ['--appendfsync', 'always'] })
    const queue = queueOn(server.url, testPrefix())
    await queue.enqueue(add, [0, 0])
    await server.kill()
    const calls = await Promise.all(Array.from({ length: 1_000 }, (_, n) => refused(queue.enqueue(add, [n, n]))))
    expect(new Set(calls.map((call) => call.code))).toEqual(new Set(['RQTS_REDIS_UNAVAILABLE']))
    await server.restart()
    // Refused is refused: nothing is applied behind the caller's back.
    await until('Redis is back', async () => (await refused(queue.count())).code === 'accepted')
    expect(await queue.count()).toBe(1)
  })
})
