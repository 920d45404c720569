import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { RqtsError } from '../errors.ts'
import { type RedisChild, spawnRedis } from './child.ts'
import { startInDocker } from './docker.ts'
import { findRedisProgram } from './find.ts'
import { freePort } from './port.ts'
import type { RedisProgram } from './program.ts'
import { lastLines } from './run.ts'
import type { PrivateRedisOptions, RedisServer } from './server.ts'

/** Starts a server of your own on loopback. The environment's Redis is left alone. */
export async function startPrivateRedis(options: PrivateRedisOptions = {}): Promise<RedisServer> {
  let program: RedisProgram
  try {
    program = await findRedisProgram(options)
  } catch (error) {
    const inDocker = options.install === true ? await startInDocker(options) : undefined
    if (inDocker === undefined) throw error
    return inDocker
  }
  const temporary = options.dir === undefined
  const dir = options.dir ?? (await mkdtemp(join(tmpdir(), 'rqts-redis-')))
  const server = new PrivateRedis(program, options, dir, temporary)
  await server.start()
  return server
}

const BIND_ATTEMPTS = 10
const DEADLY: NodeJS.Signals[] = ['SIGKILL', 'SIGTERM', 'SIGINT']

class PrivateRedis implements RedisServer {
  url = ''
  port = 0
  readonly dir: string
  readonly #program: RedisProgram
  readonly #options: PrivateRedisOptions
  readonly #temporary: boolean
  #child: RedisChild | undefined

  constructor(program: RedisProgram, options: PrivateRedisOptions, dir: string, temporary: boolean) {
    this.#program = program
    this.#options = options
    this.dir = dir
    this.#temporary = temporary
  }

  get pid(): number {
    return this.#child?.pid ?? 0
  }

  async start(): Promise<void> {
    const { unixSocket = false } = this.#options
    // A restart keeps the address.
    const wanted = this.#options.port ?? (this.port || undefined)
    const fixed = unixSocket || wanted !== undefined
    for (let attempt = 1; ; attempt++) {
      this.port = unixSocket ? 0 : (wanted ?? (await freePort()))
      const child = await spawnRedis(this.#program, this.#args(), this.#temporary ? this.dir : '')
      if (await child.ready) return this.#started(child)
      // Between asking for a free port and binding it, another suite may have taken it.
      const taken = child.output().includes('Address already in use')
      if (taken && !fixed && attempt < BIND_ATTEMPTS) continue
      await this.stop()
      throw new RqtsError('RQTS_REDIS_UNAVAILABLE', `${this.#program.command} ended at its start: ${lastLines(child.output(), 3)}`)
    }
  }

  #started(child: RedisChild): void {
    this.#child = child
    this.url = this.port === 0 ? this.#socket : `redis://127.0.0.1:${this.port}`
    child.onExit(() => {
      if (this.#child === child) this.#child = undefined
    })
  }

  get #socket(): string {
    return join(this.dir, 'redis.sock')
  }

  #args(): string[] {
    const { unixSocket = false, persist = false, args = [] } = this.#options
    const listen = unixSocket ? ['--unixsocket', this.#socket, '--unixsocketperm', '600'] : ['--bind', '127.0.0.1']
    const disk = persist ? ['--appendonly', 'yes', '--appendfsync', 'everysec'] : ['--appendonly', 'no']
    // Last, and so in force: the start is recognised by what the server prints.
    const print = ['--loglevel', 'notice', '--logfile', '', '--daemonize', 'no']
    return ['--port', String(this.port), ...listen, '--dir', this.dir, '--save', '', ...disk, ...args, ...print]
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const child = this.#child
    if (child === undefined) return
    try {
      process.kill(child.pid, signal)
    } catch {
      // It ended a moment ago.
    }
    if (DEADLY.includes(signal)) await child.exited()
  }

  async restart(): Promise<void> {
    await this.kill()
    await this.start()
  }

  /** No need for a clean shutdown: what a client has an answer for is in the append-only file. */
  async stop(): Promise<void> {
    await this.kill()
    if (this.#temporary) await rm(this.dir, { recursive: true, force: true })
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }
}
