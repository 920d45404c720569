/** From values to heights, and where the axis has its marks. */
export interface Scale {
  y(value: number): number
  ticks: readonly number[]
  floor: number
}

/** Where the axis begins and ends on the screen. */
export interface Pixels {
  from: number
  to: number
}

const TICKS = 4

export function linearScale(peak: number, { from, to }: Pixels): Scale {
  const step = niceStep(Math.max(peak, 1) / TICKS)
  const top = step * Math.max(1, Math.ceil(peak / step))
  const ticks = Array.from({ length: Math.round(top / step) + 1 }, (_, i) => i * step)
  return { y: (value) => from + (value / top) * (to - from), ticks, floor: 0 }
}

/** 1, 2 or 5 of some power of ten, and no fraction: all that is counted here is whole. */
function niceStep(rough: number): number {
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = ([1, 2, 5, 10].find((candidate) => candidate * power >= rough) ?? 10) * power
  return Math.max(1, step)
}

/** From 1 ms: latencies of a millisecond and of an hour on one picture. */
export function logScale(peak: number, { from, to }: Pixels): Scale {
  const decades = Math.max(2, Math.ceil(Math.log10(Math.max(peak, 1))))
  const every = Math.ceil(decades / TICKS)
  const ticks = Array.from({ length: Math.floor(decades / every) + 1 }, (_, i) => 10 ** (i * every))
  return { y: (value) => from + (Math.log10(Math.max(value, 1)) / decades) * (to - from), ticks, floor: 1 }
}
