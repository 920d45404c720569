import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readdirSync, rmSync } from 'node:fs'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import { RqtsError } from '../errors.ts'
import { isAlive } from './lock.ts'
import type { ProjectFiles } from './project-files.ts'

/**
 * Signs a user of the project's server on, waits for its end, however it comes, and signs it off: the pipe on standard input closes
 * with the user's process. Removing the folder works only for the last one, so exactly one shell stops the server; and whoever can
 * put a file into the folder knows that nobody is about to. Run in `.rqts`; $1: the user's file.
 */
const USER = `
umask 077
tries=0
until
  mkdir users 2>/dev/null && first=first || first=further
  true 2>/dev/null >"users/$1"
do
  tries=$((tries + 1)); [ $tries -lt 100 ] || exit 1
done
echo $first
read -r _
rm -f "users/$1"
pid=$(cat redis.pid 2>/dev/null)
rmdir users 2>/dev/null && kill "$pid" 2>/dev/null || exit 0
tries=0
while [ -e redis.pid ] && kill -0 "$pid" 2>/dev/null && [ $tries -lt 200 ]; do
  tries=$((tries + 1)); sleep 0.05
done`

export interface ProjectUser {
  /** Nobody used the server before; one that still runs is on its way out. */
  first: boolean
  /** Resolves when the server has ended, if this was its last user. */
  leave(): Promise<void>
}

export async function signOn(files: ProjectFiles): Promise<ProjectUser> {
  const name = `${process.pid}-${randomBytes(4).toString('hex')}`
  const shell = spawn('sh', ['-c', USER, 'sh', name], { cwd: files.dir, detached: true, stdio: ['pipe', 'pipe', 'ignore'] })
  const exited = once(shell, 'exit')
  const [answer] = (await Promise.race([once(shell.stdout, 'data'), exited])) as [Buffer | number | null]
  if (!Buffer.isBuffer(answer))
    throw new RqtsError('RQTS_REDIS_UNAVAILABLE', `The project's Redis cannot be used: ${files.users} is not writable`)
  shell.unref()
  for (const stream of [shell.stdin, shell.stdout]) (stream as Socket).unref()
  return {
    first: answer.toString().startsWith('first'),
    async leave() {
      shell.ref()
      shell.stdin.end()
      await exited
    },
  }
}

/** After a power cut nobody signed off. Their server has gone, so the one that is to be kept has gone too. */
export function dropDeadUsers(files: ProjectFiles): void {
  for (const name of readdirSync(files.users)) {
    if (!isAlive(Number.parseInt(name, 10))) rmSync(join(files.users, name), { force: true })
  }
}
