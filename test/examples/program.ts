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
  output = ''

  constructor(args: string[], env: Record<string, string>, cwd = root) {
    this.child = spawn(process.execPath, args, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
    children.add(this.child)
    const keep = (chunk: Buffer): void => void (this.output += String(chunk))
    this.child.stdout!.on('data', keep)
    this.child.stderr!.on('data', keep)
  }

  async says(what: string | RegExp, timeoutMs = 60_000): Promise<string> {
    const found = (): RegExpMatchArray | null =>
      typeof what === 'string' ? (this.output.includes(what) ? [what] : null) : this.output.match(what)
    await until(`a program says ${what}`, () => found() !== null || this.child.exitCode !== null, timeoutMs)
    const match = found()
    if (match === null) throw new Error(`The program ended with ${this.child.exitCode} and never said ${what}:\n${this.output}`)
    return match[1] ?? match[0]
  }

  async end(signal?: NodeJS.Signals): Promise<number | null> {
    // 'close' comes after the last of its output, 'exit' may come before.
    const closed = once(this.child, 'close')
    if (signal !== undefined) this.child.kill(signal)
    if (this.child.exitCode === null) await closed
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
