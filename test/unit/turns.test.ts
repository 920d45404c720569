import { expect, it } from 'vitest'
import { TURNS_BYTES, Turns } from '../../lib/worker/watchdog/turns.ts'

it('of two watchdogs one looks; the other when the rest is over', () => {
  const shared = new SharedArrayBuffer(TURNS_BYTES)
  const [one, other] = [new Turns(shared, 1), new Turns(shared, 2)]
  const until = new BigInt64Array(shared, 8)
  const began = process.hrtime.bigint()
  expect(one.take()).toBe(true)
  expect(until[0]).toBeGreaterThan(began)
  one.done()
  until[0] = process.hrtime.bigint() + 3_600_000_000_000n
  expect(other.take()).toBe(false)
  // A single one is never kept waiting.
  expect(one.take()).toBe(true)
  until[0] = began
  expect(other.take()).toBe(true)
})
