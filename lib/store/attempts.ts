import { DEFAULT_TIMEOUT_MS } from '../job/options.ts'
import type { Arg } from './redis.ts'
import type { Store } from './store.ts'

/** One attempt at one job, held under a lease by whoever knows the token. */
export interface Attempt {
  queue: string
  id: string
  token: string
}

export interface ClaimedJob extends Attempt {
  attempt: number
  task: string
  args: string
  timeoutMs: number
  enqueuedAt: number
  /** Only of jobs that use these features. */
  more?: {
    retry?: string
    failures: number
    meta?: string
    parents?: string
    createdAt?: number
    resultTtl?: string
    runAt?: number
    tags?: string
    /** Of a workflow: what it takes of its parents' results, and those by parent. */
    takes?: string
    inputs?: readonly string[]
    workflow?: string
    /** The context of the span that enqueued it. */
    trace?: string
    /** How often it went down with its worker. */
    lost?: number
  }
}

export type Outcome = Attempt &
  (
    | { kind: 'ok'; result: string }
    | { kind: 'retry'; delayMs: number; error: string }
    | { kind: 'fail'; reason: string; error: string }
    | { kind: 'stop'; reason: string; error: string }
    /** Took its process down: runs again, or fails when that has happened `maxLost` times. No failed attempt is charged. */
    | { kind: 'lost'; maxLost: number; error: string }
    /** Put back at the front, no attempt charged. */
    | { kind: 'release' }
    /** Has left its end to other jobs of its queue: it ends when they have, with this result (wait) or with theirs (yield). */
    | { kind: 'wait' | 'yield'; others: string; result: string }
  )

export type Verdict = 'written' | 'refused' | 'repeated'
const VERDICTS: readonly Verdict[] = ['refused', 'written', 'repeated']

export interface ClaimRequest {
  /** Unique per call; the same request sent again gets the same jobs. Becomes the token of the attempts. */
  token: string
  worker: string
  want: number
  leaseMs: number
  /** Tells apart the calls that a worker has under way at one time: of each lane, only the last request is remembered. */
  lane?: number
  /** In order of priority. On a Cluster at most one, and outcomes only of that one. */
  queues: readonly string[]
}

export async function claim(store: Store, request: ClaimRequest): Promise<ClaimedJob[]> {
  const keys = request.queues.map(store.keys.base)
  const values = (await store.client.run('claim', keys, [
    request.token,
    request.worker,
    request.want,
    request.leaseMs,
    laneOf(request),
    keys.length,
  ])) as unknown[]
  // Behind the jobs stands when to ask again, which only settling workers want to know.
  return parseJobs(request.queues, request.token, values.slice(0, values.length - (values.length % VALUES_PER_JOB)))
}

function laneOf({ lane = 0 }: ClaimRequest): string {
  return lane === 0 ? '' : `#${lane}`
}

export interface SettleReply {
  verdicts: Verdict[]
  /** Some job had dependents: their message waits in the outbox. */
  outbox: boolean
  jobs: ClaimedJob[]
  /** A rate holds jobs back, and lets more start after this time. */
  againMs?: number
}

export async function settle(store: Store, request: ClaimRequest, outcomes: readonly Outcome[]): Promise<SettleReply> {
  const queues = [...request.queues]
  const args: Arg[] = [request.token, request.worker, request.want, request.leaseMs, laneOf(request), queues.length]
  const order = addGroups(args, queues, outcomes)
  const reply = await store.client.run('settle', queues.map(store.keys.base), args)
  const [digits, outbox, values, againMs] = reply as [string, number, unknown[], number?]
  const verdicts = new Array<Verdict>(outcomes.length)
  order.forEach((at, i) => {
    verdicts[at] = VERDICTS[Number(digits[i])]!
  })
  const jobs = parseJobs(queues, request.token, values)
  return { verdicts, outbox: outbox === 1, jobs, ...(againMs !== undefined && { againMs }) }
}

/**
 * Jobs of one claim share queue and token, and mostly end alike: named once per group, an outcome costs two arguments
 * instead of six. Returns where each outcome stood before.
 */
function addGroups(args: Arg[], queues: string[], outcomes: readonly Outcome[]): number[] {
  const groups = new Map<string, number[]>()
  let last: Outcome | undefined
  let group: number[] = []
  outcomes.forEach((outcome, i) => {
    const { queue, token, kind } = outcome
    // Neighbours mostly share their group: no name is made for them.
    if (last === undefined || last.kind !== kind || last.token !== token || last.queue !== queue) {
      const name = `${queue} ${token} ${kind}`
      group = groups.get(name) ?? []
      groups.set(name, group)
    }
    group.push(i)
    last = outcome
  })
  for (const members of groups.values()) {
    const { queue, token, kind } = outcomes[members[0]!]!
    let index = queues.indexOf(queue) + 1
    if (index === 0) index = queues.push(queue)
    args.push(index, token, kind, members.length)
    for (const i of members) addOutcome(args, outcomes[i]!)
  }
  return [...groups.values()].flat()
}

function addOutcome(args: Arg[], outcome: Outcome): void {
  if (outcome.kind === 'ok') args.push(outcome.id, outcome.result)
  else if (outcome.kind === 'retry') args.push(outcome.id, outcome.delayMs, outcome.error)
  else if (outcome.kind === 'lost') args.push(outcome.id, outcome.maxLost, outcome.error)
  else if (outcome.kind === 'release') args.push(outcome.id)
  else if ('others' in outcome) args.push(outcome.id, outcome.others, outcome.result)
  else args.push(outcome.id, outcome.reason, outcome.error)
}

const VALUES_PER_JOB = 8

function parseJobs(queues: readonly string[], token: string, values: readonly unknown[]): ClaimedJob[] {
  const jobs: ClaimedJob[] = []
  for (let at = 0; at < values.length; at += VALUES_PER_JOB) {
    const timeoutMs = Number(values[at + 5] ?? Number.NaN)
    const job: ClaimedJob = {
      queue: queues[(values[at] as number) - 1]!,
      id: values[at + 1] as string,
      token,
      attempt: Number(values[at + 2]),
      task: values[at + 3] as string,
      args: values[at + 4] as string,
      timeoutMs: Number.isFinite(timeoutMs) ? timeoutMs : DEFAULT_TIMEOUT_MS,
      enqueuedAt: Number(values[at + 6] ?? 0),
    }
    const more = values[at + 7]
    if (more) job.more = parseMore(more as (string | null)[])
    jobs.push(job)
  }
  return jobs
}

/** From the fields of a job's hash, for those who did not claim it themselves. */
export function parseClaimed(
  queue: string,
  id: string,
  token: string,
  fields: Readonly<Record<string, string | null | undefined>>,
): ClaimedJob {
  const timeoutMs = Number(fields['timeout'] ?? Number.NaN)
  return {
    queue,
    id,
    token,
    attempt: Number(fields['attempt'] ?? 1),
    task: fields['task'] ?? '',
    args: '[]',
    timeoutMs: Number.isFinite(timeoutMs) ? timeoutMs : DEFAULT_TIMEOUT_MS,
    enqueuedAt: 0,
    more: { failures: Number(fields['failures'] ?? 0), ...(fields['retry'] && { retry: fields['retry'] }) },
  }
}

function parseMore(fields: (string | null)[]): NonNullable<ClaimedJob['more']> {
  const [retry, failures, meta, parents, createdAt, resultTtl, runAt, tags, lost, takes, workflow, trace, inputs] = fields
  return {
    failures: Number(failures ?? 0),
    ...(retry && { retry }),
    ...(meta && { meta }),
    ...(parents && { parents }),
    ...(createdAt && { createdAt: Number(createdAt) }),
    ...(resultTtl && { resultTtl }),
    ...(runAt && { runAt: Number(runAt) }),
    ...(tags && { tags }),
    ...(lost && { lost: Number(lost) }),
    ...(takes && { takes }),
    ...(workflow && { workflow }),
    ...(trace && { trace }),
    ...(inputs && { inputs: inputs as unknown as string[] }),
  }
}

export type Renewal = 'renewed' | 'stop' | 'lost'
const RENEWALS: readonly Renewal[] = ['lost', 'renewed', 'stop']

export async function renew(store: Store, queue: string, attempts: readonly Attempt[], leaseMs: number): Promise<Renewal[]> {
  const args: Arg[] = [leaseMs]
  for (const { id, token } of attempts) args.push(id, token)
  const verdicts = (await store.run('renew', queue, args)) as number[]
  return verdicts.map((verdict) => RENEWALS[verdict]!)
}
