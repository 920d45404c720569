import type { FindRedisOptions } from './find.ts'

export interface PrivateRedisOptions extends FindRedisOptions {
  /** Default: a free one. */
  port?: number
  /** Listen on a unix socket in `dir` instead of a port. */
  unixSocket?: boolean
  /** Further arguments of redis-server, such as `['--maxmemory', '20mb']`. */
  args?: string[]
  /** Keep an append-only file, so that data outlives `restart()`. Default false: nothing is written to disk. */
  persist?: boolean
  /** Where it keeps its files. Default: a temporary folder that `stop()` removes. */
  dir?: string
}

/** A server for this process alone; it ends with `stop()` and with the process, however that ends. */
export interface RedisServer {
  /** What `new Queue(name, { connection: url })` takes: `redis://127.0.0.1:port`, or the path of the unix socket. */
  readonly url: string
  /** 0 for a unix socket. */
  readonly port: number
  /** Of redis-server itself; 0 when it runs in a container. */
  readonly pid: number
  readonly dir: string
  stop(): Promise<void>
  /** Sends a signal. Resolves when the server has ended, or at once for a signal that does not end it. Default SIGKILL. */
  kill(signal?: NodeJS.Signals): Promise<void>
  /** Starts it again at the same address, after ending it if it still runs. */
  restart(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}
