import { expect, it } from 'vitest'
import { BIRTH, EVENTS, isWaiting, STATUSES, TRANSITIONS } from '../../lib/job/state.ts'

it('a job is born waiting, and every status but those of birth is reached by some event', () => {
  expect(BIRTH.every(isWaiting)).toBe(true)
  const reached = new Set(EVENTS.flatMap((event) => Object.values(TRANSITIONS[event]).flat()))
  expect([...new Set([...BIRTH, ...reached])].sort()).toEqual([...STATUSES].sort())
})
