import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { afterEach } from 'vitest'
import { until } from '../support/stage.ts'

export const root = fileURLToPath(new URL('../..', import.meta.url))
const JITI = fileURLToPath(new URL('../../node_modules/jiti/lib/jiti-cli.mjs', import.meta.url))
const CLI = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))

const children = new Set<ChildProcess>()
afterEach(() => {
  for (const child of children) child.kill('SIGKILL')
  children.clear()
})

/** A process of its own, as a user starts it. */
export class Program {
  readonly child: ChildProcess
  /** Both streams, as they came. */
  output = ''
  stdout = ''
  /** 'exit' may come before the last of its output. */
  readonly #closed: Promise<void>
  #ended = false

  constructor(args: string[], env: Record<string, string>, cwd = root) {
    this.child = spawn(process.execPath, args, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
    children.add(this.child)
    const keep = (text: string): void => void (this.output += text)
    this.child.stdout!.setEncoding('utf8').on('data', keep)
    this.child.stdout!.on('data', (text: string) => void (this.stdout += text))
    this.child.stderr!.setEncoding('utf8').on('data', keep)
    this.#closed = once(this.child, 'close').then(() => {
      this.#ended = true
    })
  }

  async says(what: string | RegExp, timeoutMs = 60_000): Promise<string> {
    const found = (): RegExpMatchArray | null =>
      typeof what === 'string' ? (this.output.includes(what) ? [what] : null) : this.output.match(what)
    await until(`a program says ${what}`, () => found() !== null || this.#ended, timeoutMs)
    const match = found()
    if (match === null) throw new Error(`The program ended with ${this.child.exitCode} and never said ${what}:\n${this.output}`)
    return match[1] ?? match[0]
  }

  async end(signal?: NodeJS.Signals): Promise<number | null> {
    if (signal !== undefined) this.child.kill(signal)
    await this.#closed
    return this.child.exitCode
  }
}

/** `node FILE` for a file in TypeScript. */
export function run(file: string, env: Record<string, string>, args: string[] = [], cwd = root): Program {
  return new Program([JITI, file, ...args], env, cwd)
}

export function worker(env: Record<string, string>, ...args: string[]): Program {
  return new Program([CLI, 'worker', ...args], env)
}
