import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

const root = new URL('../../', import.meta.url)
const rows = readFileSync(new URL('docs/guarantees.md', root), 'utf8')
  .split('\n')
  .map((line) => /^\| (F\d\d) \|[^|]*\|(.*)\|$/.exec(line))
  .filter((row) => row !== null)
  .map(([, id, text]) => [id!, text!] as const)
/** Words in the style of code that are no tests. */
const OTHER = new Set(['always', 'everysec', 'info', 'unit'])

/** `crash` is test/chaos/crash.test.ts, `unit/payload` is test/unit/payload.test.ts. */
function filesOf(text: string): string[] {
  const words = [...text.matchAll(/`([a-z-]+(?:\/[a-z-]+)?)`/g)].map(([, word]) => word!)
  return words.filter((word) => !OTHER.has(word)).map((word) => `test/${word.includes('/') ? word : `chaos/${word}`}.test.ts`)
}

describe('the matrix of docs/guarantees.md', () => {
  it('has a row for each fault, in order', () => {
    expect(rows.map(([id]) => id)).toEqual(Array.from({ length: 55 }, (_, i) => `F${String(i + 1).padStart(2, '0')}`))
  })

  it.each(rows)('%s names tests that exist', (_, text) => {
    const files = filesOf(text)
    expect(files).not.toEqual([])
    expect(files.filter((file) => !existsSync(new URL(file, root)))).toEqual([])
  })
})
