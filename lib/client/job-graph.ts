import { queueOf } from '../partition.ts'
import { type Place, readList } from '../store/jobs.ts'
import { parseRef, refOf } from '../store/keys.ts'
import { findPlaces } from '../store/partitions.ts'
import type { Store } from '../store/store.ts'
import { asKnown, type FoundRow, rowsOf } from './search-rows.ts'

export interface JobGraph {
  nodes: { place: Place; job: FoundRow | null }[]
  edges: { parent: Place; child: Place }[]
  truncated: boolean
}

const MAX_NODES = 200

/** All jobs that hang together with this one, over parents and children, nearest first. A job that is gone is a node without a job. */
export async function jobGraph(store: Store, named: Place): Promise<JobGraph> {
  const [start] = (await findPlaces(store, [named])) as [Place]
  const nodes = new Map<string, JobGraph['nodes'][number]>()
  const edges = new Map<string, JobGraph['edges'][number]>()
  const met = new Set([refOf(start.queue, start.id, '')])
  let truncated = false
  for (let level: Place[] = [start]; level.length > 0; ) {
    const [jobs, families] = await Promise.all([rowsOf(store, level), Promise.all(level.map((place) => childrenOf(store, place)))])
    const next: Place[] = []
    const link = (parent: Place, child: Place, other: Place): void => {
      edges.set(`${refOf(parent.queue, parent.id, '')} ${refOf(child.queue, child.id, '')}`, { parent, child })
      const name = refOf(other.queue, other.id, '')
      if (met.has(name)) return
      if (met.size >= MAX_NODES) {
        truncated = true
        return
      }
      met.add(name)
      next.push(other)
    }
    for (const [i, place] of level.entries()) {
      nodes.set(refOf(place.queue, place.id, ''), { place, job: jobs[i]! })
      for (const ref of jobs[i]?.parents.slice(0, MAX_NODES) ?? []) {
        const parent = parseRef(ref, place.queue)
        link(parent, place, parent)
      }
      for (const child of families[i]!) link(place, child, child)
    }
    level = next
  }
  const shown = [...edges.values()].filter(({ parent, child }) => [parent, child].every(({ queue, id }) => nodes.has(refOf(queue, id, ''))))
  return {
    nodes: [...nodes.values()].map(({ place, job }) => ({ place: known(place), job: job && asKnown([job])[0]! })),
    edges: shown.map(({ parent, child }) => ({ parent: known(parent), child: known(child) })),
    truncated,
  }
}

/** As people know it. */
function known({ queue, id }: Place): Place {
  return { queue: queueOf(queue), id }
}

/** Children that still wait are in the list; those of a workflow stay known by the field `next` when they no longer do. */
async function childrenOf(store: Store, place: Place): Promise<Place[]> {
  const [waiting, next] = await Promise.all([
    readList(store, place, 'dependents'),
    store.client.call('HGET', store.keys.job(place.queue, place.id), 'next'),
  ])
  return [...new Set([...waiting, ...refsIn(next)])].slice(0, MAX_NODES).map((ref) => parseRef(ref, place.queue))
}

function refsIn(text: unknown): string[] {
  try {
    const list = JSON.parse(typeof text === 'string' ? text : '[]') as unknown
    return Array.isArray(list) ? list.filter((entry): entry is string => typeof entry === 'string').slice(0, MAX_NODES) : []
  } catch {
    return []
  }
}
