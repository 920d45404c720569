/** The values that a field of plain numbers allows, in order; undefined when there is more to it. `names` stand for `least`, `least + 1`, …. */
export function parseField(text: string, least: number, most: number, names: readonly string[] = []): number[] | undefined {
  const found = new Set<number>()
  for (const part of text.split(',')) {
    const [range = '', step = '1', more] = part.split('/')
    const [from, to] = range === '*' || range === '?' ? [least, most] : bounds(range, least, names)
    if (step !== '1' && from === to) return undefined
    if (from === undefined || to === undefined || more !== undefined || !/^\d+$/.test(step) || Number(step) === 0) return undefined
    if (from < least || to > most || from > to) return undefined
    for (let value = from; value <= to; value += Number(step)) found.add(value)
  }
  return [...found].sort((a, b) => a - b)
}

function bounds(range: string, least: number, names: readonly string[]): [number | undefined, number | undefined] {
  const [from = '', to = from, more] = range.split('-')
  return more === undefined ? [valueOf(from, least, names), valueOf(to, least, names)] : [undefined, undefined]
}

export function valueOf(text: string, least: number, names: readonly string[]): number | undefined {
  if (/^\d+$/.test(text)) return Number(text)
  const at = text.length === 3 ? names.findIndex((name) => name.slice(0, 3).toUpperCase() === text.toUpperCase()) : -1
  return at < 0 ? undefined : at + least
}

/** The step, when all are the same step apart. */
export function stepThrough(values: readonly number[]): number | undefined {
  const step = values.length < 2 ? 1 : values[1]! - values[0]!
  return values.every((value, i) => value === values[0]! + i * step) ? step : undefined
}

export function list(items: readonly string[]): string {
  return items.length < 2 ? items.join('') : `${items.slice(0, -1).join(', ')} and ${items.at(-1)}`
}
