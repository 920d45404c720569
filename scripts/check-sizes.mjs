// Part of `npm run check`: a file that outgrows one screenful of thought is split.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './modules.mjs'

const SOFT_LINES = 250
const HARD_LINES = 350

for (const folder of ['lib', 'cli']) {
  for (const name of readdirSync(join(root, folder), { recursive: true })) {
    if (!/\.tsx?$/.test(name) || name.endsWith('.generated.ts')) continue
    const file = join(folder, name)
    const lines = readFileSync(join(root, file), 'utf8').split('\n').length - 1
    if (lines <= SOFT_LINES) continue
    console.error(`${file}: ${lines} lines, ${lines > HARD_LINES ? `at most ${HARD_LINES}: split it` : `better at most ${SOFT_LINES}`}`)
    if (lines > HARD_LINES) process.exitCode = 1
  }
}
