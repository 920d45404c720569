import { InvalidArgumentError } from 'commander'
import { SUPERVISED } from '../../lib/worker/supervisor/staff.ts'

export function readRange(text: string): { min: number; max: number } | undefined {
  const [, first, last] = /^(\d{1,3})(?:\.\.(\d{1,3}))?$/.exec(text) ?? []
  const [min, max] = [Number(first), Number(last ?? first)]
  return min <= max && (min > 0 || max === 0) ? { min, max } : undefined
}

export function checkRange(text: string): string {
  if (readRange(text) === undefined) throw new InvalidArgumentError('a number is expected, or N..M with N from 1')
  return text
}

/** Which of its supervisor's workers this process is. Programs that its jobs start are none of them. */
export function takeSlot(): string | undefined {
  const slot = process.env[SUPERVISED]
  delete process.env[SUPERVISED]
  return slot
}
