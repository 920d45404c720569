import type { JSX } from 'preact'

interface SparklineProps {
  good: readonly number[]
  bad: readonly number[]
  label: string
}

const WIDTH = 120
const HEIGHT = 28

/** Bars per minute, failures on top in their colour; the last one is paler because its minute is not over. */
export function Sparkline({ good, bad, label }: SparklineProps): JSX.Element {
  const steps = Math.max(good.length, bad.length, 1)
  const top = Math.max(1, ...good.map((value, i) => value + (bad[i] ?? 0)))
  const step = WIDTH / steps
  const height = (value: number): number => (value === 0 ? 0 : Math.max(1.5, (value / top) * (HEIGHT - 2)))
  return (
    <svg class="sparkline" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={label}>
      <line class="base" x1="0" x2={WIDTH} y1={HEIGHT - 0.5} y2={HEIGHT - 0.5} />
      {good.map((value, i) => {
        const failed = bad[i] ?? 0
        if (value + failed === 0) return null
        const tall = height(value)
        const red = height(failed)
        const box = { x: i * step + step * 0.1, width: step * 0.8, opacity: i === steps - 1 ? 0.5 : 1 }
        return (
          <g key={i}>
            <rect class="good" {...box} y={HEIGHT - tall} height={tall} />
            {failed > 0 && <rect class="bad" {...box} y={Math.max(0, HEIGHT - tall - red)} height={red} />}
          </g>
        )
      })}
    </svg>
  )
}
