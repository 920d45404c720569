import { toFields } from '../store/hash.ts'
import { scanQueue } from '../store/queues.ts'
import type { Store } from '../store/store.ts'

/** One queue as the checker sees it: ids, scores and the small fields of each job; never a payload. */
export interface QueueState {
  queue: string
  /** Redis time after everything was read. */
  now: number
  /** Of level 0, in the order in which they run. */
  list: string[]
  /** Other levels than 0 → their lists. */
  levels: Map<number, string[]>
  /** Those of which claims know. */
  knownLevels: readonly number[]
  /** started · scheduled · deferred · finished · failed · canceled · expiry:STATUS → id → score */
  zsets: Map<string, Map<string, number>>
  jobs: Map<string, JobState>
  /** Held back by limits: id → turn; gate → its ids and turns; gate → ids inside. */
  parked: Map<string, number>
  lanes: Map<string, Map<string, number>>
  held: Map<string, Set<string>>
  gates: Map<string, number>
  outbox: string[]
  unlinked: Set<string>
  unique: Map<string, string>
  wakeMarkers: number
  /** Names of keys that are not of the type they should be. */
  broken: string[]
}

export interface JobState {
  /** Null when there is no hash, only keys that belong to one. */
  fields: Readonly<Record<string, string>> | null
  /** Epoch ms at which Redis drops the key, by name: '' for the hash, then its parts. Absent when it is not there. */
  dies: Map<string, number>
  waits?: string[]
  dependents?: string[]
  attempts?: string[]
}

export const ZSETS = [
  'started',
  'scheduled',
  'deferred',
  'finished',
  'failed',
  'canceled',
  'expiry:queued',
  'expiry:scheduled',
  'expiry:deferred',
] as const
const FIELDS = [
  'status',
  'origin',
  'token',
  'attempt',
  'worker',
  'started_at',
  'ended_at',
  'expires_at',
  'flags',
  'failures',
  'retry',
  'unique',
  'reason',
  'meta',
  'parents',
  'tags',
  'priority',
  'task',
  'concurrency_key',
] as const
const CHUNK = 500

export async function readQueueState(store: Store, queue: string): Promise<QueueState> {
  const names = await scanQueue(store, queue)
  const read = new Reader(store, queue)
  const state: QueueState = {
    queue,
    now: 0,
    list: await read.strings('queue', 'LRANGE', 0, -1),
    levels: new Map(),
    knownLevels: await read.numbers('meta', 'levels'),
    zsets: new Map(),
    parked: await read.scores('parked'),
    lanes: new Map(),
    held: new Map(),
    gates: await read.scores('gates'),
    jobs: new Map(),
    outbox: await read.strings('outbox', 'LRANGE', 0, -1),
    unlinked: new Set(await read.strings('unlinked', 'SMEMBERS')),
    unique: new Map(),
    wakeMarkers: Number((await read.one('wake', 'LLEN')) ?? 0),
    broken: read.broken,
  }
  for (const name of ZSETS) state.zsets.set(name, await read.scores(name))
  for (const name of names) {
    if (name.startsWith('queue:')) state.levels.set(Number(name.slice(6)), await read.strings(name, 'LRANGE', 0, -1))
    if (name.startsWith('parked:')) state.lanes.set(name.slice(7), await read.scores(name))
    if (name.startsWith('held:')) state.held.set(name.slice(5), new Set(await read.strings(name, 'SMEMBERS')))
    if (name.startsWith('unique:')) state.unique.set(name.slice(7), ((await read.one(name, 'GET')) as string | null) ?? '')
  }
  const parts = names.filter((name) => name.startsWith('job:')).map((name) => name.slice(4).split(':') as [string, string?])
  for (let at = 0; at < parts.length; at += CHUNK) {
    read.now = await store.now()
    await Promise.all(parts.slice(at, at + CHUNK).map(([id, part]) => readPart(read, jobOf(state, id), id, part)))
  }
  state.now = await store.now()
  return state
}

function jobOf(state: QueueState, id: string): JobState {
  const known = state.jobs.get(id)
  if (known !== undefined) return known
  const fresh: JobState = { fields: null, dies: new Map() }
  state.jobs.set(id, fresh)
  return fresh
}

async function readPart(read: Reader, job: JobState, id: string, part = ''): Promise<void> {
  const name = part === '' ? `job:${id}` : `job:${id}:${part}`
  if (part === '') job.fields = await read.hash(name)
  else if (part === 'waits') job.waits = await read.strings(name, 'SMEMBERS')
  else if (part === 'dependents' || part === 'attempts') job[part] = await read.strings(name, 'LRANGE', 0, -1)
  if (part === 'waits' || part === 'dependents') return
  const dies = await read.dies(name)
  if (dies !== null) job.dies.set(part, dies)
}

class Reader {
  readonly broken: string[] = []
  now = 0
  readonly #store: Store
  readonly #base: string

  constructor(store: Store, queue: string) {
    this.#store = store
    this.#base = store.keys.base(queue)
  }

  async one(name: string, command: string, ...args: (string | number)[]): Promise<unknown> {
    try {
      return await this.#store.client.call(command, this.#base + name, ...args)
    } catch (error) {
      if (!(error instanceof Error) || !error.message.includes('WRONGTYPE')) throw error
      this.broken.push(name)
      return null
    }
  }

  async strings(name: string, command: string, ...args: (string | number)[]): Promise<string[]> {
    const reply = await this.one(name, command, ...args)
    return reply === null ? [] : [...(reply as Iterable<unknown>)].map(String)
  }

  /** Numbers in a field of a hash, with spaces between. */
  async numbers(name: string, field: string): Promise<number[]> {
    const text = (await this.one(name, 'HGET', field)) as string | null
    return text === null ? [] : text.split(' ').map(Number)
  }

  async hash(name: string): Promise<Record<string, string> | null> {
    const values = (await this.one(name, 'HMGET', ...FIELDS)) as (string | null)[] | null
    if (values === null) return null
    const flat = FIELDS.flatMap((field, i) => (values[i] === null || values[i] === undefined ? [] : [field, values[i]]))
    return toFields(flat) ?? ((await this.one(name, 'EXISTS')) === 1 ? {} : null)
  }

  /** Member and score alternate on RESP2 and come in pairs on RESP3. */
  async scores(name: string): Promise<Map<string, number>> {
    const flat = ((await this.one(name, 'ZRANGE', 0, -1, 'WITHSCORES')) ?? []) as unknown[]
    const list = flat.flat()
    const scores = new Map<string, number>()
    for (let i = 0; i + 1 < list.length; i += 2) {
      const score = String(list[i + 1])
      scores.set(String(list[i]), score === 'inf' || score === '+inf' ? Number.POSITIVE_INFINITY : Number(score))
    }
    return scores
  }

  /** Infinity for a key without a TTL, null for one that is gone. */
  async dies(name: string): Promise<number | null> {
    const ttlMs = Number(await this.one(name, 'PTTL'))
    if (ttlMs === -2) return null
    return ttlMs === -1 ? Number.POSITIVE_INFINITY : this.now + ttlMs
  }
}
