import { expect, it } from 'vitest'
import { WholeLines } from '../../lib/worker/supervisor/whole-lines.ts'

it('whole lines come out of pieces, letters of several bytes included', () => {
  const written: string[] = []
  const whole = new WholeLines((text) => written.push(text))
  const bytes = Buffer.from('one\ntwö\nthree')
  whole.take(bytes.subarray(0, 2))
  whole.take(bytes.subarray(2, 7))
  whole.take(bytes.subarray(7))
  whole.end()
  whole.end()
  expect(written).toEqual(['one\n', 'twö\n', 'three\n'])
})
