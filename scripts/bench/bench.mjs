// What every measurement works with: one private Redis, one producer process per library, a proxy per added latency.
import { killAgents, startAgent, startProxy } from './agents.mjs'
import { measureTogether, QUEUE } from './measure/process.mjs'
import { startRedis } from './redis.mjs'
import { median } from './stats.mjs'

export class Bench {
  profile
  #server
  #size
  #results
  #producers = new Map()
  #proxies = new Map()

  /** `results`: scenario → library → list of runs, filled as the run goes on. */
  static async start({ dist, size, results, profile, log }) {
    const bench = new Bench()
    bench.profile = profile
    bench.#size = size
    bench.#results = results
    bench.#server = await startRedis(dist, log)
    return bench
  }

  get redis() {
    return this.#server.redis
  }

  async fresh() {
    await this.redis.flushall('SYNC')
  }

  async urlWith(latencyMs) {
    if (latencyMs === 0) return this.#server.url
    if (!this.#proxies.has(latencyMs)) this.#proxies.set(latencyMs, await startProxy(this.#server.port, latencyMs))
    return this.#proxies.get(latencyMs).url
  }

  /** Lends the library's producer, connected. */
  async produce(library, retention, use, latencyMs = 0) {
    if (!this.#producers.has(library)) this.#producers.set(library, await startAgent(library, { profile: this.profile }))
    const producer = this.#producers.get(library)
    await producer.call('open', { url: await this.urlWith(latencyMs), queue: QUEUE, retention })
    try {
      return await use(producer)
    } finally {
      await producer.call('close')
    }
  }

  /** What a producer and a worker at concurrency 10 sustain together. */
  async bestRate(library) {
    const runs = this.#results['process/together']?.[library]
    if (runs !== undefined) return median(runs.map(({ rate }) => rate))
    const run = await measureTogether(this, library, { ...this.#size.together, concurrency: 10 })
    this.#results['process/together'] = { ...this.#results['process/together'], [library]: [run] }
    return run.rate
  }

  /** Also in the middle of a run: whatever that waits for is gone then. */
  async stop() {
    this.redis.disconnect()
    for (const producer of this.#producers.values()) await producer.end()
    killAgents()
    for (const proxy of this.#proxies.values()) proxy.end()
    await this.#server.stop()
  }
}
