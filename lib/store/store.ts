import { checkName } from '../names.ts'
import { type ConnectionOption, Connections } from './connect.ts'
import { createKeys, type Keys } from './keys.ts'
import type { Arg, RedisClient, ScriptName } from './redis.ts'

export interface StoreOptions {
  connection?: ConnectionOption | Connections | undefined
  prefix?: string | undefined
}

/** A Redis and a prefix: what every other file of this folder works on. */
export class Store {
  readonly connections: Connections
  readonly client: RedisClient
  readonly keys: Keys
  #open = true

  constructor(options: StoreOptions = {}) {
    this.keys = createKeys(checkName('prefix', options.prefix ?? 'rqts'))
    const { connection } = options
    this.connections = connection instanceof Connections ? connection.use() : Connections.open(connection)
    this.client = this.connections.client
  }

  /** It was closed; others may still use its connections. */
  get closed(): boolean {
    return !this.#open
  }

  /** Another store on the same connections, which close with the last of them. */
  share(): Store {
    return new Store({ connection: this.connections, prefix: this.keys.prefix })
  }

  /** A script on the keys of one queue. */
  run(script: ScriptName, queue: string, args: readonly Arg[], deadlineMs?: number): Promise<unknown> {
    return this.client.run(script, [this.keys.base(queue)], args, deadlineMs)
  }

  /** The clock of Redis, in epoch ms. */
  async now(): Promise<number> {
    return parseTime(await this.client.call('TIME'))
  }

  async close(): Promise<void> {
    if (!this.#open) return
    this.#open = false
    await this.connections.close()
  }
}

export function parseTime(reply: unknown): number {
  const [seconds, micros] = reply as [string, string]
  return Number(seconds) * 1000 + Math.floor(Number(micros) / 1000)
}
