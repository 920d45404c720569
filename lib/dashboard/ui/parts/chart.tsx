import type { JSX } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { linearScale, logScale, type Pixels, type Scale } from './scale.ts'

export interface Series {
  name: string
  /** Of the style sheet: `chart-good`. */
  tone: string
  values: readonly (number | null)[]
  /** Filled down to the axis. */
  area?: boolean
}

interface ChartProps {
  label: string
  series: readonly Series[]
  /** A label for each step along the time axis. */
  times: readonly string[]
  /** The last span is not over: drawn dashed. */
  partial: boolean
  log?: boolean
  format(value: number): string
}

const HEIGHT = 180
const PAD = { left: 52, right: 12, top: 10, bottom: 24 }

/** Lines over time. Colours come from the style sheet, so that a change of theme needs no redrawing. */
export function Chart(props: ChartProps): JSX.Element {
  const [width, setWidth] = useState(0)
  const [at, setAt] = useState<number | undefined>()
  const box = useRef<HTMLDivElement>(null)
  useEffect(() => {
    const observer = new ResizeObserver(([entry]) => setWidth(Math.floor(entry!.contentRect.width)))
    observer.observe(box.current!)
    return () => observer.disconnect()
  }, [])
  const steps = props.times.length
  const peak = Math.max(0, ...props.series.flatMap(({ values }) => values.map((value) => value ?? 0)))
  const pixels: Pixels = { from: HEIGHT - PAD.bottom, to: PAD.top }
  const scale = props.log === true ? logScale(peak, pixels) : linearScale(peak, pixels)
  const x = (i: number): number => PAD.left + (steps < 2 ? 0 : (i / (steps - 1)) * (width - PAD.left - PAD.right))
  const point = (event: PointerEvent): void => {
    const inside = event.clientX - box.current!.getBoundingClientRect().left - PAD.left
    const i = Math.round((inside / (width - PAD.left - PAD.right)) * (steps - 1))
    setAt(Math.min(steps - 1, Math.max(0, i)))
  }
  return (
    <div class="chart" ref={box} onPointerMove={point} onPointerLeave={() => setAt(undefined)}>
      {width > 0 && (
        <svg width={width} height={HEIGHT} role="img" aria-label={props.label}>
          <Axes scale={scale} width={width} times={props.times} x={x} format={props.format} />
          {props.series.map((series) => (
            <Line key={series.name} series={series} x={x} scale={scale} partial={props.partial} />
          ))}
          {at !== undefined && <line class="crosshair" x1={x(at)} x2={x(at)} y1={PAD.top} y2={HEIGHT - PAD.bottom} />}
        </svg>
      )}
      <Legend {...props} at={at} />
    </div>
  )
}

interface AxesProps {
  scale: Scale
  width: number
  times: readonly string[]
  x(i: number): number
  format(value: number): string
}

function Axes({ scale, width, times, x, format }: AxesProps): JSX.Element {
  const room = Math.max(2, Math.floor((width - PAD.left) / 90))
  const every = Math.max(1, Math.ceil(times.length / room))
  return (
    <g class="axes">
      {scale.ticks.map((tick) => (
        <g key={tick}>
          <line class="grid" x1={PAD.left} x2={width - PAD.right} y1={scale.y(tick)} y2={scale.y(tick)} />
          <text x={PAD.left - 8} y={scale.y(tick) + 4} text-anchor="end">
            {format(tick)}
          </text>
        </g>
      ))}
      {times.map((time, i) =>
        i % every === 0 && x(i) < width - 30 ? (
          <text key={i} x={x(i)} y={HEIGHT - 6} text-anchor={i === 0 ? 'start' : 'middle'}>
            {time}
          </text>
        ) : null,
      )}
    </g>
  )
}

interface LineProps {
  series: Series
  scale: Scale
  partial: boolean
  x(i: number): number
}

function Line({ series, scale, partial, x }: LineProps): JSX.Element {
  const { values } = series
  const spot = (i: number): string => `${x(i).toFixed(1)},${scale.y(values[i]!).toFixed(1)}`
  const last = values.length - 1
  const runs = runsOf(partial ? values.slice(0, -1) : values)
  const tail = partial && values[last] !== null && values[last - 1] !== null && last > 0
  return (
    <g class={series.tone}>
      {runs.map((run) => {
        const path = run.map(spot).join(' L')
        const floor = scale.y(scale.floor).toFixed(1)
        return (
          <g key={run[0]}>
            {series.area === true && (
              <path class="area" d={`M${x(run[0]!).toFixed(1)},${floor} L${path} L${x(run.at(-1)!).toFixed(1)},${floor} Z`} />
            )}
            {run.length === 1 ? (
              <circle class="dot" cx={x(run[0]!)} cy={scale.y(values[run[0]!]!)} r="2" />
            ) : (
              <path class="line" d={`M${path}`} />
            )}
          </g>
        )
      })}
      {tail && <path class="line dashed" d={`M${spot(last - 1)} L${spot(last)}`} />}
    </g>
  )
}

/** Stretches without a gap: where nothing was measured there is no line. */
function runsOf(values: readonly (number | null)[]): number[][] {
  const runs: number[][] = []
  for (const [i, value] of values.entries()) {
    if (value === null) continue
    if (i > 0 && values[i - 1] !== null && runs.length > 0) runs.at(-1)!.push(i)
    else runs.push([i])
  }
  return runs
}

function Legend({ series, times, format, at }: ChartProps & { at: number | undefined }): JSX.Element {
  return (
    <p class="legend">
      {series.map(({ name, tone, values }) => (
        <span key={name} class={tone}>
          <i aria-hidden="true" /> {name}
          {at !== undefined && <b>{values[at] === null || values[at] === undefined ? '–' : format(values[at])}</b>}
        </span>
      ))}
      {at !== undefined && <span class="muted">{times[at]}</span>}
    </p>
  )
}
