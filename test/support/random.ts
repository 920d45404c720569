import { afterEach } from 'vitest'

/** Numbers that look random and are the same for the same seed. */
export interface Random {
  readonly seed: number
  /** In [0, 1). */
  next(): number
  /** A whole number from `low` to `high`, both included. */
  int(low: number, high: number): number
  pick<T>(list: readonly T[]): T
}

/** The seed of this run, the same each time: a gate must not fail by chance. `npm run chaos` draws others; `RQTS_SEED` replays one. */
export const SEED: number = Number(process.env['RQTS_SEED'] ?? 20_261_121)

/** Each purpose has a sequence of its own, so that one more draw here does not change what is drawn elsewhere. */
export function random(purpose: string, seed: number = SEED): Random {
  let state = seed >>> 0
  for (const char of purpose) state = (Math.imul(state, 31) + char.codePointAt(0)!) >>> 0
  // mulberry32
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
  return {
    seed,
    next,
    int: (low, high) => low + Math.floor(next() * (high - low + 1)),
    pick: (list) => list[Math.floor(next() * list.length)]!,
  }
}

afterEach((context) => {
  if (context.task.result?.state === 'fail') console.error(`To replay '${context.task.name}': RQTS_SEED=${SEED}`)
})
