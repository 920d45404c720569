import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { onTestFinished, vi } from 'vitest'
import { Queue } from '../../lib/client/queue.ts'
import { testPrefix, testRedisUrl } from '../support/redis.ts'
import { until as soon } from '../support/until.ts'

// Each call is a process of its own, a dozen in some tests, and on a busy machine one takes more than a second.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

/** As patient as the tests here: to ask may take a process, and seconds on a busy machine. */
export function until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  return soon(what, condition, 90_000)
}

/** The built command line; another build for who tests one beside `dist`. */
export const MAIN: string = process.env.RQTS_TEST_CLI ?? fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))

/** Makes a pty; of util-linux, so not on every system, and other systems have another program of that name. */
const PTY = 'script'
export const hasPty: boolean = spawnSync(PTY, ['--version']).stdout?.toString().includes('util-linux') === true

const METER =
  'data:text/javascript,process.on("exit",()=>{const{user,system}=process.cpuUsage();process.stderr.write("METER "+(user+system))})'

export interface Ran {
  code: number | null
  stdout: string
  stderr: string
}

/** A folder, a prefix and an environment of its own, in which `rqts` is called as a shell would. */
export class Scene {
  readonly url: string
  readonly prefix: string
  readonly dir: string
  env: Record<string, string>

  constructor(url: string) {
    this.url = url
    this.prefix = testPrefix()
    this.dir = mkdtempSync(join(tmpdir(), 'rqts-cli-'))
    const inherited = Object.entries(process.env).filter(
      ([name]) => !/^(CI$|RQTS_|REDIS_URL$|NO_COLOR$|FORCE_COLOR$|VITEST|NODE_)/.test(name),
    )
    this.env = { ...(Object.fromEntries(inherited) as Record<string, string>), RQTS_REDIS_URL: url, RQTS_PREFIX: this.prefix, TZ: 'UTC' }
  }

  write(files: Record<string, string>): void {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(this.dir, name)), { recursive: true })
      writeFileSync(join(this.dir, name), text)
    }
  }

  start(...args: string[]): Running {
    const child = spawn(process.execPath, [MAIN, ...args], { cwd: this.dir, env: this.env, stdio: ['ignore', 'pipe', 'pipe'] })
    onTestFinished(() => void child.kill('SIGKILL'))
    return new Running(child)
  }

  /** The same on a terminal of 80 columns: a pty made by util-linux's script, whose stdin is the keyboard. */
  terminal(...args: string[]): Running {
    const words = [process.execPath, MAIN, ...args].map((word) => `'${word}'`).join(' ')
    const child = spawn(PTY, ['-qfec', `stty cols 80 rows 24; exec ${words}`, '/dev/null'], {
      cwd: this.dir,
      env: { ...this.env, TERM: 'xterm' },
    })
    onTestFinished(() => void child.kill('SIGKILL'))
    return new Running(child)
  }

  run(...args: string[]): Promise<Ran> {
    return this.start(...args).exited
  }

  /** The one JSON value on stdout; that there is exactly one is part of every such test. */
  async json<T = Record<string, unknown>>(...args: string[]): Promise<T> {
    const { stdout } = await this.run(...args, '--json')
    return JSON.parse(stdout) as T
  }

  /** What Node spends on it, which does not depend on what else this machine does. */
  processorMs(args: readonly string[], env: Record<string, string> = this.env): number {
    const { stderr } = spawnSync(process.execPath, ['--import', METER, ...args], { cwd: this.dir, env })
    return Number(/METER (\d+)/.exec(stderr.toString())?.[1]) / 1_000
  }

  queue(name = 'default'): Queue {
    const queue = new Queue(name, { connection: this.url, prefix: this.prefix })
    onTestFinished(() => queue.close())
    return queue
  }
}

export async function scene(files: Record<string, string> = {}): Promise<Scene> {
  const made = new Scene(await testRedisUrl())
  made.write(files)
  onTestFinished(async () => {
    rmSync(made.dir, { recursive: true, force: true })
    const queues = await Queue.all({ connection: made.url, prefix: made.prefix })
    for (const queue of queues) {
      await queue.delete({ jobs: true })
      await queue.close()
    }
  })
  return made
}

/** A command that goes on until it ends or is told to. */
export class Running {
  readonly exited: Promise<Ran>
  readonly child: ChildProcess
  #stdout = ''
  #stderr = ''
  #closed = false
  readonly #screens = new Screens()
  readonly #waiting = new Set<() => void>()

  constructor(child: ChildProcess) {
    this.child = child
    child.stdout!.setEncoding('utf8').on('data', (text: string) => {
      this.#stdout += text
      this.#screens.add(text)
      this.#look()
    })
    child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text
      this.#look()
    })
    this.exited = new Promise((resolve) => {
      // 'exit' may come before the last of its output.
      child.on('close', (code) => {
        this.#closed = true
        resolve({ code, stdout: this.#stdout, stderr: this.#stderr })
        this.#look()
      })
    })
  }

  #look(): void {
    for (const look of this.#waiting) look()
  }

  #until<T>(what: string, find: () => T | null | undefined): Promise<T> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        const found = find() ?? undefined
        if (found === undefined && !this.#closed) return
        this.#waiting.delete(look)
        if (found !== undefined) resolve(found)
        else reject(new Error(`ended without ${what}:\n${this.#stdout}\n${this.#stderr}`))
      }
      this.#waiting.add(look)
      look()
    })
  }

  /** Resolves with the first match in what was printed so far or is printed from now on. */
  seen(pattern: RegExp): Promise<RegExpExecArray> {
    return this.#until(String(pattern), () => pattern.exec(this.#stdout) ?? pattern.exec(this.#stderr))
  }

  /**
   * Resolves with the first screen that shows that, from the one on which the last key was pressed. Also one that is gone by now: messages
   * stay for seconds only, and this process may have stood still meanwhile.
   */
  shows(pattern: RegExp): Promise<string[]> {
    return this.#until(`${pattern} on the screen`, () => this.#screens.shown.find((screen) => pattern.test(screen.join('\n'))))
  }

  /** Like dragging a corner of the window. */
  resize(columns: number, rows: number): void {
    execFileSync('stty', ['-F', readlinkSync(`/proc/${this.insidePid}/fd/0`), 'cols', String(columns), 'rows', String(rows)])
  }

  /** On a terminal, the child is the program that makes the pty; rqts runs inside. */
  get insidePid(): number {
    return Number(readFileSync(`/proc/${this.child.pid}/task/${this.child.pid}/children`, 'utf8').split(' ')[0])
  }

  type(text: string): void {
    this.#screens.forget()
    this.child.stdin!.write(text)
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal)
  }
}

/** Said at the end of each frame. */
const FRAME_END = '\u001b[?2026l'

/** What a terminal has shown, frame by frame: lines are always written whole, from their first column. */
class Screens {
  #rest = ''
  #lines: string[] = []
  /** The present screen, and those before it since the last `forget()`. */
  shown: string[][] = []

  add(text: string): void {
    const frames = (this.#rest + text).split(FRAME_END)
    // A part of a frame is no screen.
    this.#rest = frames.pop()!
    for (const frame of frames) {
      this.#draw(frame)
      this.shown.push(Array.from(this.#lines, (line) => (line ?? '').trimEnd()))
    }
  }

  forget(): void {
    this.shown = this.shown.slice(-1)
  }

  #draw(frame: string): void {
    let row = 0
    // oxlint-disable-next-line no-control-regex
    for (const [, at, clear, , text] of frame.matchAll(/\u001b\[(\d+);1H|(\u001b\[2J)|(\u001b\[[?0-9;]*[A-Za-z])|([^\u001b]+)/g)) {
      if (clear !== undefined) this.#lines = []
      else if (at !== undefined) this.#lines[(row = Number(at) - 1)] = ''
      else if (text !== undefined) this.#lines[row] = (this.#lines[row] ?? '') + text
    }
  }
}

/** What a worker says when the machine keeps it waiting; it is no matter of most tests. */
export const HELD_UP: RegExp = /The event loop (was|is) blocked/

export function withoutHoldUps(output: string): string {
  return output
    .split('\n')
    .filter((line) => !HELD_UP.test(line))
    .join('\n')
}

/** Output without what differs from run to run. */
export function golden(text: string, { url, dir }: { url: string; dir: string }): string {
  return text
    .replaceAll(url, 'REDIS')
    .replaceAll(dir, 'DIR')
    .replace(/\b[0-9A-HJKMNP-TV-Z]{26}\b/g, 'ULID')
    .replace(/\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d\.\d{3}Z?/g, 'DATE')
    .replace(/\b\d\d:\d\d:\d\d\b/g, 'TIME')
    .replace(/(rqts) \d+\.\d+\.\d+/g, '$1 VERSION')
    .replace(/Redis \d+\.\d+\.\d+/g, 'Redis VERSION')
    .replace(/ *\b\d+(\.\d+)? (ms|s|kB|MB)\b/g, ' N')
    .replace(/ +(AGE|OLDEST|BEAT)\b/g, ' $1')
    .replace(/[ \t]+$/gm, '')
}

export const TASKS = `
export function add(a, b) { return a + b }
export function boom(text = 'it broke') { throw new TypeError(text) }
export function greet(name) { return { greeting: 'Hello, ' + name, at: new Date(0), names: new Set([name]) } }
export async function talk() {
  await this.progress({ step: 1 })
  await this.log('first \\u001b[31mline')
  await this.log('second line')
  return 'said'
}
export function hang() { return new Promise((resolve, reject) => this.signal.addEventListener('abort', () => reject(this.signal.reason))) }

`
