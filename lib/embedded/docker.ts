import type { StartedTestContainer } from 'testcontainers'
import { RqtsError } from '../errors.ts'
import { logToStderr } from './find.ts'
import { run } from './run.ts'
import type { PrivateRedisOptions, RedisServer } from './server.ts'

const IMAGE = 'redis:7-alpine'

/** The last resort. Undefined when no Docker engine answers or `testcontainers`, an optional dependency, is not installed. */
export async function startInDocker(options: PrivateRedisOptions): Promise<RedisServer | undefined> {
  const engine = await run('docker', ['version', '--format', '{{.Server.Version}}'], { timeout: 10_000 })
  const testcontainers = engine.ok ? await import('testcontainers').catch(() => undefined) : undefined
  if (testcontainers === undefined) return undefined
  const log = options.log ?? logToStderr
  log(`starting Redis in Docker (${IMAGE})`)
  const disk = options.persist === true ? ['--appendonly', 'yes'] : ['--appendonly', 'no']
  const container = new testcontainers.GenericContainer(IMAGE)
    .withExposedPorts(options.port === undefined ? 6379 : { container: 6379, host: options.port })
    .withCommand(['redis-server', '--save', '', ...disk, ...(options.args ?? [])])
  try {
    return new ContainerRedis(await container.start())
  } catch (cause) {
    throw new RqtsError('RQTS_NO_REDIS_SERVER', `Redis could not be started in Docker from ${IMAGE}: ${String(cause)}`, { cause })
  }
}

class ContainerRedis implements RedisServer {
  readonly pid = 0
  readonly dir = ''
  readonly #container: StartedTestContainer

  constructor(container: StartedTestContainer) {
    this.#container = container
  }

  get port(): number {
    return this.#container.getMappedPort(6379)
  }

  get url(): string {
    return `redis://${this.#container.getHost()}:${this.port}`
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    await run('docker', ['kill', '--signal', signal, this.#container.getId()])
  }

  async restart(): Promise<void> {
    await this.#container.restart()
  }

  async stop(): Promise<void> {
    await this.#container.stop()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }
}
