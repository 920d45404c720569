import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** What happened outside of Redis, in the order of the file. `at` is epoch ms of this machine, shared by all its processes. */
export interface Entry {
  what: string
  id: string
  attempt: number
  pid: number
  at: number
}

/**
 * A file to which all processes of a test append: acknowledged enqueues, handler starts, kills. What a process wrote here is
 * there after kill -9, whatever becomes of Redis. test/chaos/worker.mjs writes the same lines.
 */
export class Journal {
  readonly file: string
  readonly #folder: string
  readonly #fd: number

  constructor() {
    this.#folder = mkdtempSync(join(tmpdir(), 'rqts-journal-'))
    this.file = join(this.#folder, 'journal')
    this.#fd = openSync(this.file, 'a')
  }

  write(what: string, id: string, pid: number = process.pid): void {
    writeSync(this.#fd, `${what} ${id} 0 ${pid} ${Date.now()}\n`)
  }

  read(): Entry[] {
    if (!existsSync(this.file)) return []
    const lines = readFileSync(this.file, 'utf8').split('\n').slice(0, -1)
    return lines.map((line) => {
      const [what, id, attempt, pid, at] = line.split(' ') as [string, string, string, string, string]
      return { what, id, attempt: Number(attempt), pid: Number(pid), at: Number(at) }
    })
  }

  ids(what: string): Set<string> {
    return new Set(this.read().flatMap((entry) => (entry.what === what ? [entry.id] : [])))
  }

  close(): void {
    closeSync(this.#fd)
    rmSync(this.#folder, { recursive: true, force: true })
  }
}
