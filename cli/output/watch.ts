import { setTimeout as sleep } from 'node:timers/promises'
import { codeOf } from '../exit-codes.ts'
import { paint } from './color.ts'
import { cut, safe } from './text.ts'

const ENTER = '\u001b[?1049h\u001b[?25l'
const LEAVE = '\u001b[?25h\u001b[?1049l'

/** Shows frame after frame until the process is told to end; a Redis that goes away is said on the screen, and tried again. */
export async function watch(everyMs: number, frame: () => Promise<string[]>): Promise<never> {
  const { stdout } = process
  if (stdout.isTTY) {
    stdout.write(ENTER)
    process.on('exit', () => stdout.write(LEAVE))
  }
  for (;;) {
    const lines = await frame().catch((error: unknown) => {
      if (codeOf(error) !== 'RQTS_REDIS_UNAVAILABLE') throw error
      return [paint('red', safe((error as Error).message))]
    })
    stdout.write(stdout.isTTY ? screen(lines, stdout.rows, stdout.columns) : `${lines.join('\n')}\n\n`)
    await sleep(everyMs)
  }
}

/** Written in one piece over the last frame, each line wiping its own rest: nothing flickers. */
function screen(lines: readonly string[], rows: number, columns: number): string {
  const room = Math.max(1, rows - 1)
  const shown = lines.length <= room ? lines : [...lines.slice(0, room - 1), cut(`… ${lines.length - room + 1} more lines`, columns)]
  return `\u001b[H${shown.map((line) => `${line}\u001b[K\n`).join('')}\u001b[J`
}
