import { RqtsError } from '../errors.ts'
import { aptInstall } from './apt.ts'
import { cachedProgram } from './cache.ts'
import { programOnPath, programVersion, type RedisProgram } from './program.ts'
import { lastLines, run, which } from './run.ts'

export interface FindRedisOptions {
  /** Download or install Redis when there is none. Default false: a library call never installs by surprise. */
  install?: boolean
  /** Gets one line for each step that installs something. Default: stderr. */
  log?: (line: string) => void
}

/** A Redis that the environment names: `RQTS_REDIS_URL`, else `REDIS_URL`. */
export function redisUrlFromEnv(): string | undefined {
  return process.env.RQTS_REDIS_URL || process.env.REDIS_URL || undefined
}

/** PATH, then an earlier download, then (with `install`) the packages of the system. */
export async function findRedisProgram(options: FindRedisOptions = {}): Promise<RedisProgram> {
  const reasons: string[] = []
  const found = (await programOnPath(reasons)) ?? (await programInCache())
  if (found !== undefined) return found
  if (options.install !== true) {
    reasons.push('the caller did not ask to install one')
    throw noRedisServer(reasons)
  }
  const problem = await installRedis(options.log ?? logToStderr)
  if (problem !== undefined) reasons.push(problem)
  const installed = (await programOnPath()) ?? (await programInCache())
  if (installed === undefined) throw noRedisServer(reasons)
  return installed
}

async function programInCache(): Promise<RedisProgram | undefined> {
  const program = cachedProgram()
  // An upgrade of the system may have taken away a library that it needs.
  return program !== undefined && (await programVersion(program)) !== undefined ? program : undefined
}

/** Returns what went wrong, if anything did. */
async function installRedis(log: (line: string) => void): Promise<string | undefined> {
  if (process.platform === 'linux' && which('apt-get') !== undefined) return aptInstall(log)
  if (process.platform === 'darwin' && which('brew') !== undefined) {
    log('installing Redis: brew install redis')
    const brew = await run('brew', ['install', 'redis'])
    return brew.ok ? undefined : `brew install redis failed: ${lastLines(brew.stderr)}`
  }
  return 'there is neither apt-get nor Homebrew to install it with'
}

export function logToStderr(line: string): void {
  process.stderr.write(`rqts: ${line}\n`)
}

const HOW_TO_INSTALL: Partial<Record<NodeJS.Platform, string>> = {
  linux: 'Debian and Ubuntu: apt-get install redis-server; Fedora: dnf install valkey; Arch: pacman -S valkey; Alpine: apk add redis',
  darwin: 'brew install redis',
  win32: 'on Windows it runs in WSL',
}

export function noRedisServer(reasons: string[]): RqtsError {
  const how = HOW_TO_INSTALL[process.platform] ?? 'with the package manager of your system'
  return new RqtsError(
    'RQTS_NO_REDIS_SERVER',
    `No Redis server can be started here: ${reasons.join('; ')}. Install one (${how}), or start one with Docker ` +
      '(docker run -d -p 127.0.0.1:6379:6379 redis), or set RQTS_REDIS_URL to one that runs elsewhere.',
  )
}
