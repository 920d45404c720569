import type { FoundJob } from '../../lib/client/inspector.ts'
import { paint } from './color.ts'
import { STATUS_STYLES } from './job.ts'
import { formatCount, safe } from './text.ts'

interface Place {
  queue: string
  id: string
}

export interface Graph {
  nodes: readonly { place: Place; job: { task: string; status: FoundJob['status']; reason?: string | undefined } | null }[]
  edges: readonly { parent: Place; child: Place }[]
  /** There are more than these. */
  truncated: boolean
}

/** Jobs under those that they wait for. One with several parents is shown whole under the first, and by name under the others. */
export function treeLines(graph: Graph, asked: Place): string[] {
  const byRef = new Map(graph.nodes.map((node) => [refOf(node.place), node]))
  const children = new Map<string, string[]>()
  const parents = new Map<string, number>()
  for (const { parent, child } of graph.edges) {
    children.set(refOf(parent), [...(children.get(refOf(parent)) ?? []), refOf(child)])
    parents.set(refOf(child), (parents.get(refOf(child)) ?? 0) + 1)
  }
  const lines: string[] = []
  const shown = new Set<string>()
  const roots = [...byRef.keys()].filter((ref) => !parents.has(ref))
  for (const root of roots) show(root, '', '')
  if (graph.truncated) lines.push(paint('yellow', `! more jobs hang together than the ${formatCount(graph.nodes.length)} shown`))
  return lines

  function show(ref: string, first: string, rest: string): void {
    const known = shown.has(ref)
    shown.add(ref)
    lines.push(paint('dim', first) + labelOf(ref, known))
    if (known) return
    const below = children.get(ref) ?? []
    below.forEach((child, at) => {
      const last = at === below.length - 1
      show(child, rest + (last ? '└─ ' : '├─ '), rest + (last ? '   ' : '│  '))
    })
  }

  function labelOf(ref: string, known: boolean): string {
    const { place, job } = byRef.get(ref)!
    const name = place.queue === asked.queue ? place.id : `${place.queue}/${place.id}`
    const count = parents.get(ref) ?? 0
    const mark = ref === refOf(asked) ? paint('bold', ' ←') : ''
    if (job === null) return `${paint('dim', `${safe(name)}  gone`)}${mark}`
    const status = paint(STATUS_STYLES[job.status], job.status) + (job.reason === 'dependency' ? ' (dependency)' : '')
    const waits = count > 1 ? paint('dim', known ? '  (shown above)' : `  after ${count} jobs`) : ''
    return `${safe(job.task)}  ${safe(name)}  ${status}${waits}${mark}`
  }
}

function refOf({ queue, id }: Place): string {
  return `${queue}/${id}`
}
