import { setTimeout as sleep } from 'node:timers/promises'
import { codeOf } from '../exit-codes.ts'
import { paint } from './color.ts'
import { Screen } from './screen.ts'
import { cut, safe } from './text.ts'

/** Shows frame after frame until the process is told to end; a Redis that goes away is said on the screen, and tried again. */
export async function watch(everyMs: number, frame: () => Promise<string[]>): Promise<never> {
  const screen = process.stdout.isTTY ? new Screen() : undefined
  screen?.open()
  let lines: string[] = []
  const draw = (): void => screen?.draw(fit(lines, screen.size.rows, screen.size.columns))
  screen?.onResize(draw)
  for (;;) {
    lines = await frame().catch((error: unknown) => {
      if (codeOf(error) !== 'RQTS_REDIS_UNAVAILABLE') throw error
      return [paint('red', safe((error as Error).message))]
    })
    if (screen === undefined) process.stdout.write(`${lines.join('\n')}\n\n`)
    else draw()
    await sleep(everyMs)
  }
}

function fit(lines: readonly string[], rows: number, columns: number): string[] {
  if (lines.length <= rows) return [...lines]
  const room = Math.max(1, rows - 1)
  return [...lines.slice(0, room), cut(`… ${lines.length - room} more lines`, columns)]
}
