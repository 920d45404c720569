import { availableParallelism } from 'node:os'
import type { PoolKind } from './pool.ts'

/** Ten handlers that wait share one process well; ten that compute want as many cores. */
export function defaultConcurrency(pool: PoolKind): number {
  return pool === 'async' ? 10 : availableParallelism()
}
