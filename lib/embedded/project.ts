import { existsSync, rmSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { RqtsError } from '../errors.ts'
import { askRedis, isAnswering } from './ask.ts'
import { type FindRedisOptions, findRedisProgram } from './find.ts'
import { launchProjectServer } from './launch.ts'
import { withLock } from './lock.ts'
import { type ProjectFiles, prepareProject, projectFiles, readText, serverPid, writePrivate } from './project-files.ts'
import { dropDeadUsers, signOn } from './user.ts'

export interface ProjectRedisOptions extends FindRedisOptions {
  /** Any folder of the project. Default: the working directory. */
  dir?: string
  /** Let it run until `stopProjectRedis`. Default false: it ends with the last process that uses it. */
  keep?: boolean
}

/** One process's use of the server that all processes of a project directory share. */
export interface ProjectRedis {
  /** The path of a unix socket, or a `redis://` URL where such a path would be too long. */
  readonly url: string
  /** False when it ran already. */
  readonly started: boolean
  /** Ends this use, and the server with its last one. A process that dies ends its uses too. */
  stop(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/** Starts the project's server or joins it. Its data is kept in `.rqts/redis` of the project's root. */
export async function startProjectRedis(options: ProjectRedisOptions = {}): Promise<ProjectRedis> {
  const files = projectFiles(options.dir)
  prepareProject(files)
  return withLock(files.lock, async () => {
    const user = await signOn(files)
    try {
      const running = user.first ? undefined : await answeringUrl(files)
      const url = running ?? (await replaceServer(files, options))
      if (options.keep === true) {
        writePrivate(files.keep, '')
        await user.leave()
      }
      const stop = options.keep === true ? async () => undefined : () => user.leave()
      return { url, started: running === undefined, stop, [Symbol.asyncDispose]: stop }
    } catch (error) {
      await user.leave()
      throw error
    }
  })
}

/** Ends the project's server, whoever uses it. False when none ran. */
export async function stopProjectRedis(options: { dir?: string } = {}): Promise<boolean> {
  const files = projectFiles(options.dir)
  if (!existsSync(files.dir)) return false
  return withLock(files.lock, async () => {
    rmSync(files.users, { recursive: true, force: true })
    return endServer(files)
  })
}

export interface ProjectRedisStatus {
  running: boolean
  url?: string
  pid?: number
  /** The `.rqts` folder. */
  dir: string
}

export async function projectRedisStatus(options: { dir?: string } = {}): Promise<ProjectRedisStatus> {
  const files = projectFiles(options.dir)
  const url = await answeringUrl(files)
  const pid = serverPid(files)
  return { running: url !== undefined, ...(url && { url }), ...(url && pid && { pid }), dir: files.dir }
}

async function answeringUrl(files: ProjectFiles): Promise<string | undefined> {
  const url = readText(files.url)
  return url !== undefined && (await isAnswering(url)) ? url : undefined
}

/** What is left of an earlier server is ended first: two must never write one append-only file. */
async function replaceServer(files: ProjectFiles, options: FindRedisOptions): Promise<string> {
  const program = await findRedisProgram(options)
  await endServer(files)
  dropDeadUsers(files)
  return launchProjectServer(program, files)
}

const END_DEADLINE_MS = 15_000

/** False when none ran. */
async function endServer(files: ProjectFiles): Promise<boolean> {
  const url = readText(files.url)
  const deadline = Date.now() + END_DEADLINE_MS
  for (let ran = false; ; ran = true) {
    // The process may still be there when it does not answer any more, and the other way round.
    const answering = url !== undefined && (await isAnswering(url))
    const pid = serverPid(files)
    if (!answering && pid === undefined) return ran
    if (Date.now() > deadline) {
      throw new RqtsError(
        'RQTS_REDIS_UNAVAILABLE',
        `The Redis of ${files.root} (process ${pid}) does not stop: kill it, or see ${files.log}`,
      )
    }
    if (answering) await askRedis(url, ['SHUTDOWN', 'NOSAVE'])
    await sleep(25)
  }
}
