import { type Duration, parseDuration } from '../duration.ts'
import { JobCanceled, JobExpired, JobFailed, JobNotFound, RqtsError, WaitTimeout } from '../errors.ts'
import { hasEnded, isStatus, type JobStatus } from '../job/state.ts'
import { queueOf } from '../partition.ts'
import { decode } from '../payload/payload.ts'
import { decodeError } from '../payload/stored-error.ts'
import type { Place, Watched } from '../store/jobs.ts'
import type { Store } from '../store/store.ts'
import { onAbort } from './abort.ts'
import { watcherOf } from './watcher.ts'

export interface WaitOptions {
  /** How long to wait. Default: as long as it takes; every job ends. */
  timeout?: Duration
  signal?: AbortSignal
}

/** How a job ended; texts as stored. */
export interface Ending {
  status: JobStatus
  result?: string
  reason?: string
  error?: string
}

/** The outcome of a job as a value. */
export type Settled<Result = unknown> =
  | { readonly status: 'finished'; readonly value: Result }
  | { readonly status: 'failed'; readonly error: JobFailed }
  | { readonly status: 'canceled' | 'stopped'; readonly error: JobCanceled }
  | { readonly status: 'expired'; readonly error: JobExpired }

/** Beyond this Node's timers fire at once. */
const MAX_TIMER_MS = 2 ** 31 - 1

/** Waits until the job has ended, however that happens. Lets go of everything on each way out. */
export function waitForEnd(store: Store, place: Place, options: WaitOptions = {}): Promise<Ending> {
  const { timeout, signal } = options
  const timeoutMs = timeout === undefined ? -1 : parseDuration(timeout, 'timeout', { unlimited: true })
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(aborted(place, signal))
    let timer: NodeJS.Timeout | undefined
    const settle = (how: () => void): void => {
      release()
      clearTimeout(timer)
      unlisten()
      how()
    }
    const unlisten = onAbort(signal, () => settle(() => reject(aborted(place, signal!))))
    const release = watcherOf(store).observe(place, {
      state(seen) {
        if (seen === null) settle(() => reject(notFound(place)))
        else if (seen.ended) settle(() => resolve(endingOf(seen)))
      },
      news(event, text) {
        if (event === 'deleted') settle(() => reject(notFound(place, 'was deleted while its result was waited for')))
        else if (isStatus(event) && hasEnded(event)) settle(() => resolve(parseEnding(event, text)))
      },
      broken: (error) => settle(() => reject(error)),
    })
    if (timeoutMs >= 0 && timeoutMs <= MAX_TIMER_MS) timer = setTimeout(() => settle(() => reject(timedOut(place, timeoutMs))), timeoutMs)
  })
}

function endingOf({ status, result, reason, error }: Watched): Ending {
  // Nobody has written the end of a job that only the clock has ended.
  const why = reason ?? (status === 'expired' ? 'ttl' : undefined)
  return {
    status,
    ...(result !== undefined && { result }),
    ...(why !== undefined && { reason: why }),
    ...(error !== undefined && { error }),
  }
}

function parseEnding(status: JobStatus, text: string): Ending {
  if (status === 'finished') return text === '' ? { status } : { status, result: text }
  const line = text.indexOf('\n')
  const reason = line === -1 ? text : text.slice(0, line)
  const error = line === -1 ? '' : text.slice(line + 1)
  return { status, reason, ...(error !== '' && { error }) }
}

/** From texts to a value or an error of this process. */
export function settledOf<Result>(place: Place, task: string, ending: Ending): Settled<Result> {
  const { status, result, reason } = ending
  const jobId = place.id
  const name = `Job ${jobId} (${task})`
  const cause = ending.error === undefined ? undefined : decodeError(ending.error)
  switch (status) {
    case 'finished':
      return { status, value: readResult(place, result) as Result }
    case 'expired':
      return {
        status,
        error: new JobExpired(`${name} waited longer than its ttl and will not run; requeue it, or give it a longer ttl`, { jobId }),
      }
    case 'canceled':
    case 'stopped':
      return { status, error: new JobCanceled(`${name} was ${status}${whyCanceled(reason, cause)}`, { jobId, cause }) }
    default:
      return {
        status: 'failed',
        error: new JobFailed(`${name} failed: ${cause?.message ?? reason ?? 'no error was stored'}`, { jobId, cause }),
      }
  }
}

export function readResult(place: Place, text: string | undefined): unknown {
  if (text === undefined) return undefined
  try {
    return decode(text)
  } catch (cause) {
    throw new RqtsError('RQTS_BAD_PAYLOAD', `The result of job ${place.id} cannot be read: ${(cause as Error).message}`, {
      cause,
      jobId: place.id,
    })
  }
}

function whyCanceled(reason: string | undefined, cause: Error | undefined): string {
  if (reason === 'dependency') return ': a job that it depends on did not finish'
  if (reason === 'replaced') return ': a newer job took over its unique key'
  if (cause !== undefined) return `: ${cause.message}`
  return reason === undefined || reason === 'canceled' || reason === 'stopped' ? '' : `: ${reason}`
}

export function notFound(
  place: Place,
  why = 'does not exist: it was never enqueued, was deleted, or is past its resultTtl or failureTtl',
): JobNotFound {
  return new JobNotFound(`Job ${place.id}${place.queue === '' ? '' : ` of queue '${queueOf(place.queue)}'`} ${why}`, { jobId: place.id })
}

function timedOut(place: Place, timeoutMs: number): WaitTimeout {
  return new WaitTimeout(
    `Job ${place.id} of queue '${queueOf(place.queue)}' did not end within ${timeoutMs} ms; it still waits or runs. ` +
      `Does a worker serve that queue? Wait longer, or cancel it with job.cancel()`,
    { jobId: place.id },
  )
}

export function aborted(place: Place, signal: AbortSignal): RqtsError {
  return new RqtsError('RQTS_ABORTED', `Waiting for job ${place.id} was aborted by its signal; the job goes on`, {
    cause: signal.reason,
    jobId: place.id,
  })
}
