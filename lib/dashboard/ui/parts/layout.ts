import type { GraphView } from '../../contract.ts'

export interface Layout {
  places: Map<string, { column: number; row: number }>
  columns: number
  rows: number
}

/** Each job one column right of its last parent; within a column near the middle of its parents. */
export function layOut({ nodes, edges }: GraphView): Layout {
  const keys = nodes.map(({ queue, id }) => `${queue}/${id}`)
  const parents = new Map<string, string[]>(keys.map((key) => [key, []]))
  for (const { from, to } of edges) if (parents.has(from)) parents.get(to)?.push(from)
  const columnOf = new Map<string, number>()
  for (const key of keys) depth(key, parents, columnOf, new Set())
  const columns = Math.max(0, ...columnOf.values()) + 1
  const places: Layout['places'] = new Map()
  let rows = 1
  for (let column = 0; column < columns; column++) {
    const members = keys.filter((key) => columnOf.get(key) === column)
    const wish = new Map(members.map((key, i) => [key, middle(parents.get(key)!, places) ?? i]))
    members.sort((a, b) => wish.get(a)! - wish.get(b)!)
    rows = Math.max(rows, members.length)
    for (const [row, key] of members.entries()) places.set(key, { column, row })
  }
  centre(places, columns, rows)
  return { places, columns, rows }
}

/** Dependencies have no circles, but what comes from outside is not trusted to have none. */
function depth(key: string, parents: ReadonlyMap<string, string[]>, known: Map<string, number>, path: Set<string>): number {
  const done = known.get(key)
  if (done !== undefined) return done
  if (path.has(key)) return 0
  path.add(key)
  const own = 1 + Math.max(-1, ...parents.get(key)!.map((parent) => depth(parent, parents, known, path)))
  path.delete(key)
  known.set(key, own)
  return own
}

function middle(parents: readonly string[], places: Layout['places']): number | undefined {
  const rows = parents.flatMap((parent) => places.get(parent)?.row ?? [])
  return rows.length === 0 ? undefined : rows.reduce((sum, row) => sum + row, 0) / rows.length
}

/** Short columns stand in the middle of the tall ones. */
function centre(places: Layout['places'], columns: number, rows: number): void {
  for (let column = 0; column < columns; column++) {
    const members = [...places.values()].filter((place) => place.column === column)
    const shift = (rows - members.length) / 2
    for (const member of members) member.row += shift
  }
}
