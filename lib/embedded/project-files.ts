import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { RqtsError } from '../errors.ts'

/** What `.rqts/` in a project's root holds; only its owner may look inside. */
export interface ProjectFiles {
  root: string
  /** `.rqts` itself. */
  dir: string
  /** The append-only file. */
  data: string
  conf: string
  log: string
  /** Written and removed by redis-server. */
  pid: string
  url: string
  socket: string
  /** One file per user of the server; whoever removes the last one, and with it the folder, stops the server. */
  users: string
  /** The user that never goes away by itself: `rqts redis start`. */
  keep: string
  lock: string
}

/** The nearest folder at or above `from` that has a `.rqts` or a `package.json`, else `from`. */
export function projectFiles(from: string = process.cwd()): ProjectFiles {
  const start = resolve(from)
  let root = start
  while (!existsSync(join(root, '.rqts')) && !existsSync(join(root, 'package.json'))) {
    if (dirname(root) === root) {
      root = start
      break
    }
    root = dirname(root)
  }
  const dir = join(root, '.rqts')
  return {
    root,
    dir,
    data: join(dir, 'redis'),
    conf: join(dir, 'redis.conf'),
    log: join(dir, 'redis.log'),
    pid: join(dir, 'redis.pid'),
    url: join(dir, 'redis.url'),
    socket: join(dir, 'redis.sock'),
    users: join(dir, 'users'),
    keep: join(dir, 'users', 'keep'),
    lock: join(dir, 'lock'),
  }
}

export function prepareProject(files: ProjectFiles): void {
  try {
    for (const folder of [files.dir, files.data]) mkdirSync(folder, { recursive: true, mode: 0o700 })
    chmodSync(files.dir, 0o700)
    writePrivate(join(files.dir, '.gitignore'), '*\n')
  } catch (cause) {
    throw new RqtsError('RQTS_REDIS_UNAVAILABLE', `The project's Redis needs ${files.dir}, which cannot be written: ${String(cause)}`, {
      cause,
    })
  }
}

export function writePrivate(path: string, text: string): void {
  writeFileSync(path, text, { mode: 0o600 })
}

export function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim()
  } catch {
    return undefined
  }
}

/** The pid of the server that wrote the file. Since it died, or since a reboot, the number may belong to another program. */
export function serverPid(files: ProjectFiles): number | undefined {
  const pid = Number(readText(files.pid))
  return pid > 0 && /redis|valkey/i.test(commandLine(pid)) ? pid : undefined
}

function commandLine(pid: number): string {
  if (process.platform === 'linux') return readText(`/proc/${pid}/cmdline`) ?? ''
  return spawnSync('ps', ['-o', 'command=', '-p', String(pid)]).stdout?.toString() ?? ''
}
