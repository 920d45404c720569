import { parseDuration } from '../duration.ts'
import { isStatus, type JobStatus } from '../job/state.ts'
import { matcher } from '../names.ts'
import { queueOf } from '../partition.ts'

/** A search for jobs as people write it, taken apart. Everything that is given must fit. */
export interface JobQuery {
  state?: JobStatus | 'waiting'
  /** Patterns with `*`. */
  task?: string
  queue?: string
  id?: string
  worker?: string
  /** Exact. */
  tag?: string
  workflow?: string
  fingerprint?: string
  /** Part of the error's name or message, whatever the case. */
  error?: string
  /** So long ago at most, and at least. */
  sinceMs?: number
  untilMs?: number
  /** Parts of id, task or description, whatever the case. */
  words: string[]
  /** Words of the search that mean nothing, and why. */
  problems: SearchProblem[]
}

/** For people, and the same for who says it in another language. */
export interface SearchProblem {
  text: string
  what: 'search-long' | 'search-words' | 'search-empty' | 'search-state' | 'search-since'
  facts: Readonly<Record<string, string | number>>
}

const MAX_QUERY_CHARS = 1_000
const MAX_WORDS = 20
const NAMES = ['task', 'queue', 'id', 'worker', 'tag', 'workflow', 'fingerprint', 'error'] as const

export function parseQuery(text: string): JobQuery {
  const query: JobQuery = { words: [], problems: [] }
  if (text.length > MAX_QUERY_CHARS)
    problem(query, 'search-long', { most: MAX_QUERY_CHARS }, `Only the first ${MAX_QUERY_CHARS} characters count`)
  const tokens = tokensOf(text.slice(0, MAX_QUERY_CHARS))
  if (tokens.length > MAX_WORDS) problem(query, 'search-words', { most: MAX_WORDS }, `Only the first ${MAX_WORDS} words count`)
  for (const { key, value } of tokens.slice(0, MAX_WORDS)) {
    if (key === undefined) query.words.push(value.toLowerCase())
    else if (value === '') problem(query, 'search-empty', { key }, `${key}: says nothing; write ${key}:something`)
    else if (key === 'state' || key === 'status') setState(query, value)
    else if (key === 'since') setSince(query, value)
    else if ((NAMES as readonly string[]).includes(key)) query[key as (typeof NAMES)[number]] = value
    // Text with a colon in it, such as a part of a description.
    else query.words.push(`${key}:${value}`.toLowerCase())
  }
  return query
}

function problem(query: JobQuery, what: SearchProblem['what'], facts: SearchProblem['facts'], text: string): void {
  query.problems.push({ text, what, facts })
}

function setState(query: JobQuery, value: string): void {
  const state = value.toLowerCase()
  if (isStatus(state) || state === 'waiting') query.state = state
  else problem(query, 'search-state', { value: value.slice(0, 40) }, `There is no state '${value.slice(0, 40)}'`)
}

function setSince(query: JobQuery, value: string): void {
  try {
    query.sinceMs = parseDuration(value, 'since', { min: 1 })
  } catch {
    const given = value.slice(0, 40)
    problem(query, 'search-since', { value: given }, `since:${given} is no span of time: write since:1h or since:2d`)
  }
}

/** `key:value`, `key:"some words"`, `"some words"`, `word`. No regular expression that could take for ever. */
function tokensOf(text: string): { key?: string; value: string }[] {
  const tokens: { key?: string; value: string }[] = []
  let at = 0
  const quotedOrWord = (): string => {
    const quoted = text[at] === '"'
    const end = text.slice(at + (quoted ? 1 : 0)).search(quoted ? /"/ : /\s/)
    const from = at + (quoted ? 1 : 0)
    const to = end === -1 ? text.length : from + end
    at = quoted ? to + 1 : to
    return text.slice(from, to)
  }
  while (at < text.length) {
    if (/\s/.test(text[at]!)) {
      at++
      continue
    }
    const key = /^[A-Za-z]{1,20}(?=:)/.exec(text.slice(at, at + 21))?.[0]
    if (key === undefined) {
      const value = quotedOrWord()
      if (value !== '') tokens.push({ value })
      continue
    }
    at += key.length + 1
    tokens.push({ key: key.toLowerCase(), value: at < text.length ? quotedOrWord() : '' })
  }
  return tokens
}

/** The search in one form, for people to see what was understood. */
export function showQuery(query: JobQuery): string {
  const quote = (value: string): string => (/[\s"]/.test(value) ? `"${value.replaceAll('"', '')}"` : value)
  const parts = query.state === undefined ? [] : [`state:${query.state}`]
  for (const name of NAMES) if (query[name] !== undefined) parts.push(`${name}:${quote(query[name])}`)
  if (query.sinceMs !== undefined) parts.push(`since:${Math.round(query.sinceMs / 1000)}s`)
  return [...parts, ...query.words.map(quote)].join(' ')
}

export function selectNames(known: readonly string[], pattern: string | undefined): string[] {
  return pattern === undefined ? [...known] : known.filter((name) => matcher(pattern)(queueOf(name)))
}
