import { split } from '../split.ts'
import { deliverOutbox, linkParents, mendJobs } from '../store/maintain.ts'
import { queueNames, scanQueue } from '../store/queues.ts'
import type { Store } from '../store/store.ts'
import { checkInvariants, type InvariantOptions, type Violation, WRONG_TYPE } from './invariants.ts'

export interface Repair {
  mended: Violation[]
  /** What no other field tells: attempts, failures. */
  left: Violation[]
}

/** A mended job may show what else is wrong: its parent, its children. */
const ROUNDS = 3
const JOBS_PER_CALL = 100

/**
 * Mends what the checker finds, one queue after the other: jobs that are in no container, or in several, entries and keys without a job,
 * children whose parents ended in silence. Safe while workers run: each job is looked at again in the step that mends it, and a running
 * attempt keeps its token. Nothing is changed where all is well.
 */
export async function repair(store: Store, options: InvariantOptions = {}): Promise<Repair> {
  const result: Repair = { mended: [], left: [] }
  for (const queue of options.queues ?? (await queueNames(store))) {
    const found = await checkInvariants(store, { queues: [queue] })
    let left = found
    for (let round = 0; round < ROUNDS && left.length > 0; round++) {
      await mend(store, queue, left)
      left = await checkInvariants(store, { queues: [queue] })
    }
    const remains = new Set(left.map(({ rule, id }) => `${rule} ${id}`))
    result.mended.push(...found.filter(({ rule, id }) => !remains.has(`${rule} ${id}`)))
    result.left.push(...left)
  }
  return result
}

async function mend(store: Store, queue: string, violations: readonly Violation[]): Promise<void> {
  const base = store.keys.base(queue)
  const names = new Set<string>()
  for (const { id, text } of violations) {
    const list = /^queue:(-?\d+)$/.test(id)
    if (text === WRONG_TYPE)
      await store.client.call('RENAME', base + id, `${base}corrupt:${id.replace(/^job:/, '')}`).catch(() => undefined)
    else if (id === 'wake') await store.client.call('LTRIM', base + id, 0, 0)
    else if (list) for (const waiting of (await store.client.call('LRANGE', base + id, 0, -1)) as string[]) names.add(waiting)
    else if (!/^(parked|held):|^gates /.test(id)) names.add(id.startsWith('job:') ? id.split(':')[1]! : id)
  }
  if (violations.some(({ text }) => /gate|inside|parked/.test(text)))
    for (const gate of await gatesOf(store, queue)) names.add(`gate:${gate}`)
  const all = [...names]
  for (const part of split(all, JOBS_PER_CALL)) await mendJobs(store, queue, part)
  for (const { id, rule } of violations) if (rule === 8) await linkParents(store, queue, id, true)
  await deliverOutbox(store, queue)
}

/** Gates of limits, also such as nobody looks at. */
async function gatesOf(store: Store, queue: string): Promise<string[]> {
  const known = (await store.client.call('ZRANGE', `${store.keys.base(queue)}gates`, 0, -1)) as string[]
  const kept = (await scanQueue(store, queue)).flatMap((name) => /^(?:parked|held):(.+)$/.exec(name)?.[1] ?? [])
  return [...new Set([...known, ...kept])]
}
