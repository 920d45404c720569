import { lstatSync, readlinkSync, rmSync, symlinkSync, unlinkSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

const POLL_MS = 25
/** Installing Redis, the longest that a holder can be busy, ends well before. */
const STALE_MS = 15 * 60_000

/** One process at a time. The lock is a symbolic link to the holder's pid: made and filled in one step. */
export async function withLock<T>(path: string, work: () => Promise<T>): Promise<T> {
  while (!tryLock(path)) await sleep(POLL_MS)
  try {
    return await work()
  } finally {
    rmSync(path, { force: true })
  }
}

function tryLock(path: string): boolean {
  try {
    symlinkSync(String(process.pid), path)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    removeIfStale(path)
    return false
  }
}

function removeIfStale(path: string): void {
  try {
    const isFresh = Date.now() - lstatSync(path).mtimeMs < STALE_MS
    if (!isFresh || !isAlive(Number(readlinkSync(path)))) unlinkSync(path)
  } catch {
    // Its holder removed it first.
  }
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // It exists and belongs to someone else.
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
