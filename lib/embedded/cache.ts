import { existsSync, readdirSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import type { RedisProgram } from './program.ts'

/** Where downloads of this user are kept. */
export function cacheDir(): string {
  if (process.env.XDG_CACHE_HOME) return join(process.env.XDG_CACHE_HOME, 'rqts')
  return process.platform === 'darwin' ? join(homedir(), 'Library', 'Caches', 'rqts') : join(homedir(), '.cache', 'rqts')
}

/** The folder that the packages are unpacked into; homes are shared by machines of several kinds. */
export function cachedRedisDir(): string {
  return join(cacheDir(), `redis-${process.platform}-${process.arch}`)
}

/** The server in `dir`, run with the libraries that were unpacked beside it. */
export function cachedProgram(dir: string = cachedRedisDir()): RedisProgram | undefined {
  const command = join(dir, 'usr', 'bin', 'redis-server')
  if (!existsSync(command)) return undefined
  const roots = [join(dir, 'usr', 'lib'), join(dir, 'lib')].filter((root) => existsSync(root))
  const folders = roots.flatMap((root) => [root, ...subfolders(root)]).filter(holdsLibraries)
  const inherited = process.env.LD_LIBRARY_PATH ? [process.env.LD_LIBRARY_PATH] : []
  return { command, env: { LD_LIBRARY_PATH: [...folders, ...inherited].join(':') } }
}

function subfolders(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(folder, entry.name))
}

function holdsLibraries(folder: string): boolean {
  return readdirSync(folder).some((name) => name.includes('.so'))
}
