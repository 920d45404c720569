import { cell, useCell } from './store.ts'

/**
 * Routes live behind the `#`, so that the pages work at any path and behind proxies that cut a prefix off: nothing on the server
 * needs to know where they are mounted. `#/jobs?q=state:failed` is the page `jobs` with a filter.
 */
export interface Route {
  /** The page's name. */
  page: string
  /** What follows it, decoded: the id of a job. */
  parts: readonly string[]
  query: Readonly<Record<string, string>>
}

export type Query = Readonly<Record<string, string | number | undefined>>

const route = cell(parse(location.hash))
addEventListener('hashchange', () => route.set(parse(location.hash)))

export function useRoute(): Route {
  return useCell(route)
}

export function parse(hash: string): Route {
  const [path, search] = split(hash.replace(/^#\/?/, ''))
  const [page = '', ...parts] = path.split('/').map(decode)
  return { page: page || 'overview', parts, query: Object.fromEntries(new URLSearchParams(search)) }
}

function split(text: string): [string, string] {
  const mark = text.indexOf('?')
  return mark < 0 ? [text, ''] : [text.slice(0, mark), text.slice(mark + 1)]
}

/** A broken escape is someone's typing, not a reason for an empty page. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** Names of queues and workers hold slashes and colons, so each part is escaped. */
export function href(page: string, parts: readonly string[] = [], query: Query = {}): string {
  const search = new URLSearchParams()
  for (const [key, value] of Object.entries(query)) if (value !== undefined && value !== '') search.set(key, String(value))
  const text = search.toString()
  return `#/${[page, ...parts].map(encodeURIComponent).join('/')}${text === '' ? '' : `?${text}`}`
}

export function go(target: string, how: 'push' | 'replace' = 'push'): void {
  if (how === 'push') {
    location.hash = target
    return
  }
  history.replaceState(null, '', target)
  route.set(parse(target))
}

/** Changes the query of the page that is shown; `replace` for what would only clutter the way back. */
export function setQuery(changes: Query, how: 'push' | 'replace' = 'push'): void {
  const { page, parts, query } = parse(location.hash)
  go(href(page, parts, { ...query, ...changes }), how)
}
