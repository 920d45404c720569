/** A promise to scripts: these numbers never change their meaning. */
export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 2,
  unreachable: 3,
  notFound: 4,
  refused: 5,
  aborted: 130,
} as const

const BY_CODE: Readonly<Record<string, number>> = {
  RQTS_USAGE: EXIT.usage,
  RQTS_REFUSED: EXIT.refused,
  RQTS_NOT_FOUND: EXIT.notFound,
  RQTS_BAD_NAME: EXIT.usage,
  RQTS_BAD_ID: EXIT.usage,
  RQTS_BAD_DURATION: EXIT.usage,
  RQTS_BAD_DATE: EXIT.usage,
  RQTS_BAD_OPTION: EXIT.usage,
  RQTS_REDIS_UNAVAILABLE: EXIT.unreachable,
  RQTS_JOB_NOT_FOUND: EXIT.notFound,
  RQTS_SCHEDULE_NOT_FOUND: EXIT.notFound,
  RQTS_UNKNOWN_DEPENDENCY: EXIT.notFound,
  RQTS_DUPLICATE_JOB: EXIT.refused,
  RQTS_BAD_STATE: EXIT.refused,
  RQTS_WORKER_EXISTS: EXIT.refused,
  RQTS_ABORTED: EXIT.aborted,
}

/** What went wrong on the command line itself, or was refused there: a message for people, an exit code for scripts. */
export class CliError extends Error {
  override name = 'CliError'
  readonly code: 'RQTS_USAGE' | 'RQTS_REFUSED' | 'RQTS_NOT_FOUND' | 'RQTS_CLI'

  constructor(code: CliError['code'], message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

export function codeOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null | undefined)?.code
  return typeof code === 'string' ? code : undefined
}

export function exitCodeOf(error: unknown): number {
  const { exitCode } = (error ?? {}) as { exitCode?: unknown }
  if (typeof exitCode === 'number') return exitCode
  return BY_CODE[codeOf(error) ?? ''] ?? EXIT.failed
}
