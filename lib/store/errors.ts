import { RqtsError } from '../errors.ts'

const DENIED = 'Check the user, the password and its ACL.'
const CLUSTER = 'Some of its slots have no master, or move to another: see CLUSTER INFO.'

/** By the code that an error reply of Redis begins with: what mends an answer that says "not now". */
const NOT_NOW: Readonly<Record<string, string>> = {
  LOADING: 'It reads its data after a start, and answers when it has.',
  READONLY: 'It is a replica: connect to its master, best by Sentinel or Cluster, which know it after a failover.',
  MASTERDOWN: 'It is a replica without a master: connect to the master.',
  MISCONF: 'It cannot save to its disk: see its log and make room there.',
  NOREPLICAS: 'It has fewer replicas than its min-replicas-to-write asks for.',
  BUSY: 'A script runs there for too long: SCRIPT KILL ends it.',
  UNKILLABLE: 'A script that has written runs there for too long: wait, or restart Redis.',
  CLUSTERDOWN: CLUSTER,
  TRYAGAIN: CLUSTER,
  MOVED: CLUSTER,
  ASK: CLUSTER,
}
const REFUSALS: readonly string[] = ['NOAUTH', 'WRONGPASS', 'NOPERM']

// The driver gives what it says itself no code.
const DRIVER_CUT_OFF =
  /Command timed out|Connection is closed|Socket timeout|Socket closed|Stream isn't writeable|max retries|Too many Cluster/i
const DRIVER_UNREADABLE = 'Unknown RESP type'

/** In place of what the driver said, while it has said nothing. */
export const NEVER_CONNECTED = 'no connection yet'

/** What Redis or its client said, in the words of rqts. `where` is a redacted address with its origin. */
export function translateError(error: unknown, where: string): RqtsError {
  if (error instanceof RqtsError) return error
  const text = reasonOf(error)
  const reply = replyCode(text)
  if (reply === 'OOM') {
    return new RqtsError(
      'RQTS_REDIS_FULL',
      `Redis is out of memory and took no new job (${where}). Running jobs go on. Raise maxmemory, or shorten resultTtl and failureTtl.`,
      { cause: error },
    )
  }
  if (reply === 'RQTS_SCHEMA_VERSION') {
    return new RqtsError(
      'RQTS_SCHEMA_VERSION',
      `This queue was written by a newer rqts (schema ${text.split('RQTS_SCHEMA_VERSION ')[1]?.slice(0, 10)}, this one reads 1). Upgrade this program.`,
      { cause: error },
    )
  }
  if (REFUSALS.includes(reply)) {
    return new RqtsError('RQTS_REDIS_ERROR', `Redis refused (${where}): ${shorten(text)}. ${DENIED}`, { cause: error })
  }
  if (reply in NOT_NOW || isSystemError(error) || DRIVER_CUT_OFF.test(text) || text.startsWith(DRIVER_UNREADABLE))
    return unavailable(where, error)
  return new RqtsError('RQTS_REDIS_ERROR', `Redis answered with an error (${where}): ${text.slice(0, 300)}`, { cause: error })
}

/** For what only people look at: a full Redis must not keep a worker from its work. */
export function unlessFull(error: unknown): void {
  if (!(error instanceof RqtsError) || error.code !== 'RQTS_REDIS_FULL') throw error
}

/** `why` is what the driver threw, or a text of ours. */
export function unavailable(where: string, why: unknown): RqtsError {
  const cause = typeof why === 'string' ? {} : { cause: why }
  return new RqtsError(
    'RQTS_REDIS_UNAVAILABLE',
    `Cannot reach Redis at ${where}: ${shorten(reasonOf(why))}. ${remedyFor(where, why)}`,
    cause,
  )
}

/** The driver tries again whatever the server answers, so here, too, ends what no waiting would mend. */
function remedyFor(where: string, why: unknown): string {
  const text = reasonOf(why)
  const reply = replyCode(text)
  if (REFUSALS.includes(reply)) return DENIED
  if (NOT_NOW[reply] !== undefined) return NOT_NOW[reply]
  if (text.startsWith(DRIVER_UNREADABLE)) return 'What answers there is no Redis: check host and port.'
  if (/CERT|VERIFY|HOSTNAME_MISMATCH/.test(codeOf(why) ?? ''))
    return "Renew the server's certificate, or say who signs it: NODE_EXTRA_CA_CERTS=FILE at the program's start, or tls: { ca } in the options."
  if (text === NEVER_CONNECTED && where.startsWith('rediss')) return 'Does it speak TLS there? Without it the URL begins with redis://.'
  return 'Start one with `npx rqts redis start`, or set RQTS_REDIS_URL to the one you have.'
}

/** What there is to say of it: a name with several addresses has an error of each, and none of its own. */
function reasonOf(error: unknown): string {
  const root = rootOf(error)
  if (!(root instanceof Error)) return String(root)
  const each = root instanceof AggregateError ? root.errors.map(reasonOf).join('; ') : ''
  return root.message || each || codeOf(root) || root.name
}

/** Of a Cluster that could not be reached the driver tells by the last node that it asked. */
function rootOf(error: unknown): unknown {
  return (error as { lastNodeError?: unknown } | undefined)?.lastNodeError ?? error
}

/** The first word of an error reply, which Redis means to be its code. Redis 6.2 puts its own words in front of what a script ran into. */
function replyCode(text: string): string {
  return (/: -([A-Z_]+) /.exec(text) ?? /^(?:ERR )?([A-Z_]+) /.exec(text))?.[1] ?? ''
}

function codeOf(error: unknown): string | undefined {
  const { code } = (rootOf(error) ?? {}) as { code?: unknown }
  return typeof code === 'string' ? code : undefined
}

/** Of the operating system: ECONNREFUSED, EPIPE and the like. */
function isSystemError(error: unknown): boolean {
  return /^E[A-Z]+$/.test(codeOf(error) ?? '')
}

function shorten(text: string): string {
  return text.slice(0, 200).replace(/\.$/, '')
}
