/** Deeper values are refused: recursion over them, here or in a reader, could overflow the stack. */
export const MAX_DEPTH = 500

/** Not plain JSON, too deep, or over the budget; `checkedCopy` finds out which. */
export const NOT_PLAIN = -1

/**
 * Proves that `JSON.stringify` followed by `JSON.parse` gives this value back unchanged, so that superjson,
 * ten times slower, is left to the few values that need it. Returns what is left of `budget`, a lower bound of the
 * text's size: a huge value, or a small one with millions of shared references, is given up early.
 */
export function plainBudget(value: unknown, depth: number, budget: number): number {
  if (typeof value === 'string') return budget - value.length
  if (typeof value === 'number') return Number.isFinite(value) && !Object.is(value, -0) ? budget - 1 : NOT_PLAIN
  if (typeof value === 'boolean' || value === null) return budget - 1
  if (typeof value !== 'object' || depth >= MAX_DEPTH) return NOT_PLAIN
  return Array.isArray(value) ? arrayBudget(value, depth, budget) : objectBudget(value, depth, budget)
}

function arrayBudget(value: readonly unknown[], depth: number, budget: number): number {
  let left = budget - 1
  for (let i = 0; i < value.length; i++) {
    // A hole reads as undefined, which is not plain.
    left = plainBudget(value[i], depth + 1, left - 1)
    if (left < 0) return NOT_PLAIN
  }
  return left
}

function objectBudget(value: object, depth: number, budget: number): number {
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) return NOT_PLAIN
  let left = budget - 1
  for (const key in value) {
    if (key === '__proto__') return NOT_PLAIN
    left = plainBudget((value as Record<string, unknown>)[key], depth + 1, left - key.length)
    if (left < 0) return NOT_PLAIN
  }
  return left
}
