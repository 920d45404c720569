/**
 * Every error that leaves the library. A code is a promise: programs switch on it, docs are indexed by it.
 * Messages say what happened, why, and how to mend it; none carries a password or a payload.
 */
export type RqtsErrorCode =
  // bad input, refused before Redis is touched
  | 'RQTS_BAD_NAME'
  | 'RQTS_BAD_ID'
  | 'RQTS_BAD_DURATION'
  | 'RQTS_BAD_DATE'
  | 'RQTS_BAD_OPTION'
  | 'RQTS_BAD_TASK'
  | 'RQTS_BAD_ARGS'
  | 'RQTS_BAD_PAYLOAD'
  | 'RQTS_PAYLOAD_TOO_LARGE'
  | 'RQTS_DUPLICATE_TASK'
  | 'RQTS_UNKNOWN_TASK'
  | 'RQTS_TASK_FILE'
  // refused because of what Redis holds
  | 'RQTS_DUPLICATE_JOB'
  | 'RQTS_UNKNOWN_DEPENDENCY'
  | 'RQTS_DEPENDENCY_CYCLE'
  | 'RQTS_JOB_NOT_FOUND'
  | 'RQTS_SCHEDULE_NOT_FOUND'
  | 'RQTS_BAD_STATE'
  | 'RQTS_WORKER_EXISTS'
  | 'RQTS_SCHEMA_VERSION'
  | 'RQTS_CORRUPT'
  // how a job ended, as seen by who waits for it or reads its error
  | 'RQTS_JOB_FAILED'
  | 'RQTS_JOB_CANCELED'
  | 'RQTS_JOB_EXPIRED'
  | 'RQTS_WAIT_TIMEOUT'
  | 'RQTS_ABORTED'
  | 'RQTS_TIMEOUT'
  | 'RQTS_LOST'
  | 'RQTS_STOPPED'
  | 'RQTS_LEASE_LOST'
  | 'RQTS_RESULT_NOT_STORED'
  | 'RQTS_RETRY'
  // the world around us
  | 'RQTS_REDIS_UNAVAILABLE'
  | 'RQTS_REDIS_FULL'
  | 'RQTS_REDIS_ERROR'
  | 'RQTS_NO_REDIS_SERVER'
  | 'RQTS_CLOSED'

export interface RqtsErrorOptions {
  cause?: unknown
  jobId?: string
}

export class RqtsError extends Error {
  override name = 'RqtsError'
  readonly code: RqtsErrorCode
  readonly jobId?: string

  constructor(code: RqtsErrorCode, message: string, options: RqtsErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    if (options.jobId !== undefined) this.jobId = options.jobId
  }
}

/** The job ended without a result: `cause` is the error that its last attempt threw, rebuilt from Redis. */
export class JobFailed extends RqtsError {
  override name = 'JobFailed'
  constructor(message: string, options: RqtsErrorOptions = {}) {
    super('RQTS_JOB_FAILED', message, options)
  }
}

/** The job was canceled while it waited, or stopped while it ran. */
export class JobCanceled extends RqtsError {
  override name = 'JobCanceled'
  constructor(message: string, options: RqtsErrorOptions = {}) {
    super('RQTS_JOB_CANCELED', message, options)
  }
}

/** The job waited longer than its `ttl` and will never run. */
export class JobExpired extends RqtsError {
  override name = 'JobExpired'
  constructor(message: string, options: RqtsErrorOptions = {}) {
    super('RQTS_JOB_EXPIRED', message, options)
  }
}

/** No such job: never enqueued, deleted, or past its result TTL. */
export class JobNotFound extends RqtsError {
  override name = 'JobNotFound'
  constructor(message: string, options: RqtsErrorOptions = {}) {
    super('RQTS_JOB_NOT_FOUND', message, options)
  }
}

/** The caller's own patience ran out; the job goes on. */
export class WaitTimeout extends RqtsError {
  override name = 'WaitTimeout'
  constructor(message: string, options: RqtsErrorOptions = {}) {
    super('RQTS_WAIT_TIMEOUT', message, options)
  }
}

/** A `jobId` or a `unique` key that is in use; `existingId` names its holder. */
export class DuplicateJob extends RqtsError {
  override name = 'DuplicateJob'
  readonly existingId: string
  constructor(message: string, existingId: string) {
    super('RQTS_DUPLICATE_JOB', message, { jobId: existingId })
    this.existingId = existingId
  }
}

export interface RetryOptions {
  /** Wait before the next attempt: milliseconds or a string for `ms`. Default: the job's own retry delay. */
  delay?: number | string
  /** Attempts granted to a job that has no `retry` of its own. Default 3. */
  max?: number
  cause?: unknown
}

/** Thrown by a handler that wants another attempt. It counts against the job's `retry.max`. */
export class Retry extends RqtsError {
  override name = 'Retry'
  readonly delay?: number | string
  readonly max?: number
  constructor(options: RetryOptions & { message?: string } = {}) {
    super('RQTS_RETRY', options.message ?? 'The handler asked for another attempt', { cause: options.cause })
    if (options.delay !== undefined) this.delay = options.delay
    if (options.max !== undefined) this.max = options.max
  }
}
