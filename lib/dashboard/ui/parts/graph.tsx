import type { JSX } from 'preact'
import type { GraphView } from '../../contract.ts'
import { t } from '../i18n/index.ts'
import { href } from '../router.ts'
import { layOut } from './layout.ts'

const NODE = { width: 176, height: 44, gapX: 56, gapY: 14 }

/** Jobs and what waits for what, from left to right; each is a link. */
export function Graph({ graph, current }: { graph: GraphView; current?: string }): JSX.Element {
  const { places, columns, rows } = layOut(graph)
  const width = columns * (NODE.width + NODE.gapX) - NODE.gapX + 4
  const height = rows * (NODE.height + NODE.gapY) - NODE.gapY + 4
  const corner = (key: string): { x: number; y: number } => {
    const { column, row } = places.get(key)!
    return { x: 2 + column * (NODE.width + NODE.gapX), y: 2 + row * (NODE.height + NODE.gapY) }
  }
  return (
    <div class="graph" role="group" aria-label={t.job.graph} tabIndex={0}>
      <svg width={width} height={height}>
        {graph.edges.map(({ from, to }) =>
          places.has(from) && places.has(to) ? <Edge key={`${from}>${to}`} from={corner(from)} to={corner(to)} /> : null,
        )}
        {graph.nodes.map((node) => {
          const key = `${node.queue}/${node.id}`
          return <Node key={key} node={node} {...corner(key)} current={key === current} />
        })}
      </svg>
      {graph.truncated && <p class="muted">{t.job.graphTruncated(graph.nodes.length)}</p>}
    </div>
  )
}

interface Point {
  x: number
  y: number
}

function Edge({ from, to }: { from: Point; to: Point }): JSX.Element {
  const start = { x: from.x + NODE.width, y: from.y + NODE.height / 2 }
  const end = { x: to.x, y: to.y + NODE.height / 2 }
  const bend = Math.max(24, (end.x - start.x) / 2)
  return (
    <g class="edge">
      <path d={`M${start.x},${start.y} C${start.x + bend},${start.y} ${end.x - bend},${end.y} ${end.x - 5},${end.y}`} />
      <path class="tip" d={`M${end.x - 7},${end.y - 4} L${end.x},${end.y} L${end.x - 7},${end.y + 4} Z`} />
    </g>
  )
}

type GraphNode = GraphView['nodes'][number]

function Node({ node, x, y, current }: { node: GraphNode; current: boolean } & Point): JSX.Element {
  const name = node.task.length > 20 ? `${node.task.slice(0, 19)}…` : node.task
  return (
    <a href={href('job', [node.queue, node.id])} aria-current={current ? 'true' : undefined}>
      <g class={`node state-${node.state}${current ? ' current' : ''}`} transform={`translate(${x},${y})`}>
        <title>{`${node.description}\n${node.queue}/${node.id}`}</title>
        <rect width={NODE.width} height={NODE.height} rx="8" />
        <circle cx="16" cy={NODE.height / 2} r="5" />
        <text x="30" y="19">
          {name}
        </text>
        <text class="sub" x="30" y="34">
          {t.states[node.state]}
        </text>
      </g>
    </a>
  )
}
