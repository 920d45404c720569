import { split } from '../split.ts'
import { type ClaimedJob, parseClaimed } from './attempts.ts'
import type { Store } from './store.ts'

const IDS_PER_CALL = 500

export interface HeldJob extends ClaimedJob {
  /** On the clock of Redis, as is `now`. */
  startedAt: number
  now: number
}

/** What a worker holds in a queue, as Redis has it: for those who speak for one that cannot answer. */
export async function heldJobs(store: Store, queue: string, worker: string): Promise<HeldJob[]> {
  const ids = (await store.client.call('ZRANGE', store.keys.container(queue, 'started'), 0, -1)) as string[]
  const held: HeldJob[] = []
  for (const part of split(ids, IDS_PER_CALL)) {
    const now = await store.now()
    const rows = await store.client.callAll(part.map((id) => ['HMGET', store.keys.job(queue, id), ...FIELDS] as const))
    rows.forEach((row, i) => {
      const [status, owner, token, startedAt, ...rest] = row as (string | null)[]
      if (status !== 'started' || owner !== worker || !token) return
      const [task, attempt, timeout, retry, failures] = rest
      const job = parseClaimed(queue, part[i]!, token, { task, attempt, timeout, retry, failures })
      held.push({ ...job, startedAt: Number(startedAt ?? now), now })
    })
  }
  return held
}

const FIELDS = ['status', 'worker', 'token', 'started_at', 'task', 'attempt', 'timeout', 'retry', 'failures']
