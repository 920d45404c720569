import { spawn } from 'node:child_process'
import type { Socket } from 'node:net'
import type { RedisProgram } from './program.ts'

/**
 * A server must not outlive the process that started it, not even after kill -9. So a shell starts it, and a second one waits for
 * the end of its standard input, a pipe that closes with our process.
 * $1: a folder that is to go away with our process, or nothing.
 */
const KEEPER = `
umask 077
exec 3<&0
folder=$1; shift
"$@" </dev/null 2>&1 3<&- & pid=$!
echo "pid $pid"
exec 2>/dev/null
(
  read -r _; trap '' TERM
  kill -KILL $pid
  [ -n "$folder" ] && rm -rf "$folder"
) <&3 >/dev/null 3<&- & watcher=$!
exec 3<&-
wait $pid
kill $watcher`

/** A redis-server that dies with this process, and once it is ready does not keep it alive. */
export interface RedisChild {
  pid: number
  /** True once the server accepts connections, false when it ended instead. */
  ready: Promise<boolean>
  onExit(listener: () => void): void
  exited(): Promise<void>
  /** The end of what it printed. */
  output(): string
}

export function spawnRedis(program: RedisProgram, args: string[], temporaryDir = ''): Promise<RedisChild> {
  // Detached: a Ctrl-C in the terminal is for our process, which may still need Redis while it shuts down.
  const keeper = spawn('sh', ['-c', KEEPER, 'sh', temporaryDir, program.command, ...args], {
    detached: true,
    stdio: ['pipe', 'pipe', 'ignore'],
    env: { ...process.env, ...program.env },
  })
  let printed = ''
  const exited = new Promise<void>((resolve) => keeper.on('exit', () => resolve()))
  return new Promise((resolve, reject) => {
    keeper.on('error', reject)
    const ready = new Promise<boolean>((settle) => {
      // Not at its exit, after which the last that it printed may still be on its way: why it ended.
      keeper.on('close', () => settle(false))
      keeper.stdout.on('data', (chunk: Buffer) => {
        printed = (printed + chunk.toString()).slice(-8_000)
        const pid = /^pid (\d+)\n/m.exec(printed)?.[1]
        if (pid !== undefined) resolve(child(Number(pid), ready))
        if (/ready to accept connections/i.test(printed)) settle(true)
      })
    })
    void ready.then(unref)
  })

  function child(pid: number, ready: Promise<boolean>): RedisChild {
    return {
      pid,
      ready,
      onExit: (listener) => void exited.then(listener),
      exited: () => {
        keeper.ref()
        return exited
      },
      output: () => printed,
    }
  }

  function unref(): void {
    keeper.unref()
    for (const stream of [keeper.stdin, keeper.stdout]) (stream as Socket).unref()
  }
}
