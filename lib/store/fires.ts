import { RqtsError } from '../errors.ts'
import { newToken } from '../job/id.ts'
import { parseRecord } from '../job/record.ts'
import { hasEnded, type JobStatus } from '../job/state.ts'
import { enqueueJobs, type NewJob } from './enqueue.ts'
import { toFields } from './hash.ts'
import { findPlaces, homeOf, namesOf } from './partitions.ts'
import type { Arg } from './redis.ts'
import { parseTime, type Store } from './store.ts'

/** A run that was decided, and its job on the way to the target queue. */
export interface Fire {
  id: string
  text: string
}

/** A run that has no job, because `holder` has the unique key. */
export interface RefusedFire {
  unique: string | undefined
  holder: string
}

export interface RunEntry {
  id: string
  at: number
  /** Ms since the epoch, or '' to leave it to the queue. */
  runAt: number | ''
  verdict: 'fire' | 'overlap' | 'missed' | 'skipped'
}

export interface Advance {
  name: string
  /** '' for any. */
  rev: string
  /** The next run as it was read; undefined to leave it where it is. */
  from?: number
  next?: number | null
  fence?: number
  runs: readonly RunEntry[]
  /** Runs by hand do not count against the limit. */
  counted: number
}

/** Null when the schedule has moved on since it was read. Deliver what comes back; if that fails, any ticker does. */
export async function advanceSchedule(store: Store, { name, rev, from, next, fence, runs, counted }: Advance): Promise<Fire[] | null> {
  const args: Arg[] = [name, rev, from ?? '', fence ?? '', next ?? '', counted, newToken()]
  for (const run of runs) args.push(run.id, run.at, run.runAt, run.verdict)
  const [done, messages] = (await store.client.run('scheduleAdvance', [store.keys.schedules], args)) as [number, [string, string][]]
  return done === 1 ? messages.map(([id, text]) => ({ id, text })) : null
}

/**
 * Enqueues fired jobs in their order, then forgets them. An id that is there already, or was within the last hour, counts as
 * delivered, so this may be repeated.
 * Returns those that a queue refused, because another job holds their unique key.
 */
export async function deliverFires(store: Store, fires: readonly Fire[]): Promise<RefusedFire[]> {
  const byQueue = new Map<string, ParsedFire[]>()
  const done: string[] = []
  const outcomes: RunOutcome[] = []
  const refused: RefusedFire[] = []
  for (const fire of fires) {
    const parsed = await placeFire(store, parseFire(fire))
    const list = byQueue.get(parsed?.queue ?? '')
    if (parsed === undefined) done.push(fire.id)
    else if (list === undefined) byQueue.set(parsed.queue, [parsed])
    else list.push(parsed)
  }
  // Each queue by itself: one that cannot take its jobs must not hold up the others.
  const deliveries = [...byQueue].map(async ([queue, list]) => {
    const reply = await enqueueJobs(
      store,
      queue,
      list.map(({ job }) => job),
      false,
    )
    for (const [i, { job, schedule }] of list.entries()) {
      done.push(job.id)
      const outcome = reply.outcomes[i]!
      if (outcome.kind !== 'taken' && outcome.kind !== 'duplicate') continue
      outcomes.push({ schedule, id: job.id, outcome: 'refused' })
      refused.push({ unique: job.control?.unique?.key, holder: outcome.id })
    }
  })
  const settled = await Promise.allSettled(deliveries)
  if (done.length > 0) await store.client.call('HDEL', store.keys.schedulePart('fires'), ...done)
  if (outcomes.length > 0) await noteOutcomes(store, outcomes)
  const failed = settled.find((delivery) => delivery.status === 'rejected')
  if (failed) throw failed.reason
  return refused
}

async function placeFire(store: Store, fire: ParsedFire | undefined): Promise<ParsedFire | undefined> {
  return fire && { ...fire, queue: homeOf(await namesOf(store, fire.queue), fire.job) }
}

interface ParsedFire {
  queue: string
  schedule: string
  firedAt: number
  job: NewJob
}

function parseFire({ id, text }: Fire): ParsedFire | undefined {
  const [queue, schedule, times] = text.split('\n', 3)
  if (!queue || !schedule || !times) return undefined
  const [runAt, firedAt] = times.split(' ')
  try {
    const { control, fields } = JSON.parse(text.slice(queue.length + schedule.length + times.length + 3)) as Omit<NewJob, 'id'>
    const job: NewJob = {
      id,
      control: { ...control, once: 1, exists: 'return', ...(runAt && { runAt: Number(runAt) }) },
      fields: [...fields, 'schedule', schedule],
    }
    return { queue, schedule, firedAt: Number(firedAt), job }
  } catch {
    return undefined
  }
}

const LEFTOVERS_PER_CALL = 50

/** Whoever fired may still be about to deliver. */
const LEFT_AFTER_MS = 2_000

/** What a crash between an advance and its delivery has left, earliest first. `now` is Redis time. */
export async function deliverLeftovers(store: Store, now: number): Promise<void> {
  const reply = await store.client.call('HRANDFIELD', store.keys.schedulePart('fires'), LEFTOVERS_PER_CALL, 'WITHVALUES')
  // Pairs, or flat, as the protocol has it.
  const flat = (reply as unknown[]).flat() as string[]
  const fires: Fire[] = []
  for (let i = 0; i + 1 < flat.length; i += 2) fires.push({ id: flat[i]!, text: flat[i + 1]! })
  const left = fires
    .map((fire) => ({ fire, firedAt: parseFire(fire)?.firedAt ?? 0 }))
    .filter(({ firedAt }) => firedAt <= now - LEFT_AFTER_MS)
  await deliverFires(
    store,
    left.sort((a, b) => a.firedAt - b.firedAt).map(({ fire }) => fire),
  )
}

/** A run in the history of a schedule. */
export interface RunRecord {
  id: string
  at: number
  firedAt: number
  verdict: RunEntry['verdict']
  queue: string
  /** Once it is known: how its job ended, `gone` when nobody saw, `refused` when another job held its unique key. */
  outcome?: JobStatus | 'gone' | 'refused'
  endedAt?: number
}

/** The last runs (0: all that are kept), newest first, as far as it was written down how they ended. */
export async function readRuns(store: Store, name: string, count = 0): Promise<RunRecord[]> {
  const ids = (await store.client.call('LRANGE', store.keys.schedule(name, 'history'), 0, count - 1)) as string[]
  if (ids.length === 0) return []
  const texts = (await store.client.call('HMGET', store.keys.schedule(name, 'runs'), ...ids)) as (string | null)[]
  return ids.flatMap((id, i) => parseRun(id, texts[i]) ?? [])
}

/** Of each schedule the last run of which is known what became of it, in one round trip. */
export async function readLastRuns(store: Store, names: readonly string[]): Promise<(RunRecord | undefined)[]> {
  const reads = names.flatMap((name) => [
    ['LRANGE', store.keys.schedule(name, 'history'), 0, -1] as const,
    ['HGETALL', store.keys.schedule(name, 'runs')] as const,
  ])
  const replies = await store.client.callAll(reads)
  return names.map((_, i) => {
    const runs = toFields(replies[2 * i + 1]) ?? {}
    const known = (replies[2 * i] as string[]).map((id) => parseRun(id, runs[id]))
    return known.find((run) => run !== undefined && (run.outcome !== undefined || run.verdict !== 'fire'))
  })
}

function parseRun(id: string, text: string | null | undefined): RunRecord | undefined {
  const [at, firedAt, verdict, queue, outcome, endedAt] = (text ?? '').split(' ')
  if (queue === undefined) return undefined
  return {
    id,
    at: Number(at),
    firedAt: Number(firedAt),
    verdict: verdict as RunEntry['verdict'],
    queue,
    ...(outcome !== undefined && { outcome: outcome as NonNullable<RunRecord['outcome']> }),
    ...(endedAt !== undefined && { endedAt: Number(endedAt) }),
  }
}

export interface RunState {
  status: JobStatus | 'gone'
  ended: boolean
  endedAt?: number
}

/** Where the jobs of runs are now. One that waits for its delivery counts as queued. */
export async function runStates(store: Store, runs: readonly { queue: string; id: string }[]): Promise<RunState[]> {
  if (runs.length === 0) return []
  // First what is not delivered, then the jobs: the other way round, one delivered in between would look gone.
  const waiting = (await store.client.call('HMGET', store.keys.schedulePart('fires'), ...runs.map(({ id }) => id))) as (string | null)[]
  const reads = (await findPlaces(store, runs)).map(({ queue, id }) =>
    store.client.call('HMGET', store.keys.job(queue, id), 'status', 'expires_at', 'ended_at').catch(unreadable),
  )
  const [time, ...rows] = await Promise.all([store.client.call('TIME'), ...reads])
  const now = parseTime(time)
  return rows.map((row, i) => {
    if (waiting[i]) return { status: 'queued', ended: false }
    const [status, expiresAt, endedAt] = row as (string | null)[]
    if (!status) return { status: 'gone', ended: true }
    const fields = { status, ...(expiresAt && { expires_at: expiresAt }), ...(endedAt && { ended_at: endedAt }) }
    const job = parseRecord(runs[i]!.queue, runs[i]!.id, fields, now)
    return { status: job.status, ended: hasEnded(job.status), ...(job.endedAt !== undefined && { endedAt: job.endedAt }) }
  })
}

/** A key of the wrong type is no job. An outage is no answer. */
function unreadable(error: unknown): never[] {
  if (error instanceof RqtsError && error.message.includes('WRONGTYPE')) return []
  throw error
}

/** Whether the last run of this schedule, or the last one by hand, has not ended. */
export async function hasOpenRun(store: Store, name: string): Promise<boolean> {
  const last = (await store.client.call('HMGET', store.keys.schedule(name, 'schedule'), 'last', 'manual')) as (string | null)[]
  const runs = last.flatMap((text) => {
    const [queue, id] = (text ?? '').split(' ')
    return queue && id ? [{ queue, id }] : []
  })
  return (await runStates(store, runs)).some(({ ended }) => !ended)
}

export interface RunOutcome {
  schedule: string
  id: string
  /** `status`, or `status endedAt`; '' when the job goes on. */
  outcome: string
}

export async function noteOutcomes(store: Store, outcomes: readonly RunOutcome[]): Promise<void> {
  await store.client.run(
    'scheduleNote',
    [store.keys.schedules],
    outcomes.flatMap(({ schedule, id, outcome }) => [schedule, id, outcome]),
  )
}

const LOOKS_PER_CALL = 200

/** Writes down how runs have ended: their jobs are forgotten sooner than their schedule. */
export async function noteEnds(store: Store): Promise<void> {
  const members = (await store.client.call('ZRANGE', store.keys.schedulePart('open'), 0, LOOKS_PER_CALL - 1)) as string[]
  const names = members.map((member) => member.split(' ') as [schedule: string, id: string])
  const texts = await store.client.callAll(names.map(([schedule, id]) => ['HGET', store.keys.schedule(schedule, 'runs'), id] as const))
  const runs = names.map(([, id], i) => parseRun(id, texts[i] as string | null) ?? { id, queue: 'default' })
  const states = await runStates(store, runs)
  await noteOutcomes(
    store,
    names.map(([schedule, id], i) => ({ schedule, id, outcome: outcomeText(states[i]!) })),
  )
}

function outcomeText({ status, ended, endedAt }: RunState): string {
  if (!ended) return ''
  return endedAt === undefined ? status : `${status} ${endedAt}`
}
