import { show } from '../duration.ts'
import { DuplicateJob, RqtsError } from '../errors.ts'
import { newJobId } from '../job/id.ts'
import { checkName } from '../names.ts'
import { queueOf } from '../partition.ts'
import { type NewJob, taskOf } from '../store/enqueue.ts'
import { partitionsOf } from '../store/partitions.ts'
import type { Store } from '../store/store.ts'
import { enqueueParts, type FlowPart, type FlowRefusal } from '../store/workflows.ts'
import { planFlow } from '../workflow/plan.ts'
import { COLLECT, type FlowSpec } from '../workflow/spec.ts'
import { withFlags } from './callbacks.ts'
import { Job } from './job.ts'
import { type Route, routerOf } from './routes.ts'
import { type ConnectOptions, sharedStore } from './shared-store.ts'
import { idAt } from './spread.ts'
import { draftFlow, type FlowJob, type NamesOf } from './workflow-draft.ts'
import { WorkflowHandle } from './workflow-handle.ts'

export interface FlowOptions extends ConnectOptions {
  /** For steps whose signature, task and routes name none. Default `'default'`. */
  queue?: string
  /** Queues by names of tasks; the first that fits counts. */
  routes?: readonly Route[]
}

const MAX_ATOMIC_JOBS = 10_000

export async function enqueueFlow<Result>(spec: FlowSpec, options: FlowOptions): Promise<WorkflowHandle<Result>> {
  const { queue = 'default', routes, ...connect } = options
  const plan = planFlow(spec)
  const id = newJobId()
  const router = routerOf(routes)
  const drafted = await draftFlow(id, plan, router, checkName('queue', queue))
  const store = sharedStore(connect)
  const names = await partitionedNames(store)
  const placed = names === undefined ? drafted : await draftFlow(id, plan, router, queue, names)
  const places = placed.map(({ queue: name, job }) => ({ queue: name, id: job.id }))
  return new WorkflowHandle<Result>(store, id, await writeFlow(store, id, placed), places, plan.shape)
}

/** From within a job: its end is left to the last job of this workflow, which is on the same queue and hands on the results. */
export async function enqueueInside(store: Store, own: string, spec: FlowSpec, gives: boolean): Promise<string> {
  const id = newJobId()
  const names = await partitionedNames(store)
  const [queue, stored] = [queueOf(own), names?.(queueOf(own)) ?? [own]]
  // In the very partition of the job whose end it is.
  const options = stored.length === 1 ? { queue } : { queue, jobId: idAt(stored, own) }
  const last: FlowSpec = { kind: 'task', task: COLLECT, args: [], immutable: false, options }
  const drafted = await draftFlow(id, planFlow({ kind: 'chain', steps: [spec, last] }), routerOf(undefined), queue, names)
  const end = drafted.at(-1)!
  if (gives) end.job = { ...end.job, fields: withFlags(end.job.fields, 'r') }
  await writeFlow(store, id, drafted)
  return end.job.id
}

/** Undefined, and nearly always so, when no queue has partitions. */
async function partitionedNames(store: Store): Promise<NamesOf | undefined> {
  const partitions = partitionsOf(store)
  await partitions.of(store, 'default')
  return partitions.any ? (queue) => partitions.known(store, queue)! : undefined
}

async function writeFlow(store: Store, id: string, drafted: readonly FlowJob[]): Promise<Job[]> {
  const parts = partsOf(id, drafted)
  const written = await enqueueParts(store, parts)
  if (!('replies' in written)) throw refusal(written, parts)
  const places = new Map(
    parts.flatMap(({ jobs }, p) =>
      jobs.map((job, i) => [job.id, { outcome: written.replies[p]!.outcomes[i]!, now: written.replies[p]!.now }]),
    ),
  )
  return drafted.map(({ queue, job }) => {
    const { outcome, now } = places.get(job.id)!
    return new Job(store, { queue, job, status: outcome.kind === 'created' ? outcome.status : 'queued', now })
  })
}

/**
 * The jobs of each queue; the last part has one that begins by itself. With several queues, whoever would begin in another one
 * waits at a gate, which the last job of the last part opens: nothing runs before everything is there.
 */
function partsOf(id: string, drafted: readonly FlowJob[]): FlowPart[] {
  const byQueue = new Map<string, NewJob[]>()
  for (const { queue, job } of drafted) {
    const jobs = byQueue.get(queue)
    if (jobs) jobs.push(job)
    else byQueue.set(queue, [job])
  }
  for (const [queue, jobs] of byQueue) checkSize(queue, jobs.length)
  if (byQueue.size <= 1) return [...byQueue].map(([queue, jobs]) => ({ queue, jobs }))
  const anchor = drafted.find(({ job }) => begins(job))!.queue
  const gate = `${anchor}/${id}`
  const waiting: string[] = []
  const parts: FlowPart[] = []
  for (const [queue, jobs] of byQueue) {
    if (queue === anchor) continue
    const gated = jobs.map((job) => (begins(job) ? { ...job, control: { ...job.control, parents: [gate] } } : job))
    for (const job of jobs) if (begins(job)) waiting.push(`${queue}/${job.id}`)
    parts.push({ queue, jobs: gated })
  }
  const last = byQueue.get(anchor)!
  const jobs = last.map((job, i) =>
    i === last.length - 1 && waiting.length > 0 ? { ...job, control: { ...job.control, opens: { id, children: waiting } } } : job,
  )
  return [...parts, { queue: anchor, jobs }]
}

function begins(job: NewJob): boolean {
  return job.control?.parents === undefined
}

function checkSize(queue: string, jobs: number): void {
  if (jobs <= MAX_ATOMIC_JOBS) return
  throw new RqtsError(
    'RQTS_BAD_ARGS',
    `A workflow is written in one step per queue, of at most ${MAX_ATOMIC_JOBS} jobs; this one has ${jobs} in queue '${queue}'. Use chunks(task, items, size), or several workflows`,
  )
}

function refusal({ queue, index, outcome }: FlowRefusal, parts: readonly FlowPart[]): RqtsError {
  const job = parts.find((part) => part.queue === queue)!.jobs[index]!
  const task = taskOf(job)
  if (outcome.kind === 'taken' || outcome.kind === 'exists') {
    const held = outcome.kind === 'exists' ? 'id' : `unique key ${show(job.control?.unique?.key)}`
    return new DuplicateJob(`The workflow was not enqueued: the ${held} of its step ${task} is held by job ${outcome.id}`, outcome.id)
  }
  if (outcome.kind === 'duplicate')
    return new DuplicateJob(`The workflow was not enqueued: the job id '${outcome.id}' of its step ${task} is in use`, outcome.id)
  return new RqtsError('RQTS_BAD_STATE', `The workflow was not enqueued: its step ${task} was refused (${outcome.kind})`)
}
