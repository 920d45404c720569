import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Stage } from './stage.ts'

const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))
const tasks = fileURLToPath(new URL('../worker/fixtures/process-tasks.mjs', import.meta.url))

/** `rqts worker` from the built package. */
export interface WorkerCommand {
  readonly child: ChildProcess
  /** All that it has written. */
  text(): string
  /** Resolves when the text so far matches, `count` times. */
  seen(pattern: string | RegExp, count?: number): Promise<void>
  /** Exit code, or signal. */
  ended(): Promise<number | string>
  kill(signal: NodeJS.Signals): void
}

export function workerCommand(s: Stage, ...args: string[]): WorkerCommand {
  const child = spawn(
    process.execPath,
    [main, 'worker', '-t', tasks, '--url', s.url, '--prefix', s.prefix, '--log-format', 'json', ...args],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
      // A process group of its own, as a shell gives it.
      detached: true,
    },
  )
  let text = ''
  let changed = (): void => undefined
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      text += String(chunk)
      changed()
    })
  }
  const exit = once(child, 'exit').then(([code, signal]) => (code ?? signal) as number | string)
  return {
    child,
    text: () => text,
    async seen(pattern, count = 1) {
      const expression = new RegExp(pattern, 'g')
      const late = AbortSignal.timeout(15_000)
      while ((text.match(expression)?.length ?? 0) < count) {
        await new Promise<void>((resolve, reject) => {
          changed = resolve
          late.addEventListener('abort', () => reject(new Error(`The worker never wrote ${pattern}, but: ${text}`)))
        })
      }
    },
    ended: () => exit,
    kill: (signal) => void child.kill(signal),
  }
}
