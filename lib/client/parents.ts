import { RqtsError } from '../errors.ts'
import { queueOf } from '../partition.ts'
import { split } from '../split.ts'
import { findJob } from '../store/jobs.ts'
import { parseRef, refOf } from '../store/keys.ts'
import { linkParents } from '../store/maintain.ts'
import { queueNames } from '../store/queues.ts'
import type { Store } from '../store/store.ts'
import type { Draft } from './draft.ts'

/** Parents of other queues must be there before anything is written: no script can look into two slots. */
export async function checkForeignParents(store: Store, queue: string, drafts: readonly Draft[]): Promise<void> {
  const foreign = new Set(drafts.flatMap(({ refs }) => refs.filter((ref) => ref.includes('/'))))
  await Promise.all(
    [...foreign].map(async (ref) => {
      const parent = parseRef(ref, queue)
      if ((await findJob(store, parent.id, [parent.queue])) === null) throw unknownParent(parent.id, `queue '${queueOf(parent.queue)}'`)
    }),
  )
}

/** The script did not find a parent in this queue. Bare ids may mean a job elsewhere; then the drafts say so from now on. */
export async function findParentsElsewhere(store: Store, queue: string, drafts: readonly Draft[]): Promise<void> {
  const together = new Set(drafts.map(({ id }) => id))
  const queues = await queueNames(store)
  const order = [queue, ...queues.filter((name) => name !== queue)]
  const found = new Map<string, string>()
  for (const draft of drafts) {
    const refs: string[] = []
    for (const ref of draft.refs) refs.push(found.get(ref) ?? (await resolveRef(ref)))
    draft.refs = refs
  }

  async function resolveRef(ref: string): Promise<string> {
    if (ref.includes('/') || together.has(ref)) return ref
    const place = await findJob(store, ref, order)
    if (place === null) throw unknownParent(ref, `any of ${order.length} queues`)
    const full = refOf(place.queue, place.id, queue)
    found.set(ref, full)
    return full
  }
}

export function unknownParent(id: string, where: string): RqtsError {
  return new RqtsError(
    'RQTS_UNKNOWN_DEPENDENCY',
    `There is no job ${id} in ${where} to depend on: it was never enqueued, was deleted, or is past its resultTtl. Keep its result longer, or leave the dependency out`,
    { jobId: id },
  )
}

const LINKS_AT_ONCE = 100

/** Makes children known to their parents in other queues. */
export async function linkForeignParents(store: Store, queue: string, drafts: readonly Draft[]): Promise<void> {
  const children = drafts.filter(({ refs }) => refs.some((ref) => ref.includes('/')))
  for (const part of split(children, LINKS_AT_ONCE)) {
    await Promise.all(part.map(({ id }) => linkParents(store, queue, id)))
  }
}

/** Parents before children, otherwise in the given order. Only ids that the caller chose can be referred to within one call. */
export function parentsFirst(drafts: readonly Draft[]): Draft[] {
  const byId = new Map(drafts.filter(({ options }) => options.jobId !== undefined).map((draft) => [draft.id, draft]))
  if (byId.size === 0) return [...drafts]
  const sorted = new Set<Draft>()
  for (const draft of drafts) {
    // A walk with its own stack, which is also the path: a chain may be thousands of jobs long.
    const path = new Map<Draft, Iterator<string>>([[draft, draft.refs.values()]])
    const stack = [draft]
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const ref = sorted.has(top) ? undefined : path.get(top)!.next().value
      if (ref === undefined) {
        sorted.add(top)
        path.delete(top)
        stack.pop()
        continue
      }
      const parent = byId.get(ref)
      if (parent === undefined || sorted.has(parent)) continue
      if (path.has(parent)) throw cycle(stack.slice(stack.indexOf(parent)))
      path.set(parent, parent.refs.values())
      stack.push(parent)
    }
  }
  return [...sorted]
}

function cycle(path: readonly Draft[]): RqtsError {
  const ids = path.map(({ id }) => id)
  const shown = ids.length > 10 ? [...ids.slice(0, 9), '…'] : ids
  return new RqtsError(
    'RQTS_DEPENDENCY_CYCLE',
    `These jobs depend on each other in a circle and could never run: ${[...shown, ids[0]].join(' → ')}`,
  )
}
