import { newToken } from '../../lib/job/id.ts'
import { encode } from '../../lib/payload/payload.ts'
import { encodeError } from '../../lib/payload/stored-error.ts'
import { type ClaimedJob, claim, type Outcome, type SettleReply, settle } from '../../lib/store/attempts.ts'
import { deliverOutbox } from '../../lib/store/maintain.ts'
import type { Store } from '../../lib/store/store.ts'

/** Stands in for a worker, one step at a time: takes the next job under a lease of a minute. */
export async function take(store: Store, queue = 'default'): Promise<ClaimedJob> {
  const [job] = await takeAll(store, queue, 1)
  if (job === undefined) throw new Error(`No job waits in queue ${queue}`)
  return job
}

export async function takeAll(store: Store, queue = 'default', want = 1_000): Promise<ClaimedJob[]> {
  return await claim(store, { token: newToken(), worker: 'w', want, leaseMs: 60_000, queues: [queue] })
}

export async function end(store: Store, ...outcomes: Outcome[]): Promise<SettleReply> {
  const reply = await settle(store, { token: newToken(), worker: 'w', want: 0, leaseMs: 60_000, queues: [] }, outcomes)
  for (const queue of new Set(outcomes.map((outcome) => outcome.queue))) await deliverOutbox(store, queue)
  return reply
}

export function ok({ queue, id, token }: ClaimedJob, value?: unknown): Outcome {
  return { queue, id, token, kind: 'ok', result: value === undefined ? '' : encode(value, 'result') }
}

export function failed({ queue, id, token }: ClaimedJob, error: unknown, reason = 'error'): Outcome {
  return { queue, id, token, kind: 'fail', reason, error: encodeError(error) }
}

/** Runs the next job to its end. */
export async function finishNext(store: Store, value?: unknown, queue = 'default'): Promise<ClaimedJob> {
  const job = await take(store, queue)
  await end(store, ok(job, value))
  return job
}

export async function failNext(store: Store, error: unknown, queue = 'default'): Promise<ClaimedJob> {
  const job = await take(store, queue)
  await end(store, failed(job, error))
  return job
}

/** The code of what a promise rejects with. */
export async function codeOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise
  } catch (error) {
    return (error as { code?: unknown }).code
  }
  return 'nothing was thrown'
}
