import { hasEnded, isStatus, isWaiting, registryOf } from '../job/state.ts'
import { parseRef, refOf } from '../store/keys.ts'
import { queueNames } from '../store/queues.ts'
import type { Store } from '../store/store.ts'
import { gates } from './invariants-gates.ts'
import { type JobState, type QueueState, readQueueState } from './queue-state.ts'

/**
 * Something that must never be. The rules:
 * 1 an id is in one container, once (what a limit holds back is in the queue too) · 2 a container's ids have hashes that agree, and the reverse · 3 a started job has a lease and a
 * token, no other has · 4 attempts only grow, and one has at most one outcome · 5 failures stay within the retries · 7 a unique key has
 * a live owner · 8 a deferred job waits for a parent that will tell it · 9 nothing outlives its job, no job its retention.
 * (6, a lost attempt writes nothing, cannot be seen in one state.)
 */
export interface Violation {
  rule: number
  queue: string
  /** A job, or the key that is wrong. */
  id: string
  text: string
}

export interface InvariantOptions {
  /** Default: all queues. */
  queues?: readonly string[]
}

type Found = Generator<[rule: number, id: string, text: string]>

/** Said of a key, not of a job. */
export const WRONG_TYPE = 'the key is not of the type it should be'
/** Registry scores and key TTLs are written by one script but measured by two calls. */
const SLACK_MS = 1_000
const REGISTRIES = ['finished', 'failed', 'canceled'] as const
/** Keys that live as long as their job, and the flag by which the scripts know of them. */
const BELONGINGS = [
  ['attempts', 'x'],
  ['logs', 'x'],
  ['inputs', 'g'],
  ['unmet', 'g'],
  ['dead', 'g'],
] as const
const WAITING = ['queued', 'scheduled', 'deferred'] as const

/** Reads whole queues and tells what is wrong with them; changes nothing. Empty when all is well. */
export async function checkInvariants(store: Store, options: InvariantOptions = {}): Promise<Violation[]> {
  const queues = options.queues ?? (await queueNames(store))
  const found = await check(store, queues)
  if (found.length === 0) return found
  // A job that moved between two reads looks wrong once; only what looks wrong twice is.
  const nameOf = ({ rule, queue, id }: Violation): string => `${rule} ${queue} ${id}`
  const again = new Set((await check(store, queues)).map(nameOf))
  return found.filter((violation) => again.has(nameOf(violation)))
}

async function check(store: Store, queues: readonly string[]): Promise<Violation[]> {
  const found: Violation[] = []
  for (const queue of queues) {
    const state = await readQueueState(store, queue)
    for (const rule of [keyTypes, containers, records, leases, attempts, gates, uniqueKeys, parents, expiries, leftovers]) {
      for (const [number, id, text] of rule(state)) found.push({ rule: number, queue, id, text })
    }
    for await (const [number, id, text] of strangers(store, state)) found.push({ rule: number, queue, id, text })
  }
  return found
}

/** Where an id is now; what is past its retention is gone, whether or not it was swept. */
function placesOf(state: QueueState): Map<string, string[]> {
  const places = new Map<string, string[]>()
  const add = (id: string, place: string): void => {
    places.set(id, [...(places.get(id) ?? []), place])
  }
  for (const id of [state.list, ...state.levels.values()].flat()) add(id, 'queue')
  for (const id of state.parked.keys()) add(id, 'queue')
  for (const name of ['started', 'scheduled', 'deferred'] as const) for (const id of state.zsets.get(name)!.keys()) add(id, name)
  for (const name of REGISTRIES) for (const [id, score] of state.zsets.get(name)!) if (score > state.now + SLACK_MS) add(id, name)
  return places
}

function* liveJobs(state: QueueState): Generator<[id: string, job: JobState, fields: NonNullable<JobState['fields']>]> {
  for (const [id, job] of state.jobs) if (job.fields !== null) yield [id, job, job.fields]
}

function* keyTypes(state: QueueState): Found {
  for (const name of state.broken) yield [2, name, WRONG_TYPE]
  if (state.wakeMarkers > 1) yield [9, 'wake', `${state.wakeMarkers} markers, at most one is needed`]
}

function* containers(state: QueueState): Found {
  const places = placesOf(state)
  for (const [id, list] of places) {
    if (list.length > 1) yield [1, id, `is in ${list.join(' and ')}`]
    if (state.jobs.get(id)?.fields == null) yield [2, id, `is in ${list.join(' and ')}, but there is no job`]
  }
  for (const [level, list] of [[0, state.list] as const, ...state.levels]) {
    for (const id of list) {
      const priority = Number(state.jobs.get(id)?.fields?.['priority'] ?? 0)
      if (priority !== level) yield [2, id, `waits in level ${level}, and its priority is ${priority}`]
    }
    if (level !== 0 && !state.knownLevels.includes(level)) yield [2, `queue:${level}`, 'has jobs that no claim looks for']
  }
  for (const [id, job, fields] of liveJobs(state)) {
    const { status } = fields
    if (!isStatus(status)) yield [2, id, `has the unknown status '${status ?? ''}'`]
    else if (!(places.get(id) ?? []).includes(registryOf(status)) && job.dies.get('')! > state.now + SLACK_MS) {
      yield [2, id, `is ${status}, but not in ${registryOf(status)}`]
    }
    if (fields['origin'] !== state.queue) yield [2, id, `says that its queue is '${fields['origin'] ?? ''}'`]
  }
}

function* records(state: QueueState): Found {
  for (const [id, , fields] of liveJobs(state)) {
    const { status, flags = '' } = fields
    if (!isStatus(status)) continue
    const ended = hasEnded(status)
    if (ended !== 'ended_at' in fields) yield [2, id, `is ${status} and ended_at is ${fields['ended_at'] ?? 'unset'}`]
    if (ended && (status === 'finished') === 'reason' in fields)
      yield [2, id, `is ${status} and its reason is ${fields['reason'] ?? 'unset'}`]
    if (isWaiting(status) && ('worker' in fields || 'started_at' in fields)) yield [2, id, `is ${status}, but has a worker or started_at`]
    const unsaid = (['retry', 'meta', 'parents', 'tags'] as const).filter((name) => name in fields)
    if (Number(fields['priority'] ?? 0) !== 0 && !flags.includes('l'))
      yield [2, id, `has a priority, but its flags '${flags}' do not say so (l)`]
    if (unsaid.length > 0 && !flags.includes('m')) yield [2, id, `has ${unsaid.join(', ')}, but its flags '${flags}' do not say so (m)`]
  }
}

function* leases(state: QueueState): Found {
  for (const [id, , fields] of liveJobs(state)) {
    const lease = state.zsets.get('started')!.get(id)
    if (fields['status'] === 'started' && lease === undefined) yield [3, id, 'is started, but nobody holds a lease']
    if (fields['status'] === 'started' && !('token' in fields && 'worker' in fields))
      yield [3, id, 'is started, but has no token or no worker']
    if (lease === Number.POSITIVE_INFINITY) yield [3, id, 'has a lease that never ends']
  }
}

function* attempts(state: QueueState): Found {
  for (const [id, job, fields] of liveJobs(state)) {
    const attempt = Number(fields['attempt'] ?? 0)
    const ran = fields['status'] === 'started' || fields['status'] === 'finished' || fields['status'] === 'stopped'
    if (!Number.isInteger(attempt) || attempt < (ran ? 1 : 0))
      yield [4, id, `is ${fields['status']} at attempt '${fields['attempt'] ?? ''}'`]
    const history = (job.attempts ?? []).map((line) => property(line, 'attempt'))
    const grows = history.every((number, i) => i === 0 || number > history[i - 1]!)
    const last = history.at(-1) ?? 0
    const open = fields['status'] === 'started' || fields['status'] === 'finished'
    if (history.length > 0 && (!grows || last > attempt || (open && last >= attempt)))
      yield [4, id, `is ${fields['status']} at attempt ${attempt} after ${history.join(', ')}`]
    const max = property(fields['retry'] ?? '{}', 'max')
    if (Number(fields['failures'] ?? 0) > max + 1)
      yield [5, id, `has failed ${fields['failures']} times, though it may be retried ${max} times`]
  }
}

/** A number out of JSON that may be broken; NaN when it is not there. */
function property(json: string, name: string): number {
  try {
    return Number((JSON.parse(json) as Record<string, unknown>)[name])
  } catch {
    return Number.NaN
  }
}

function* uniqueKeys(state: QueueState): Found {
  for (const [key, owner] of state.unique) {
    const fields = state.jobs.get(owner)?.fields
    if (fields == null) yield [7, `unique:${key}`, `is held by ${owner}, which is not there`]
    else if (isStatus(fields['status']) && hasEnded(fields['status']))
      yield [7, `unique:${key}`, `is held by ${owner}, which is ${fields['status']}`]
    else if (fields['unique'] !== key || !fields['flags']?.includes('u'))
      yield [7, `unique:${key}`, `is held by ${owner}, which does not know`]
  }
}

/** Jobs whose end, or new beginning, their children are about to hear of. */
function telling(state: QueueState): Set<string> {
  const heads = state.outbox.map((message) => message.split(' ', 2) as [string, string?])
  return new Set(heads.flatMap(([id, outcome]) => (outcome === 'call' ? [] : [id])))
}

function* parents(state: QueueState): Found {
  const told = telling(state)
  for (const [id, job, fields] of liveJobs(state)) {
    const deferred = fields['status'] === 'deferred'
    if (deferred && !job.waits?.length) yield [8, id, 'is deferred, but waits for no parent']
    for (const parent of deferred ? (job.waits ?? []) : []) {
      if (parent.includes('/')) continue
      const { fields: of, dependents } = state.jobs.get(parent) ?? { fields: null }
      const alive = of !== null && isStatus(of['status']) && !hasEnded(of['status'])
      if (!dependents?.includes(id) || !(alive || told.has(parent))) yield [8, id, `waits for ${parent}, which will not tell`]
    }
    const live = isStatus(fields['status']) && !hasEnded(fields['status'])
    if (live && job.dependents?.length && !fields['flags']?.includes('d')) yield [8, id, 'has dependents, but its flags do not say so (d)']
  }
}

/** A parent in another queue knows the child, or the child is still to be made known. */
async function* strangers(store: Store, state: QueueState): AsyncGenerator<[number, string, string]> {
  for (const [id, job, fields] of liveJobs(state)) {
    if (fields['status'] !== 'deferred' || state.unlinked.has(id)) continue
    for (const ref of job.waits ?? []) {
      const parent = parseRef(ref, state.queue)
      if (parent.queue === state.queue) continue
      const list = store.keys.jobPart(parent.queue, parent.id, 'dependents')
      const at = await store.client.call('LPOS', list, refOf(state.queue, id, parent.queue)).catch(() => null)
      if (at === null) yield [8, id, `waits for ${ref}, which does not know it`]
    }
  }
}

function* expiries(state: QueueState): Found {
  for (const status of WAITING) {
    const index = state.zsets.get(`expiry:${status}`)!
    for (const [id, score] of index) {
      const fields = state.jobs.get(id)?.fields
      if (fields?.['status'] !== status || Number(fields['expires_at']) !== score) yield [2, id, `is in expiry:${status} without cause`]
    }
    for (const [id, , fields] of liveJobs(state)) {
      if (fields['status'] === status && 'expires_at' in fields && !index.has(id))
        yield [2, id, `has a ttl, but is not in expiry:${status}`]
    }
  }
}

function* leftovers(state: QueueState): Found {
  const told = telling(state)
  for (const [id, job] of state.jobs) {
    const { fields, dies } = job
    const status = fields?.['status']
    const ended = isStatus(status) && hasEnded(status)
    if (job.waits && status !== 'deferred') yield [9, `job:${id}:waits`, 'outlives the wait']
    if (job.dependents && (fields === null || ended) && !told.has(id))
      yield [9, `job:${id}:dependents`, 'outlives the job, and no message is under way']
    const own = dies.get('') ?? Number.NEGATIVE_INFINITY
    for (const [part, flag] of BELONGINGS) {
      if (!dies.has(part)) continue
      if (!near(dies.get(part)!, own)) yield [9, `job:${id}:${part}`, 'does not die with its job']
      if (fields !== null && !fields['flags']?.includes(flag)) yield [9, id, `has ${part}, but its flags do not say so (${flag})`]
    }
    if (fields === null || !isStatus(status)) continue
    const kept = ended ? state.zsets.get(registryOf(status))?.get(id) : Number.POSITIVE_INFINITY
    if (kept !== undefined && !near(own, kept)) yield [9, id, `is ${status}; its key is not kept as long as it should be`]
  }
  for (const id of state.unlinked) {
    if (state.jobs.get(id)?.fields?.['status'] !== 'deferred') yield [9, id, 'is in unlinked, but not deferred']
  }
}

function near(a: number, b: number): boolean {
  return a === b || Math.abs(a - b) <= SLACK_MS
}
