import { RqtsError } from '../errors.ts'
import type { ApiError, Facts, RefusalName } from './contract.ts'

interface More {
  headers?: Readonly<Record<string, string>>
  /** Which sentence the message is, and what stands in it: for pages in another language. */
  what?: RefusalName
  facts?: Facts
}

/** A request that is turned down, and with which status. */
export class Refusal extends Error {
  override name = 'Refusal'
  readonly status: number
  readonly code: string
  readonly more: More

  constructor(status: number, code: string, message: string, more: More = {}) {
    super(message)
    this.status = status
    this.code = code
    this.more = more
  }
}

const STATUS: Readonly<Record<string, number>> = {
  RQTS_JOB_NOT_FOUND: 404,
  RQTS_SCHEDULE_NOT_FOUND: 404,
  RQTS_UNKNOWN_DEPENDENCY: 404,
  RQTS_DUPLICATE_JOB: 409,
  RQTS_BAD_STATE: 409,
  RQTS_CORRUPT: 409,
  RQTS_PAYLOAD_TOO_LARGE: 413,
  RQTS_REDIS_ERROR: 502,
  RQTS_REDIS_UNAVAILABLE: 503,
  RQTS_REDIS_FULL: 503,
  RQTS_CLOSED: 503,
}

/** Our own errors say what is wrong; what nobody expected says nothing to the outside. */
export function errorResponse(error: unknown): Response {
  if (error instanceof Refusal) return reply(error.status, error.code, error.message, error.more)
  if (error instanceof RqtsError) return reply(statusOf(error), error.code, error.message)
  return reply(500, 'RQTS_DASHBOARD', 'Something went wrong in the dashboard; its log says what')
}

export function statusOf({ code }: RqtsError): number {
  return STATUS[code] ?? 400
}

function reply(status: number, code: string, message: string, { headers = {}, what, facts = {} }: More = {}): Response {
  return Response.json({ error: { code, message, what: what ?? null, facts } } satisfies ApiError, { status, headers })
}
