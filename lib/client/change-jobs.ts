import { show } from '../duration.ts'
import { isWaiting } from '../job/state.ts'
import { cancelJob, type Place, readJob, removeJobs, requeueJob } from '../store/jobs.ts'
import { deliverOutbox } from '../store/maintain.ts'
import { findPlaces } from '../store/partitions.ts'
import type { Store } from '../store/store.ts'

export type JobChange = 'requeue' | 'cancel' | 'delete' | 'promote'

export interface ChangeReport {
  done: number
  /** Those that were left alone, and why. */
  refused: { place: Place; why: string }[]
}

const AT_ONCE = 200

/** Does the same to many jobs, in few round trips. A job that is not in the right state is left alone and told of. */
export async function changeJobs(store: Store, change: JobChange, found: readonly Place[]): Promise<ChangeReport> {
  const places = await findPlaces(store, found)
  const report: ChangeReport = { done: 0, refused: [] }
  for (let at = 0; at < places.length; at += AT_ONCE) {
    const part = places.slice(at, at + AT_ONCE)
    const verdicts =
      change === 'delete' ? await removeAll(store, part) : await Promise.all(part.map((place) => changeOne(store, change, place)))
    for (const [i, why] of verdicts.entries()) {
      if (why === undefined) report.done++
      else report.refused.push({ place: found[at + i]!, why })
    }
  }
  if (change !== 'promote') for (const queue of new Set(places.map((place) => place.queue))) await deliverOutbox(store, queue)
  return report
}

/** Undefined when it was done, else why not. */
async function changeOne(store: Store, change: 'requeue' | 'cancel' | 'promote', place: Place): Promise<string | undefined> {
  if (change === 'cancel') {
    const before = await cancelJob(store, place, { reason: 'canceled', release: false })
    if (before === null) return 'it is gone'
    return isWaiting(before) || before === 'started' ? undefined : `it is ${before}`
  }
  const { before, blockedBy, waits } = await requeueJob(store, place, change, false)
  if (before === null) return 'it is gone'
  if (blockedBy !== undefined) return `its unique key ${show((await readJob(store, place))?.uniqueKey)} is held by job ${blockedBy}`
  if (waits) return 'it waits for other jobs of its workflow that failed'
  const fits = change === 'promote' ? before === 'scheduled' : !isWaiting(before) && before !== 'started'
  return fits ? undefined : `it is ${before}`
}

async function removeAll(store: Store, places: readonly Place[]): Promise<(string | undefined)[]> {
  const verdicts = new Map<Place, string | undefined>()
  for (const queue of new Set(places.map((place) => place.queue))) {
    const mine = places.filter((place) => place.queue === queue)
    const removed = await removeJobs(
      store,
      queue,
      mine.map(({ id }) => id),
    )
    mine.forEach((place, i) => verdicts.set(place, removed[i] === 'kept' ? 'it is gone' : undefined))
  }
  return places.map((place) => verdicts.get(place))
}
