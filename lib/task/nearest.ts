/** Farther than this and "did you mean" would be a guess. */
const MAX_DISTANCE = 0.6

/** The names most like `name`, best first: by edit distance, with the last part (`mail.send` → `send`) counting too. */
export function nearestNames(asked: string, known: Iterable<string>, count: number): string[] {
  // It may come from Redis, where nothing limits it.
  const name = asked.slice(0, 128)
  const rated: { candidate: string; distance: number }[] = []
  for (const candidate of known) {
    const distance = Math.min(relativeDistance(name, candidate), relativeDistance(lastPart(name), lastPart(candidate)) + 0.1)
    if (distance <= MAX_DISTANCE) rated.push({ candidate, distance })
  }
  rated.sort((a, b) => a.distance - b.distance || (a.candidate < b.candidate ? -1 : 1))
  return rated.slice(0, count).map(({ candidate }) => candidate)
}

function relativeDistance(a: string, b: string): number {
  return editDistance(a.toLowerCase(), b.toLowerCase()) / Math.max(a.length, b.length, 1)
}

function lastPart(name: string): string {
  return name.slice(Math.max(name.lastIndexOf('.'), name.lastIndexOf('/'), name.lastIndexOf(':')) + 1)
}

/** Levenshtein's, one row at a time. Names are at most 128 characters. */
export function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const substitute = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(substitute, row[j]! + 1, next[j - 1]! + 1))
    }
    row = next
  }
  return row[b.length]!
}
