import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

it('docs/troubleshooting.md has a row for each error code, and for no other', () => {
  const source = readFileSync(new URL('../../lib/errors.ts', import.meta.url), 'utf8')
  const union = source.slice(source.indexOf('export type RqtsErrorCode'), source.indexOf('export interface RqtsErrorOptions'))
  const codes = [...union.matchAll(/'(RQTS_\w+)'/g)].map(([, code]) => code)
  const page = readFileSync(new URL('../../docs/troubleshooting.md', import.meta.url), 'utf8')
  const rows = [...page.matchAll(/^\| `(RQTS_\w+)`/gm)].map(([, code]) => code)
  expect(codes.length).toBeGreaterThan(30)
  expect(rows.sort()).toEqual(codes.sort())
})

/** Where the code fills in what the table spells out. */
const FILLED = [
  'must be a duration from',
  'was stopped',
  'args[1].user.save is a function:',
  'The args would take',
  'The process that ran the job',
]

it('docs/troubleshooting.md quotes messages that the code has', () => {
  const lib = fileURLToPath(new URL('../../lib/', import.meta.url))
  const files = readdirSync(lib, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'))
  const code = files.map((file) => readFileSync(lib + file, 'utf8').replaceAll("\\'", "'")).join('\n')
  const page = readFileSync(new URL('../../docs/troubleshooting.md', import.meta.url), 'utf8')
  const quoted = [...page.matchAll(/^\| `RQTS_\w+` \| (.*?) \|/gm)].flatMap(([, cell]) =>
    [...cell!.matchAll(/`([^`]+)`/g)].map(([, text]) => text!),
  )
  const parts = quoted.flatMap((text) => text.split('…').map((part) => part.trim())).filter((part) => part.length > 2)
  expect(parts.length).toBeGreaterThan(40)
  expect(parts.filter((part) => !code.includes(part) && !FILLED.includes(part))).toEqual([])
})
