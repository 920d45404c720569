import { Cluster, Redis } from 'ioredis'
import { clock } from '../clock.ts'
import { RqtsError } from '../errors.ts'
import { split } from '../split.ts'
import { CALL_DEADLINE_MS, type Driver } from './driver-options.ts'
import { NEVER_CONNECTED, translateError, unavailable } from './errors.ts'
import { withGuards } from './keys.ts'
import { scripts } from './scripts.generated.ts'
import { holdSockets, unrefSentinels } from './sockets.ts'

/** A deadline that is noticed this much late was noticed by a loop that something held up. */
const HELD_UP_MS = 100
/** What such a loop gets to read the answers that have come meanwhile. */
const READING_MS = 1_000
/** Redis answers nobody else while a script runs. */
const KEYS_AT_ONCE = 100

export type Arg = string | number | Buffer
export type ScriptName = keyof typeof scripts

/** One connection for commands: deadlines, script loading, errors in our words, and a socket that keeps no idle process alive. */
export class RedisClient {
  readonly driver: Driver
  readonly where: string
  readonly isCluster: boolean
  #inFlight = 0
  #lastError: unknown = NEVER_CONNECTED
  #closed = false
  #becomingReady: Promise<void> | undefined

  constructor(driver: Driver, where: string) {
    this.driver = driver
    this.where = where
    this.isCluster = driver instanceof Cluster || 'nodes' in driver
    driver.on('error', (error: Error) => {
      this.#lastError = error
    })
    driver.on('ready', () => {
      holdSockets(driver, this.#inFlight > 0)
      unrefSentinels(driver)
    })
  }

  /** Runs a script by its hash; a server that does not know it (new, restarted, flushed) gets the text. */
  run(name: ScriptName, keys: readonly string[], args: readonly Arg[], deadlineMs: number = CALL_DEADLINE_MS): Promise<unknown> {
    const { sha, lua } = scripts[name]
    const named = this.isCluster ? withGuards(keys) : keys
    return this.#send(deadlineMs, async () => {
      try {
        return await this.driver.call('EVALSHA', [sha, named.length, ...named, ...args])
      } catch (error) {
        if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error
        return await this.driver.call('EVAL', [lua, named.length, ...named, ...args])
      }
    })
  }

  /** A script that takes any number of keys, in few calls of which none is long: a reply for each. On a Cluster each key may be elsewhere. */
  async runOnMany(name: ScriptName, keys: readonly string[], args: readonly Arg[]): Promise<unknown[]> {
    const batches = split(keys, this.isCluster ? 1 : KEYS_AT_ONCE)
    return await Promise.all(batches.map((batch) => this.run(name, batch, args)))
  }

  call(command: string, ...args: Arg[]): Promise<unknown> {
    return this.#send(CALL_DEADLINE_MS, () => this.driver.call(command, args))
  }

  /** Nobody listens there. A connection that has only broken is back in a moment. */
  get refused(): boolean {
    return this.driver.status !== 'ready' && (this.#lastError as { code?: unknown } | null)?.code === 'ECONNREFUSED'
  }

  async ping(deadlineMs: number = CALL_DEADLINE_MS): Promise<void> {
    await this.#send(deadlineMs, () => this.driver.call('PING'))
  }

  /** All keys that match, of all masters on a Cluster. */
  async scan(pattern: string): Promise<string[]> {
    const names = new Set<string>()
    const nodes = this.driver instanceof Cluster ? this.driver.nodes('master') : [this.driver]
    for (const node of nodes) {
      let cursor = '0'
      do {
        const page = await this.#send(CALL_DEADLINE_MS, () => node.call('SCAN', [cursor, 'MATCH', pattern, 'COUNT', 1_000]))
        const [next, keys] = page as [string, string[]]
        for (const key of keys) names.add(key)
        cursor = next
      } while (cursor !== '0')
    }
    return [...names]
  }

  /** Several commands in one write; rejects with the first error after all have been answered. */
  async callAll(commands: readonly (readonly [string, ...Arg[]])[]): Promise<unknown[]> {
    const settled = await Promise.allSettled(commands.map(([command, ...args]) => this.call(command, ...args)))
    return settled.map((outcome) => {
      if (outcome.status === 'rejected') throw outcome.reason
      return outcome.value
    })
  }

  async #send<T>(deadlineMs: number, command: () => Promise<T>): Promise<T> {
    if (this.#closed) throw new RqtsError('RQTS_CLOSED', 'This connection has been closed; make a new Queue or Worker')
    if (this.#inFlight++ === 0) holdSockets(this.driver, true)
    try {
      const until = clock.monotonic() + deadlineMs
      if (this.driver.status !== 'ready') await this.#ready(until)
      return await before(until, this.#attempt(command, until), () =>
        unavailable(this.where, this.driver.status === 'ready' ? `no answer within ${deadlineMs} ms` : this.#lastError),
      )
    } catch (error) {
      throw translateError(error, this.where)
    } finally {
      if (--this.#inFlight === 0) holdSockets(this.driver, false)
    }
  }

  /** ioredis notices the end of a socket a moment after the socket does; what it could not send then waits for the next one. */
  async #attempt<T>(command: () => Promise<T>, until: number): Promise<T> {
    for (;;) {
      if (this.driver.status !== 'ready') await this.#ready(until)
      try {
        return await command()
      } catch (error) {
        const unsent = error instanceof Error && error.message.startsWith("Stream isn't writeable")
        if (!unsent || this.#closed || clock.monotonic() >= until) throw error
      }
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  }

  async #ready(until: number): Promise<void> {
    const { driver } = this
    if (driver.status === 'wait' || driver.status === 'end') {
      // Failures show in 'error' and are tried again; only the deadline below gives up.
      driver.connect().catch(() => undefined)
    }
    // One listener however many calls wait: a thousand may, before the first connection stands.
    this.#becomingReady ??= new Promise<void>((resolve) => driver.once('ready', resolve)).then(() => {
      this.#becomingReady = undefined
    })
    await before(until, this.#becomingReady, () => unavailable(this.where, this.#lastError))
  }

  async close(): Promise<void> {
    this.#closed = true
    await endDriver(this.driver)
  }
}

/** What comes of it, or from the deadline on the error. */
async function before<T>(until: number, coming: Promise<T>, error: () => Error): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    const end = (): void => reject(error())
    // Timers go first in a turn of the loop: one that was held up has not read the answers that lie there.
    const due = (): void => {
      if (clock.monotonic() - until < HELD_UP_MS) end()
      else timer = setTimeout(end, READING_MS)
    }
    timer = setTimeout(due, Math.max(1, until - clock.monotonic()))
  })
  try {
    return await Promise.race([coming, late])
  } finally {
    clearTimeout(timer)
  }
}

/** Says goodbye if the server listens, hangs up if it does not. */
export async function endDriver(driver: Driver): Promise<void> {
  if (driver.status === 'ready' && driver instanceof Redis) {
    const done = driver.quit().catch(() => undefined)
    let timer: NodeJS.Timeout | undefined
    await Promise.race([done, new Promise((resolve) => (timer = setTimeout(resolve, 500)))])
    clearTimeout(timer)
  }
  driver.disconnect()
}
