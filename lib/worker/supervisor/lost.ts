import { RqtsError } from '../../errors.ts'
import { newToken } from '../../job/id.ts'
import { encodeError } from '../../payload/stored-error.ts'
import { type Outcome, settle } from '../../store/attempts.ts'
import { heldJobs } from '../../store/held.ts'
import type { Store } from '../../store/store.ts'
import { delistWorker } from '../../store/workers.ts'
import { attemptOf } from '../run.ts'

export interface DeadWorker {
  name: string
  queues: readonly string[]
  /** Completes "The worker …". */
  how: string
  maxLost: number
  /** Leave its record, which says that it was lost. */
  keepRecord?: boolean
}

/** Puts back at once what a dead worker held, instead of when its leases end. Only for who knows that the process is gone. */
export async function reportLost(store: Store, { name, queues, how, maxLost, keepRecord }: DeadWorker): Promise<number> {
  const error = new RqtsError('RQTS_LOST', `Worker ${name} ${how} while it ran the job`)
  error.stack = ''
  const text = encodeError(error)
  let count = 0
  for (const queue of queues) {
    const held = await heldJobs(store, queue, name)
    if (held.length === 0) continue
    count += held.length
    // From the last to the first: each goes to the front, so their order is kept.
    const outcomes = held.map((job): Outcome => ({ ...attemptOf(job), kind: 'lost', maxLost, error: text })).reverse()
    await settle(store, { token: newToken(), worker: name, want: 0, leaseMs: 0, queues: [queue] }, outcomes)
  }
  if (keepRecord !== true) await delistWorker(store, name, queues)
  return count
}
