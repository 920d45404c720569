import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Redis } from 'ioredis'
import { onTestFinished } from 'vitest'
import { stopProjectRedis } from '../../lib/embedded/index.ts'

/** Polls, because what a process leaves behind after kill -9 is announced by nobody. */
export async function until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 40_000
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`Not in 40 s: ${what}`)
    await pause(10)
  }
}

export function temporaryDir(): string {
  const dir = mkdtempSync(join(tmpdir(), 'rqts-test-'))
  // What a test has started may still write there.
  onTestFinished(() => rmSync(dir, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 }))
  return dir
}

/** The root of a project whose server, if any is left, ends with the test. */
export function temporaryProject(): string {
  const dir = temporaryDir()
  writeFileSync(join(dir, 'package.json'), '{}')
  onTestFinished(async () => void (await stopProjectRedis({ dir })))
  return dir
}

export interface Child {
  url: string
  dir: string
  started: boolean
  process: ChildProcess
  /** Lets it end in an orderly way. */
  end(): Promise<void>
  kill(): Promise<void>
}

export async function startChild(what: 'private' | 'forget' | 'project' | 'keep', dir = ''): Promise<Child> {
  const script = fileURLToPath(new URL('child.ts', import.meta.url))
  const child = spawn(process.execPath, ['--import', 'jiti/register', script, what, dir], { stdio: ['pipe', 'pipe', 'inherit'] })
  const exited = once(child, 'exit')
  onTestFinished(() => void child.kill('SIGKILL'))
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  const told = JSON.parse(line.toString()) as Pick<Child, 'url' | 'dir' | 'started'>
  return {
    ...told,
    process: child,
    async end() {
      child.stdin.end()
      await exited
    },
    async kill() {
      child.kill('SIGKILL')
      await exited
    },
  }
}

export async function withClient<T>(url: string, use: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis(url)
  try {
    return await use(redis)
  } finally {
    redis.disconnect()
  }
}
