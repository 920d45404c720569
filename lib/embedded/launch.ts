import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { rmSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { RqtsError } from '../errors.ts'
import { askRedis } from './ask.ts'
import { freePort } from './port.ts'
import type { RedisProgram } from './program.ts'
import { type ProjectFiles, readText, writePrivate } from './project-files.ts'
import { lastLines } from './run.ts'

/** The shortest limit of the systems that we run on is 104 bytes. */
const MAX_SOCKET_PATH = 100
const READY_DEADLINE_MS = 30_000

/** Starts the server that outlives this process, and returns its URL once it answers. */
export async function launchProjectServer(program: RedisProgram, files: ProjectFiles): Promise<string> {
  const fitsSocket = Buffer.byteLength(files.socket) <= MAX_SOCKET_PATH && !files.socket.includes('?')
  // Some file systems have no sockets, and a free port can be lost: a second and a third way then.
  const addresses = [...(fitsSocket ? [socketAddress(files)] : []), await portAddress(), await portAddress()]
  for (const { url, lines } of addresses) {
    for (const stale of [files.pid, files.socket]) rmSync(stale, { force: true })
    writePrivate(files.conf, [...lines, ...commonLines(files)].join('\n'))
    writePrivate(files.log, '')
    writePrivate(files.url, url)
    if (await launch(program, files, url)) return url
  }
  throw new RqtsError(
    'RQTS_REDIS_UNAVAILABLE',
    `${program.command} does not start in ${files.dir}: ${lastLines(readText(files.log) ?? '', 3)}`,
  )
}

interface Address {
  url: string
  lines: string[]
}

function socketAddress(files: ProjectFiles): Address {
  return { url: files.socket, lines: ['port 0', `unixsocket ${JSON.stringify(files.socket)}`, 'unixsocketperm 600'] }
}

/** Any user of the machine can connect to a port, hence the password. */
async function portAddress(): Promise<Address> {
  const port = await freePort()
  const password = randomBytes(16).toString('hex')
  return { url: `redis://:${password}@127.0.0.1:${port}`, lines: [`port ${port}`, 'bind 127.0.0.1', `requirepass ${password}`] }
}

function commonLines(files: ProjectFiles): string[] {
  return [
    `dir ${JSON.stringify(files.data)}`,
    `pidfile ${JSON.stringify(files.pid)}`,
    `logfile ${JSON.stringify(files.log)}`,
    'appendonly yes',
    'appendfsync everysec',
    'save ""',
    '',
  ]
}

/** False when it ended instead of answering. */
async function launch(program: RedisProgram, files: ProjectFiles, url: string): Promise<boolean> {
  const child = spawn('sh', ['-c', 'umask 077; exec "$@"', 'sh', program.command, files.conf], {
    cwd: files.dir,
    detached: true,
    stdio: 'ignore',
    env: { ...process.env, ...program.env },
  })
  child.unref()
  let ended = false
  child.on('exit', () => (ended = true))
  const deadline = Date.now() + READY_DEADLINE_MS
  while (!ended) {
    const answer = await askRedis(url, ['PING'])
    if (answer === '+PONG') return true
    // A long append-only file takes its time to load, and says so.
    if (Date.now() > deadline && answer === undefined) child.kill('SIGKILL')
    await sleep(10)
  }
  return false
}
