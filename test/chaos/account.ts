import { appendFileSync } from 'node:fs'
import { expect } from 'vitest'
import { parseRecord } from '../../lib/job/record.ts'
import { hasEnded } from '../../lib/job/state.ts'
import { toFields } from '../../lib/store/hash.ts'
import { listIds, summarize } from '../../lib/store/queues.ts'
import type { Store } from '../../lib/store/store.ts'
import { checkInvariants, type Violation } from '../../lib/testing/invariants.ts'
import type { Journal } from '../support/journal.ts'
import { until } from '../support/stage.ts'

/** What became of the jobs of a run, from Redis and from the journal. */
export interface Account {
  acknowledged: number
  finished: number
  /** Failed for having taken their worker down too often. */
  lost: string[]
  /** Acknowledged, and now nowhere or not ended. */
  missing: string[]
  starts: number
  /** Jobs that began more than once. */
  repeated: number
}

/** Waits until nothing waits or runs. */
export async function drained(store: Store, queue: string, timeoutMs = 60_000): Promise<void> {
  await until(
    `${queue} is drained`,
    async () => {
      const [counts] = await summarize(store, [queue]).catch(() => [])
      return counts !== undefined && counts.queued + counts.started + counts.scheduled + counts.deferred === 0
    },
    timeoutMs,
  )
}

/**
 * Every acknowledged job has ended, exactly one way, and no invariant is broken. `promised` is false where Redis itself was made to
 * lose jobs; what is missing then is no loss of ours.
 */
export async function account(store: Store, queue: string, journal: Journal, promised = true): Promise<Account> {
  const violations = await checkInvariants(store)
  const ids = [...journal.ids('enqueued')]
  const starts = journal.read().filter((entry) => entry.what === 'start')
  const result: Account = { acknowledged: ids.length, finished: 0, lost: [], missing: [], starts: starts.length, repeated: 0 }
  result.repeated = starts.length - new Set(starts.map((entry) => entry.id)).size
  const finished = new Set(await listIds(store, queue, 'finished'))
  for (let at = 0; at < ids.length; at += 500) {
    const part = ids.slice(at, at + 500)
    const hashes = await store.client.callAll(part.map((id) => ['HGETALL', store.keys.job(queue, id)] as const))
    part.forEach((id, i) => {
      const fields = toFields(hashes[i])
      const job = fields && parseRecord(queue, id, fields, 0)
      if (!job || !hasEnded(job.status)) result.missing.push(id)
      else if (job.status === 'finished' && finished.has(id)) result.finished++
      else if (job.reason === 'lost') result.lost.push(id)
      else result.missing.push(id)
    })
  }
  report(result, violations, promised)
  expect(violations).toEqual([])
  return result
}

/** For the totals of `npm run chaos`: one line for each run that was accounted for. */
function report({ acknowledged, starts, repeated, missing }: Account, violations: readonly Violation[], promised: boolean): void {
  const file = process.env['RQTS_CHAOS_REPORT']
  if (file === undefined) return
  // Rule 4: an attempt has at most one outcome.
  const doubleAcked = violations.filter(({ rule }) => rule === 4).length
  const lost = promised ? missing.length : 0
  const lostByRedis = missing.length - lost
  const line = { acknowledged, starts, repeated, lost, lostByRedis, doubleAcked, invariantBreaks: violations.length }
  appendFileSync(file, `${JSON.stringify(line)}\n`)
}
