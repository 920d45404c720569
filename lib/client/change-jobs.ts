import { show } from '../duration.ts'
import { isWaiting, type JobStatus } from '../job/state.ts'
import { split } from '../split.ts'
import { cancelJobs, type Place, readJob, removeJobs, requeueJob } from '../store/jobs.ts'
import { deliverOutbox } from '../store/maintain.ts'
import { findPlaces } from '../store/partitions.ts'
import type { Store } from '../store/store.ts'

export type JobChange = 'requeue' | 'cancel' | 'delete' | 'promote'

export interface ChangeReport {
  done: number
  /** Those that were left alone, and why. */
  refused: ({ place: Place } & WhyNot)[]
}

/** For people, and the same for who says it in another language. */
export interface WhyNot {
  why: string
  what: 'gone' | 'state' | 'unique' | 'workflow'
  facts: Readonly<Record<string, string | number>>
}

const AT_ONCE = 500

/** Does the same to many jobs, in few round trips. A job that is not in the right state is left alone and told of. */
export async function changeJobs(
  store: Store,
  change: JobChange,
  found: readonly Place[],
  { atFront = false }: { atFront?: boolean } = {},
): Promise<ChangeReport> {
  const places = await findPlaces(store, found)
  const report: ChangeReport = { done: 0, refused: [] }
  const verdicts: Verdict[] = []
  for (const part of split(places, AT_ONCE)) {
    const some = await (change === 'delete'
      ? byQueue(part, (queue, ids) => deleteSome(store, queue, ids))
      : change === 'cancel'
        ? byQueue(part, (queue, ids) => cancelSome(store, queue, ids))
        : Promise.all(part.map((place) => requeueOne(store, change, place, atFront))))
    verdicts.push(...some)
  }
  for (const [i, whyNot] of verdicts.entries()) {
    if (whyNot === undefined) report.done++
    else report.refused.push({ place: found[i]!, ...whyNot })
  }
  if (change !== 'promote') for (const queue of new Set(places.map((place) => place.queue))) await deliverOutbox(store, queue)
  return report
}

const GONE: WhyNot = { why: 'it is gone', what: 'gone', facts: {} }
const inState = (state: JobStatus): WhyNot => ({ why: `it is ${state}`, what: 'state', facts: { state } })

/** Undefined when it was done. */
type Verdict = WhyNot | undefined

async function requeueOne(store: Store, change: 'requeue' | 'promote', place: Place, atFront: boolean): Promise<Verdict> {
  const { before, blockedBy, waits } = await requeueJob(store, place, change, atFront)
  if (before === null) return GONE
  if (blockedBy !== undefined) {
    const key = show((await readJob(store, place))?.uniqueKey)
    // Not the key among the facts: those are shown where the text may be redacted.
    return { why: `its unique key ${key} is held by job ${blockedBy}`, what: 'unique', facts: { by: blockedBy } }
  }
  if (waits) return { why: 'it waits for other jobs of its workflow that failed', what: 'workflow', facts: {} }
  const fits = change === 'promote' ? before === 'scheduled' : !isWaiting(before) && before !== 'started'
  return fits ? undefined : inState(before)
}

async function cancelSome(store: Store, queue: string, ids: readonly string[]): Promise<Verdict[]> {
  const all = await cancelJobs(store, queue, ids, { reason: 'canceled', release: false })
  return all.map((before) => {
    if (before === null) return GONE
    return isWaiting(before) || before === 'started' ? undefined : inState(before)
  })
}

async function deleteSome(store: Store, queue: string, ids: readonly string[]): Promise<Verdict[]> {
  const removed = await removeJobs(store, queue, ids)
  return removed.map((removal) => (removal === 'kept' ? GONE : undefined))
}

/** Those of a queue go in one call: in the order of its list, which is that of whoever searched, they cost little more than one. */
async function byQueue(places: readonly Place[], some: (queue: string, ids: readonly string[]) => Promise<Verdict[]>): Promise<Verdict[]> {
  const verdicts = new Map<Place, Verdict>()
  for (const queue of new Set(places.map((place) => place.queue))) {
    const mine = places.filter((place) => place.queue === queue)
    const said = await some(
      queue,
      mine.map(({ id }) => id),
    )
    mine.forEach((place, i) => verdicts.set(place, said[i]))
  }
  return places.map((place) => verdicts.get(place))
}
