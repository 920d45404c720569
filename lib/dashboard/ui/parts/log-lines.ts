export interface Lines {
  /** Number of the first line, the first that was ever written being 0. */
  from: number
  lines: readonly string[]
}

/** As many lines as are kept of a job. */
export const LAST_LINES = 1_000

/** Lines are numbered, so that what is loaded and what the stream brings fit together without a gap or a repetition, whichever comes first. */
export function joinLines(old: Lines, more: Lines): Lines {
  if (old.lines.length === 0) return more
  if (more.lines.length === 0) return old
  const [first, second] = old.from <= more.from ? [old, more] : [more, old]
  const skip = first.from + first.lines.length - second.from
  if (skip < 0) return second
  if (skip >= second.lines.length) return first
  const lines = [...first.lines, ...second.lines.slice(skip)]
  const past = Math.max(0, lines.length - LAST_LINES)
  return { from: first.from + past, lines: lines.slice(past) }
}
