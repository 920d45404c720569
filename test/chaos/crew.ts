import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'
import type { Journal } from '../support/journal.ts'

const SCRIPT = fileURLToPath(new URL('./worker.mjs', import.meta.url))
const DIST = process.env['RQTS_DIST'] ?? fileURLToPath(new URL('../../dist', import.meta.url))

export interface CrewOptions {
  url: string
  prefix: string
  journal: Journal
  queues?: string | string[]
  /** Of the worker: lease, concurrency, … */
  options?: object
  /** Megabytes of heap; a process that wants more is ended by V8, which has much to say about it. */
  heapMb?: number
}

/** A worker process: what it has printed, and a way to wait for a line. */
export class Member {
  readonly child: ChildProcess
  readonly lines: string[] = []
  readonly #listeners = new Set<() => void>()

  constructor({ url, prefix, journal, queues = 'q', options = {}, heapMb }: CrewOptions) {
    const given = JSON.stringify({ url, prefix, queues, options, journal: journal.file, dist: DIST })
    const flags = heapMb === undefined ? [] : [`--max-old-space-size=${heapMb}`]
    this.child = spawn(process.execPath, [...flags, SCRIPT, given], {
      stdio: ['ignore', 'pipe', heapMb === undefined ? 'inherit' : 'ignore'],
    })
    let rest = ''
    this.child.stdout!.on('data', (chunk: Buffer) => {
      const lines = (rest + String(chunk)).split('\n')
      rest = lines.pop()!
      this.lines.push(...lines)
      for (const listener of this.#listeners) listener()
    })
    onTestFinished(() => this.end('SIGKILL'))
  }

  get pid(): number {
    return this.child.pid!
  }

  get alive(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null
  }

  /** The first line that begins so, now or when it comes. */
  said(start: string, timeoutMs = 60_000): Promise<string> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#listeners.delete(look)
        reject(new Error(`Process ${this.pid} did not say '${start}' but: ${this.lines.slice(-20).join(' | ')}`))
      }, timeoutMs)
      const look = (): void => {
        const found = this.lines.find((line) => line.startsWith(start))
        if (found === undefined) return
        clearTimeout(timer)
        this.#listeners.delete(look)
        resolve(found)
      }
      this.#listeners.add(look)
      look()
    })
  }

  count(start: string): number {
    return this.lines.filter((line) => line.startsWith(start)).length
  }

  signal(signal: NodeJS.Signals): void {
    if (this.alive) this.child.kill(signal)
  }

  async end(signal: NodeJS.Signals): Promise<void> {
    if (!this.alive) return
    const gone = once(this.child, 'exit')
    this.child.kill('SIGCONT')
    this.child.kill(signal)
    await gone
  }
}

/** Several worker processes; who dies is replaced at once. */
export class Crew {
  readonly members: Member[]
  readonly #options: CrewOptions

  constructor(size: number, options: CrewOptions) {
    this.#options = options
    this.members = Array.from({ length: size }, () => new Member(options))
  }

  async ready(): Promise<this> {
    await Promise.all(this.members.map((member) => member.said('ready')))
    return this
  }

  /** Kills one without warning and starts another in its place. */
  kill(index: number): void {
    const victim = this.members[index]!
    this.#options.journal.write('kill', '-', victim.pid)
    victim.signal('SIGKILL')
    this.members[index] = new Member(this.#options)
  }

  /** Replaces those that a job has killed. */
  tend(): void {
    this.members.forEach((member, index) => {
      if (!member.alive) this.members[index] = new Member(this.#options)
    })
  }

  async stop(): Promise<void> {
    await Promise.all(this.members.map((member) => member.end('SIGTERM')))
  }
}
