import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
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

function commandLine(s: Stage, args: readonly string[]): string[] {
  return [main, 'worker', '-t', tasks, '--url', s.url, '--prefix', s.prefix, '--log-format', 'json', ...args]
}

/** Resolves with the exit code, or signal, of one that ends by itself. Its log goes to a file. */
export async function workerInto(file: string, s: Stage, ...args: string[]): Promise<number | string> {
  const fd = openSync(file, 'w')
  const child = spawn(process.execPath, commandLine(s, args), { stdio: ['ignore', fd, 'ignore'] })
  try {
    const [code, signal] = (await once(child, 'exit', { signal: AbortSignal.timeout(60_000) })) as [number | null, string]
    return code ?? signal
  } finally {
    child.kill('SIGKILL')
    closeSync(fd)
  }
}

export function workerCommand(s: Stage, ...args: string[]): WorkerCommand {
  // A process group of its own, as a shell gives it.
  const child = spawn(process.execPath, commandLine(s, args), { stdio: ['ignore', 'pipe', 'pipe'], detached: true })
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
      const late = AbortSignal.timeout(60_000)
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
