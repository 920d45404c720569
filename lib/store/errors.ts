import { RqtsError } from '../errors.ts'

// Redis 6.2 puts its own words in front of what a script ran into.
const AWAY = /(?:^|: -)(LOADING|READONLY|CLUSTERDOWN|TRYAGAIN|MASTERDOWN|MISCONF|NOREPLICAS|BUSY|UNKILLABLE|MOVED|ASK) /
const DENIED = /^(NOAUTH|WRONGPASS|NOPERM) |invalid username-password/

/** In place of what the driver said, while it has said nothing. */
export const NEVER_CONNECTED = 'no connection yet'

/** What Redis or its client said, in the words of rqts. `where` is a redacted address with its origin. */
export function translateError(error: unknown, where: string): RqtsError {
  if (error instanceof RqtsError) return error
  const text = error instanceof Error ? error.message : String(error)
  if (text.startsWith('OOM ') || text.includes(' OOM ')) {
    return new RqtsError(
      'RQTS_REDIS_FULL',
      `Redis is out of memory and took no new job (${where}). Running jobs go on. Raise maxmemory, or shorten resultTtl and failureTtl.`,
      { cause: error },
    )
  }
  if (text.includes('RQTS_SCHEMA_VERSION')) {
    return new RqtsError(
      'RQTS_SCHEMA_VERSION',
      `This queue was written by a newer rqts (schema ${text.split('RQTS_SCHEMA_VERSION ')[1]?.slice(0, 10)}, this one reads 1). Upgrade this program.`,
      { cause: error },
    )
  }
  if (DENIED.test(text)) {
    return new RqtsError(
      'RQTS_REDIS_ERROR',
      `Redis refused (${where}): ${text.slice(0, 200).replace(/\.$/, '')}. Check the user, the password and its ACL.`,
      {
        cause: error,
      },
    )
  }
  if (AWAY.test(text) || isConnectionError(error, text)) return unavailable(where, text, error)
  return new RqtsError('RQTS_REDIS_ERROR', `Redis answered with an error (${where}): ${text.slice(0, 300)}`, { cause: error })
}

/** For what only people look at: a full Redis must not keep a worker from its work. */
export function unlessFull(error: unknown): void {
  if (!(error instanceof RqtsError) || error.code !== 'RQTS_REDIS_FULL') throw error
}

export function unavailable(where: string, why: string, cause?: unknown): RqtsError {
  return new RqtsError(
    'RQTS_REDIS_UNAVAILABLE',
    `Cannot reach Redis at ${where}: ${why.slice(0, 200).replace(/\.$/, '')}. ${remedyFor(where, why)}`,
    cause === undefined ? {} : { cause },
  )
}

/** The driver tries again whatever the server answers, so here, too, ends what no waiting would mend. */
function remedyFor(where: string, why: string): string {
  if (DENIED.test(why)) return 'Check the user, the password and its ACL.'
  if (why.startsWith('Unknown RESP type')) return 'What answers there is no Redis: check host and port.'
  if (why.includes('certificate'))
    return "Renew the server's certificate, or say who signs it: NODE_EXTRA_CA_CERTS=FILE at the program's start, or tls: { ca } in the options."
  if (why === NEVER_CONNECTED && where.startsWith('rediss')) return 'Does it speak TLS there? Without it the URL begins with redis://.'
  return 'Start one with `npx rqts redis start`, or set RQTS_REDIS_URL to the one you have.'
}

function isConnectionError(error: unknown, text: string): boolean {
  if (typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string' && /^E[A-Z]+$/.test(error.code))
    return true
  return /Command timed out|Connection is closed|Socket timeout|Socket closed|Stream isn't writeable|max retries|Too many Cluster/i.test(
    text,
  )
}
