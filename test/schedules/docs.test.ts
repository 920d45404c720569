import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))

// The files are compiled with the tests, so what the guide shows does compile.
it('the guide shows the files that it names', () => {
  const guide = readFileSync(`${root}docs/schedules.md`, 'utf8')
  const snippets = [...guide.matchAll(/<!-- snippet: (\S+) -->\n```ts\n([\s\S]*?)```/g)]
  expect(snippets).toHaveLength(3)
  for (const [, file, text] of snippets) expect(text, file).toBe(readFileSync(root + file!, 'utf8'))
})
