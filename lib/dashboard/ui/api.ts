import type { ApiError, BodyOf, QueryOf, ReplyOf, Route } from '../contract.ts'
import { t } from './i18n/index.ts'

/** What the server refused, in the language of the page, or that it could not be reached (status 0). */
export class ApiFailure extends Error {
  readonly status: number
  readonly code: string

  constructor(status: number, error: ApiError['error']) {
    super(t.refusal(error))
    this.status = status
    this.code = error.code
  }
}

/** What no server has said. */
export function said(code: string, message: string): ApiError['error'] {
  return { code, message, what: null, facts: {} }
}

type Gets = Extract<Route, `GET ${string}`>
type Posts = Extract<Route, `POST ${string}`>

/** Relative to the document, whatever path that is at. */
export function apiUrl(path: string, query: object = {}): string {
  const url = new URL(`api${path}`, document.baseURI)
  url.hash = ''
  for (const [key, value] of Object.entries(query)) if (value !== undefined && value !== '') url.searchParams.set(key, String(value))
  return url.href
}

export async function get<R extends Gets>(route: R, query?: QueryOf<R>, signal?: AbortSignal): Promise<ReplyOf<R>> {
  return (await ask(apiUrl(route.slice(4), query as object | undefined), { ...(signal && { signal }) })) as ReplyOf<R>
}

export async function post<R extends Posts>(route: R, body: BodyOf<R>): Promise<ReplyOf<R>> {
  const headers = { 'content-type': 'application/json' }
  return (await ask(apiUrl(route.slice(5)), { method: 'POST', headers, body: JSON.stringify(body) })) as ReplyOf<R>
}

async function ask(url: string, init: RequestInit): Promise<unknown> {
  const [response, text] = await fetchText(url, init)
  const body = parsed(text)
  if (response.ok && body !== undefined) return body
  const { error } = (body ?? {}) as { error?: unknown }
  throw new ApiFailure(response.status, isOurs(error) ? error : said('HTTP', `${response.status} ${response.statusText}`))
}

/** A reply is there when all of it is: the line may break, and a page be left, between its head and its end. */
async function fetchText(url: string, init: RequestInit): Promise<[Response, string]> {
  try {
    const response = await fetch(url, init)
    return [response, await response.text()]
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error
    throw new ApiFailure(0, said('UNREACHABLE', t.live.serverAway))
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** A proxy in between has answers of its own. */
function isOurs(error: unknown): error is ApiError['error'] {
  return typeof error === 'object' && error !== null && 'what' in error && 'facts' in error
}
