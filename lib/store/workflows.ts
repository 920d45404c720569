import { parseRecord } from '../job/record.ts'
import type { JobStatus } from '../job/state.ts'
import { split } from '../split.ts'
import { type EnqueueReply, enqueueJobs, type NewJob } from './enqueue.ts'
import { type Place, removeJobs } from './jobs.ts'
import { deliverOutbox } from './maintain.ts'
import type { Store } from './store.ts'

const READS_AT_ONCE = 1_000

export interface Standing {
  status: JobStatus
  reason?: string
  endedAt?: number
}

/** Where jobs stand now, without their payloads; null for one that is not there. */
export async function readStandings(store: Store, places: readonly Place[]): Promise<(Standing | null)[]> {
  const now = await store.now()
  const standings: (Standing | null)[] = []
  for (const part of split(places, READS_AT_ONCE)) {
    const rows = await store.client.callAll(
      part.map(({ queue, id }) => ['HMGET', store.keys.job(queue, id), 'status', 'expires_at', 'reason', 'ended_at'] as const),
    )
    for (const [i, row] of rows.entries()) standings.push(standingOf(part[i]!, row as (string | null)[], now))
  }
  return standings
}

function standingOf({ queue, id }: Place, [status, expiresAt, reason, endedAt]: (string | null)[], now: number): Standing | null {
  if (!status) return null
  const record = parseRecord(queue, id, { status, ...(expiresAt && { expires_at: expiresAt }) }, now)
  return { status: record.status, ...(reason && { reason }), ...(endedAt && { endedAt: Number(endedAt) }) }
}

/** The jobs of a workflow in one queue, parents before children. */
export interface FlowPart {
  queue: string
  jobs: readonly NewJob[]
}

/** A part was refused; nothing of the workflow is left. */
export interface FlowRefusal {
  queue: string
  index: number
  outcome: EnqueueReply['outcomes'][number]
}

/**
 * Writes a workflow: one step for each queue, the one whose last job opens the gates at the end. Until then nothing can begin, and
 * what a crash leaves behind is canceled by the sweep, since its parents never arrive.
 */
export async function enqueueParts(store: Store, parts: readonly FlowPart[]): Promise<{ replies: EnqueueReply[] } | FlowRefusal> {
  const replies: EnqueueReply[] = []
  for (const { queue, jobs } of parts) {
    const reply = await enqueueJobs(store, queue, jobs, true)
    const index = reply.outcomes.findIndex(({ kind }) => kind !== 'created' && kind !== 'unwritten')
    if (index !== -1) {
      for (const part of parts.slice(0, replies.length))
        await removeJobs(
          store,
          part.queue,
          part.jobs.map(({ id }) => id),
        )
      return { queue, index, outcome: reply.outcomes[index]! }
    }
    replies.push(reply)
  }
  if (parts.length > 1) await open(store, parts)
  return { replies }
}

/** All is written: it would go on without us, but sooner with. */
async function open(store: Store, parts: readonly FlowPart[]): Promise<void> {
  try {
    for (const { queue, jobs } of parts) {
      for (const part of split(jobs, READS_AT_ONCE)) {
        const ids = part.map(({ id }) => id)
        await store.client.call('SREM', store.keys.queuePart(queue, 'unlinked'), ...ids)
      }
    }
    await deliverOutbox(store, parts.at(-1)!.queue)
  } catch {
    // The jobs exist: an error now would say that they do not. The sweeps of their queues do the rest.
  }
}
