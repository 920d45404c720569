import { safeText } from '../../lib/logger.ts'

export { formatBytes, formatCount, formatMs, plural } from '../../lib/format.ts'

/** Text from job data on one line: control characters never reach the terminal. */
export function safe(value: unknown): string {
  return safeText(String(value)).replace(/[\n\r\t\u2028\u2029]+/g, ' ')
}

/** The same for text of several lines, such as a stack. */
export function safeLines(text: string): string[] {
  return text.split(/\r?\n/).map(safe)
}

// oxlint-disable-next-line no-control-regex
const ANSI = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)|[@-Z\\-_])/g
// oxlint-disable-next-line no-control-regex
const INVISIBLE = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g

/** A whole result, however long: as it is for a file or a program, without control characters for a terminal. */
export function outputText(text: string): string {
  return process.stdout.isTTY ? text.replace(ANSI, '').replace(INVISIBLE, '') : text
}

// East Asian wide characters and emoji take two columns.
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|[\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u
const MARK = /\p{Mn}|\p{Cf}/u

// Letters of Europe, dashes, blocks: nearly every text. Classes of Unicode take long to compile, and are left to texts that need them.
const NARROW = /^[\x20-\x7e\xa1-\xac\xae-\u02ff\u2010-\u2027\u2500-\u259f]*$/

/** Columns that the text takes on a terminal. */
export function width(text: string): number {
  if (NARROW.test(text)) return text.length
  let columns = 0
  for (const character of text) columns += MARK.test(character) ? 0 : WIDE.test(character) ? 2 : 1
  return columns
}

export function cut(text: string, columns: number): string {
  if (width(text) <= columns) return text
  let kept = ''
  let used = 1
  for (const character of text) {
    used += width(character)
    if (used > columns) break
    kept += character
  }
  return columns < 1 ? '' : `${kept}…`
}

/** Broken between words; lines after the first are indented. A single word that is too long is cut. */
export function wrap(text: string, columns: number | undefined, indent = '  '): string[] {
  if (columns === undefined) return [text]
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const last = lines.at(-1)
    if (last !== undefined && width(last) + 1 + width(word) <= columns) lines[lines.length - 1] = `${last} ${word}`
    else lines.push(cut(last === undefined ? word : indent + word, columns))
  }
  return lines
}
