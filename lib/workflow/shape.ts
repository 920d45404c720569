/** Where the results of a part of a workflow come from: one job, or a list of such. The numbers are places in a list of jobs. */
export type Shape = number | readonly Shape[]

/** Stored with a job in the field `takes`: its parents' result or results, in the form in which its task gets them. */
export const TAKES_ONE = '0'
export const TAKES_ALL = '*'
export const EACH = 'each'

/** Each place once, in order. */
export function placesOf(shape: Shape): number[] {
  const places: number[] = []
  walk(shape)
  return places

  function walk(part: Shape): void {
    if (typeof part === 'number') places.push(part)
    else for (const inner of part) walk(inner)
  }
}

/** `shape` speaks of the jobs of a plan, what is stored of the parents of one job. Nearly all take one result or a plain list. */
export function encodeTakes(shape: Shape, parents: readonly number[]): string {
  if (typeof shape === 'number') return TAKES_ONE
  if (shape.length > 0 && shape.length === parents.length && shape.every((part, i) => part === parents[i])) return TAKES_ALL
  const places = new Map(parents.map((parent, i) => [parent, i]))
  return JSON.stringify(mapShape(shape, (at) => places.get(at)))
}

export function decodeTakes(takes: string, parents: number): Shape {
  return takes === TAKES_ALL ? Array.from({ length: parents }, (_, i) => i) : (JSON.parse(takes) as Shape)
}

/** The values in the places of the numbers. */
export function mapShape(shape: Shape, value: (at: number) => unknown): unknown {
  return typeof shape === 'number' ? value(shape) : shape.map((part) => mapShape(part, value))
}
