import { readFileSync } from 'node:fs'
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
