/** Of a non-empty list; the middle two are averaged. */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b)
  const half = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2
}

/** Nearest rank. */
export function percentile(sorted, share) {
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)]
}

export function summary(values) {
  return { median: median(values), min: Math.min(...values), max: Math.max(...values) }
}

export function latencies(us) {
  const sorted = Float64Array.from(us).sort()
  const ms = (share) => percentile(sorted, share) / 1_000
  return { p50: ms(0.5), p99: ms(0.99), max: ms(1), samples: sorted.length }
}
