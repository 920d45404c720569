import { type Place, readList, removeJobs } from '../store/jobs.ts'
import { parseRef, refOf } from '../store/keys.ts'
import { deliverOutbox } from '../store/maintain.ts'
import type { Store } from '../store/store.ts'

const AT_ONCE = 100

/** Deletes a job; with `dependents` the jobs that wait for it first, and theirs before them. A job that is gone is no error. */
export async function removeWithDependents(store: Store, job: Place, dependents: boolean): Promise<void> {
  const places = dependents ? await withDescendants(store, job) : [job]
  const queues = new Set(places.map(({ queue }) => queue))
  for (let end = places.length; end > 0; end -= AT_ONCE) {
    const part = places.slice(Math.max(0, end - AT_ONCE), end).reverse()
    for (const queue of new Set(part.map((place) => place.queue))) {
      const ids = part.filter((place) => place.queue === queue).map(({ id }) => id)
      await removeJobs(store, queue, ids)
    }
  }
  // Dependents that were not deleted hear of it now; the deleted ones can no longer be canceled.
  for (const queue of queues) await deliverOutbox(store, queue)
}

/** The job, then those that wait for it, then those that wait for them: each once, however many ways lead to it. */
async function withDescendants(store: Store, job: Place): Promise<Place[]> {
  const places: Place[] = [job]
  const seen = new Set([refOf(job.queue, job.id, '')])
  for (let at = 0; at < places.length; ) {
    const part = places.slice(at, at + AT_ONCE)
    at += part.length
    const lists = await Promise.all(part.map((place) => readList(store, place, 'dependents')))
    for (const [i, refs] of lists.entries()) {
      for (const ref of refs) {
        const child = parseRef(ref, part[i]!.queue)
        const key = refOf(child.queue, child.id, '')
        if (!seen.has(key)) places.push(child)
        seen.add(key)
      }
    }
  }
  return places
}
