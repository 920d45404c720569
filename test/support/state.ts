import { type JobStatus, registryOf } from '../../lib/job/state.ts'
import type { Store } from '../../lib/store/store.ts'
import { type RawKey, readKeySpace } from './keyspace.ts'

/** 'now', '+60s', '-20s' or 'forever'. Steps of 20 s, so that the time a test takes never shows. */
export type Time = string

export interface AttemptLine {
  attempt: number
  worker: string
  startedAt: Time
  endedAt: Time
  outcome: string
  error?: unknown
}

/** Fields of the hash that differ from what every job has (null: absent), and the keys that hang on a job. */
export interface JobSpec {
  waits?: string[]
  dependents?: string[]
  attempts?: AttemptLine[]
  logs?: string[]
  /** Of a job of a workflow that was canceled with its parents. */
  unmet?: string[]
  dead?: string[]
  inputs?: Record<string, string>
  [field: string]: unknown
}

export type Scores = Record<string, Time>

/** A whole queue. An id in a container has a job of that status, with the fields that such a job must have; `jobs` says what is special. */
export interface State {
  queue?: string[]
  /** Keys of limits, by name: zsets and sets as members (a finite score of `gates` after an @), lists as times, hashes as they are. */
  aside?: Record<string, string[] | Record<string, string>>
  /** Level other than 0 → its list. */
  levels?: Record<string, string[]>
  started?: Scores
  scheduled?: Scores
  deferred?: Scores
  finished?: Scores
  failed?: Scores
  canceled?: Scores
  'expiry:queued'?: Scores
  'expiry:scheduled'?: Scores
  'expiry:deferred'?: Scores
  /** null: the id is there, the hash is not. */
  jobs?: Record<string, JobSpec | null>
  wake?: number
  outbox?: string[]
  unlinked?: string[]
  unique?: Record<string, string>
  claims?: Record<string, string>
  leader?: string
  meta?: Record<string, string>
  /** Name of the key → when it dies, where that is not what follows from the rest. */
  dies?: Record<string, Time>
  /** Keys that are plain texts and should not be. */
  wrong?: Record<string, string>
}

const ZSETS = [
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
const TIMES = new Set(['created_at', 'enqueued_at', 'started_at', 'ended_at', 'run_at', 'expires_at', 'startedAt', 'endedAt'])
const PARTS = ['waits', 'dependents', 'attempts', 'logs', 'unmet', 'dead', 'inputs'] as const
const KEPT_PARTS = ['attempts', 'logs', 'unmet', 'dead', 'inputs'] as const
const STEP_MS = 20_000

/** A state with everything said: what `seed` writes and `snapshot` reads. */
export type FullState = Required<State>

export function expand(state: State, name: string): FullState {
  const full: FullState = {
    ...(Object.fromEntries(ZSETS.map((zset) => [zset, { ...state[zset] }])) as Pick<FullState, (typeof ZSETS)[number]>),
    queue: state.queue ?? [],
    levels: state.levels ?? {},
    aside: state.aside ?? {},
    jobs: {},
    wake: state.wake ?? 0,
    outbox: state.outbox ?? [],
    unlinked: [...(state.unlinked ?? [])].sort(),
    unique: state.unique ?? {},
    claims: state.claims ?? {},
    leader: state.leader ?? '',
    meta: state.meta ?? { version: '1', listed: '1' },
    dies: {},
    wrong: state.wrong ?? {},
  }
  const specs = state.jobs ?? {}
  for (const [container, ids] of containersOf(full)) {
    for (const id of ids) {
      if (specs[id] === null || `job:${id}` in full.wrong) continue
      const score = container === 'queue' ? undefined : full[container as 'started'][id]
      const job = normalise({ ...usual(container, name, score), ...specs[id] })
      full.jobs[id] = job
      if (registryOf(String(job['status']) as JobStatus) === container) Object.assign(full.dies, deathsOf(id, job, container, score))
    }
  }
  for (const [id, special] of Object.entries(specs)) if (special !== null && !(id in full.jobs)) full.jobs[id] = normalise(special)
  for (const worker of Object.keys(full.claims)) full.dies[`claim:${worker}`] = '+60s'
  if (full.leader !== '') full.dies['leader'] = '+60s'
  Object.assign(full.dies, state.dies)
  for (const [key, time] of Object.entries(full.dies)) if (time === 'forever') delete full.dies[key]
  return full
}

function containersOf(full: FullState): [string, string[]][] {
  return [
    ['queue', full.queue],
    ['queue', (full.aside['parked'] ?? []) as string[]],
    ...Object.values(full.levels).map((ids): [string, string[]] => ['queue', ids]),
    ...ZSETS.slice(0, 6).map((zset): [string, string[]] => [zset, Object.keys(full[zset])]),
  ]
}

function usual(container: string, origin: string, score: Time | undefined): JobSpec {
  const job: JobSpec = { origin, task: 't', args: '[]', timeout: '180000', created_at: '-60s' }
  const ran = { enqueued_at: '-60s', attempt: '1', token: 'T', worker: 'w', started_at: '-20s' }
  switch (container) {
    case 'queue':
      return { ...job, status: 'queued', enqueued_at: '-60s' }
    case 'started':
      return { ...job, ...ran, status: 'started' }
    case 'scheduled':
      return { ...job, status: 'scheduled', run_at: score }
    case 'finished':
      return { ...job, ...ran, status: 'finished', ended_at: '-20s' }
    case 'failed':
      return { ...job, ...ran, status: 'failed', ended_at: '-20s', reason: 'error', error: '{}' }
    case 'canceled':
      return { ...job, status: 'canceled', ended_at: '-20s', reason: 'canceled' }
    default:
      return { ...job, status: 'deferred' }
  }
}

function deathsOf(id: string, job: JobSpec, container: string, score: Time | undefined): Record<string, Time> {
  if (!['finished', 'failed', 'canceled'].includes(container) || score === undefined) return {}
  const keys = [`job:${id}`, ...KEPT_PARTS.flatMap((part) => (job[part] ? [`job:${id}:${part}`] : []))]
  return Object.fromEntries(keys.map((key) => [key, score]))
}

function normalise(spec: JobSpec): JobSpec {
  const fields = Object.entries(spec).filter(([, value]) => value !== null && value !== undefined)
  return Object.fromEntries(fields.map(([name, value]) => [name, typeof value === 'object' ? value : String(value)]))
}

/** Epoch ms, or '+inf', of a symbolic time; anything else stays what it is. */
function toMs(time: unknown, now: number): string {
  if (time === 'forever') return '+inf'
  if (time === 'now') return String(now)
  const offset = /^([+-]\d+)s$/.exec(String(time))?.[1]
  return offset === undefined ? String(time) : String(now + Number(offset) * 1_000)
}

export function fromMs(ms: string | number, now: number): Time {
  if (ms === 'inf' || ms === 'Infinity' || ms === '+inf') return 'forever'
  if (!/^\d{12,14}(\.0+)?$/.test(String(ms))) return String(ms)
  const seconds = (Math.floor((Number(ms) - now) / STEP_MS) * STEP_MS) / 1_000
  return seconds === 0 ? 'now' : seconds > 0 ? `+${seconds}s` : `${seconds}s`
}

/** Writes a state into an empty queue, as seen from Redis time `now`. */
export async function seed(store: Store, name: string, state: State, now: number): Promise<void> {
  const base = store.keys.base(name)
  const full = expand(state, name)
  const commands: [string, ...string[]][] = []
  const write = (command: string, key: string, values: readonly string[]): void => {
    if (values.length > 0) commands.push([command, base + key, ...values])
  }
  for (const zset of ZSETS)
    write(
      'ZADD',
      zset,
      Object.entries(full[zset]).flatMap(([id, time]) => [toMs(time, now), id]),
    )
  for (const [id, job] of Object.entries(full.jobs)) {
    const fields = Object.entries(job!).filter(([field]) => !PARTS.includes(field as 'waits'))
    write(
      'HSET',
      `job:${id}`,
      fields.flatMap(([field, value]) => [field, TIMES.has(field) ? toMs(value, now) : String(value)]),
    )
    write('SADD', `job:${id}:waits`, job!.waits ?? [])
    write('RPUSH', `job:${id}:dependents`, job!.dependents ?? [])
    write(
      'RPUSH',
      `job:${id}:attempts`,
      (job!.attempts ?? []).map((line) => JSON.stringify(line, (k, v) => (TIMES.has(k) ? Number(toMs(v, now)) : v))),
    )
    write('RPUSH', `job:${id}:logs`, job!.logs ?? [])
    for (const part of ['unmet', 'dead'] as const) write('SADD', `job:${id}:${part}`, job![part] ?? [])
    write('HSET', `job:${id}:inputs`, Object.entries(job!.inputs ?? {}).flat())
  }
  for (const list of ['queue', 'outbox'] as const) write('RPUSH', list, full[list])
  for (const [level, ids] of Object.entries(full.levels)) write('RPUSH', `queue:${level}`, ids)
  for (const [key, value] of Object.entries(full.aside)) {
    if (!Array.isArray(value)) write('HSET', key, Object.entries(value).flat())
    else if (key.startsWith('held:')) write('SADD', key, value)
    else if (key.startsWith('rate'))
      write(
        'RPUSH',
        key,
        value.map((time) => toMs(time, now)),
      )
    else if (key === 'gates')
      write(
        'ZADD',
        key,
        value.flatMap((gate) => [toMs(gate.split('@')[1] ?? 'forever', now), gate.split('@')[0]!]),
      )
    else
      write(
        'ZADD',
        key,
        value.flatMap((id, i) => [String(i + 1), id]),
      )
  }
  write(
    'RPUSH',
    'wake',
    Array.from({ length: full.wake }, () => '1'),
  )
  write('SADD', 'unlinked', full.unlinked)
  write('HSET', 'meta', Object.entries(full.meta).flat())
  for (const [key, owner] of Object.entries(full.unique)) write('SET', `unique:${key}`, [owner])
  for (const [worker, text] of Object.entries(full.claims)) write('SET', `claim:${worker}`, [text])
  if (full.leader !== '') write('SET', 'leader', [full.leader])
  for (const [key, text] of Object.entries(full.wrong)) write('SET', key, [text])
  for (const [key, time] of Object.entries(full.dies)) commands.push(['PEXPIREAT', base + key, toMs(time, now)])
  await store.client.callAll(commands)
}

/** The whole queue, times as seen from `now`. What has no place in a state shows under `wrong`. */
export async function snapshot(store: Store, name: string, now: number): Promise<FullState> {
  const base = store.keys.base(name)
  const keys = await readKeySpace(store, `${base}*`)
  const full = expand({ meta: {} }, name)
  for (const [key, raw] of Object.entries(keys)) {
    place(full, key.slice(base.length), raw, now)
    if (raw.dies !== undefined) full.dies[key.slice(base.length)] = fromMs(raw.dies, now)
  }
  return full
}

function asideOf(key: string, type: string, value: unknown, now: number): string[] | Record<string, string> {
  if (type === 'hash') return value as Record<string, string>
  if (type === 'list') return (value as string[]).map((time) => fromMs(time, now))
  if (type === 'set') return [...(value as string[])].sort()
  const scores = Object.entries(value as Record<string, number>).sort((a, b) => Number(a[1]) - Number(b[1]))
  if (key !== 'gates') return scores.map(([id]) => id)
  return scores.map(([gate, score]) => (fromMs(score, now) === 'forever' ? gate : `${gate}@${fromMs(score, now)}`)).sort()
}

function place(full: FullState, key: string, { type, value }: RawKey, now: number): void {
  const [, id, part = ''] = /^job:([^:]+)(?::(.+))?$/.exec(key) ?? []
  if (id !== undefined && part === '' && type === 'hash') {
    const fields = Object.entries(value).map(([field, text]) => [field, TIMES.has(field) ? fromMs(text, now) : text])
    full.jobs[id] = { ...full.jobs[id], ...Object.fromEntries(fields) }
  } else if (id !== undefined && PARTS.includes(part as 'waits') && Array.isArray(value)) {
    const read = (line: string): unknown => JSON.parse(line, (k, v) => (TIMES.has(k) ? fromMs(v, now) : v))
    full.jobs[id] = { ...full.jobs[id], [part]: part === 'attempts' ? value.map(read) : value }
  } else if (id !== undefined && part === 'inputs' && type === 'hash') {
    full.jobs[id] = { ...full.jobs[id], inputs: value as Record<string, string> }
  } else if (ZSETS.includes(key as 'started') && type === 'zset') {
    full[key as 'started'] = Object.fromEntries(Object.entries(value).map(([member, score]) => [member, fromMs(score, now)]))
  } else if ((key === 'queue' || key === 'outbox' || key === 'unlinked') && Array.isArray(value)) full[key] = value
  else if (key.startsWith('queue:') && Array.isArray(value)) full.levels[key.slice(6)] = value
  else if (/^(parked|held|gates|rate|limits)/.test(key) && type !== 'string') full.aside[key] = asideOf(key, type, value, now)
  else if (key === 'wake' && Array.isArray(value)) full.wake = value.length
  else if (key === 'meta' && type === 'hash') full.meta = value as Record<string, string>
  else if (key.startsWith('unique:') && type === 'string') full.unique[key.slice(7)] = String(value)
  else if (key.startsWith('claim:') && type === 'string') full.claims[key.slice(6)] = String(value)
  else if (key === 'leader' && type === 'string') full.leader = String(value)
  else full.wrong[key] = type === 'string' ? String(value) : type
}
