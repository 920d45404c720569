/** Spans of time counted in buckets, each √2 wider than the one before: small to keep, and percentiles come out within a fifth. */

/** The last one holds all beyond 2^28 ms, three days. */
export const BUCKETS = 58

/** Its upper bound in ms, included. */
export function bucketBound(bucket: number): number {
  return bucket >= BUCKETS - 1 ? Number.POSITIVE_INFINITY : 2 ** (bucket / 2)
}

export function bucketOf(ms: number): number {
  return ms > 1 ? Math.min(BUCKETS - 1, Math.ceil(2 * Math.log2(ms))) : 0
}

/** The span below which `share` (0…1) of all lie; null when there are none. */
export function percentile(counts: ArrayLike<number>, share: number): number | null {
  let total = 0
  for (let i = 0; i < BUCKETS; i++) total += counts[i] ?? 0
  if (total === 0) return null
  let left = share * total
  for (let i = 0; i < BUCKETS; i++) {
    const count = counts[i] ?? 0
    if (count > 0 && left <= count) {
      const low = i === 0 ? 0 : bucketBound(i - 1)
      const high = bucketBound(i)
      return high === Number.POSITIVE_INFINITY ? low : low + (high - low) * (left / count)
    }
    left -= count
  }
  return bucketBound(BUCKETS - 2)
}
