import { RqtsError } from '../errors.ts'
import { newJobId } from '../job/id.ts'
import { type NormalOptions, normalizeOptions } from '../job/options.ts'
import { encode } from '../payload/payload.ts'
import type { Control, NewJob } from '../store/enqueue.ts'
import { refOf } from '../store/keys.ts'
import { homeOf } from '../store/partitions.ts'
import { jobOptions } from '../task/job-options.ts'
import { type ResolvedTask, resolveTask } from '../task/resolve.ts'
import { validateArgs } from '../task/schema.ts'
import type { TaskDefinition } from '../task/task.ts'
import { childrenOf, type Plan, type PlanNode } from '../workflow/plan.ts'
import { EACH, encodeTakes } from '../workflow/shape.ts'
import type { SignatureOptions } from '../workflow/spec.ts'
import { withFlags } from './callbacks.ts'
import { toNewJob } from './draft.ts'
import type { Router } from './routes.ts'

/** A job of a workflow on its way to Redis. */
export interface FlowJob {
  queue: string
  task: ResolvedTask
  job: NewJob
}

interface Prepared {
  id: string
  queue: string
  task: ResolvedTask
  options: NormalOptions
}

/** Checks and encodes everything; nothing is written. In the order of the plan. */
export async function draftFlow(id: string, plan: Plan, router: Router, queue: string, names: NamesOf = alone): Promise<FlowJob[]> {
  const prepare = preparer(router, queue)
  const prepared = plan.nodes.map((node) => placed(prepare(node), names, node.takes === undefined ? node.step.args : undefined))
  const children = childrenOf(plan)
  const jobs: FlowJob[] = []
  for (const [at, node] of plan.nodes.entries()) {
    const own = prepared[at]!
    await checkArgs(node, own.task)
    const ref = (other: number): string => refOf(prepared[other]!.queue, prepared[other]!.id, own.queue)
    const draft = { ...own, target: node.step.task, argsText: encode(node.step.args, 'args'), refs: node.parents.map(ref) }
    const takers = children[at]!.some((child) => plan.nodes[child]!.takes !== undefined)
    const job = inWorkflow(toNewJob(draft), node, children[at]!.map(ref), takers, {
      id,
      step: node.depth,
      steps: plan.depth,
      remaining: node.remaining,
    })
    jobs.push({ queue: own.queue, task: own.task, job })
  }
  return jobs
}

/** Under which names a queue is stored. */
export type NamesOf = (queue: string) => readonly string[]

const alone: NamesOf = (queue) => [queue]

/** In its partition, where a unique or concurrency key is at home too. */
function placed(step: Prepared, names: NamesOf, args: readonly unknown[] | undefined): Prepared {
  const stored = names(step.queue)
  if (stored.length === 1) return step
  const job = toNewJob({ ...step, target: step.task.name, argsText: args === undefined ? '' : encode(args, 'args'), refs: [] })
  return { ...step, queue: homeOf(stored, job) }
}

/** The fields that only jobs of workflows have. What is known now is written now: nobody has to be told later. */
function inWorkflow(job: NewJob, node: PlanNode, children: readonly string[], takers: boolean, place: object): NewJob {
  const fields = [...job.fields, 'workflow', JSON.stringify(place)]
  if (node.takes !== undefined) fields.push('takes', encodeTakes(node.takes, node.parents))
  else if (node.step.each) fields.push('takes', EACH)
  if (children.length > 0) fields.push('next', JSON.stringify(children))
  const letters = `gm${children.length > 0 ? 'd' : ''}${takers ? 'r' : ''}${node.takes !== undefined ? 'i' : ''}`
  const elsewhere = children.filter((child) => child.includes('/'))
  const control: Control | undefined = elsewhere.length > 0 ? { ...job.control, children: elsewhere } : job.control
  return { id: job.id, control, fields: withFlags(fields, letters) }
}

/** Steps that were made from one signature share its options, which are read once. */
function preparer(router: Router, queue: string): (node: PlanNode) => Prepared {
  const known = new Map<TaskDefinition | undefined, Map<SignatureOptions, NormalOptions>>()
  return ({ step, takes }) => {
    const task = resolveTask(step.task)
    const byOptions = known.get(task.definition) ?? new Map<SignatureOptions, NormalOptions>()
    known.set(task.definition, byOptions)
    const options = byOptions.get(step.options) ?? stepOptions(task.definition, step.options)
    byOptions.set(step.options, options)
    if (takes !== undefined && options.unique !== undefined && options.unique.key === undefined) {
      throw new RqtsError(
        'RQTS_BAD_OPTION',
        `Step ${task.name} is unique by its arguments, which are not known before the step before it has ended: give it unique: { key }`,
      )
    }
    return { id: options.jobId ?? newJobId(), queue: step.options.queue ?? router.queueOf(task) ?? queue, task, options }
  }
}

function stepOptions(definition: TaskDefinition | undefined, given: SignatureOptions): NormalOptions {
  const { queue: _, allowFailure = false, ...options } = given
  if ('dependsOn' in options)
    throw new RqtsError('RQTS_BAD_OPTION', 'A step of a workflow takes no dependsOn: its place in the workflow says what it waits for')
  // A copy: the options of a job without any stand for "nothing to write", and a step has its parents.
  const normal =
    Object.keys(options).length === 0 ? (definition?.normal ?? normalizeOptions(undefined)) : jobOptions(definition, undefined, options)
  if (normal.ifExists === 'return' || normal.unique?.mode === 'return') {
    throw new RqtsError(
      'RQTS_BAD_OPTION',
      "A step of a workflow is a job of its own, so it takes neither ifExists: 'return' nor unique: { mode: 'return' }",
    )
  }
  return { ...normal, allowFailure }
}

/** What is complete is checked now; a step that gets a result first is checked when it runs. */
async function checkArgs({ step, takes }: PlanNode, { name, definition }: ResolvedTask): Promise<void> {
  if (definition?.schema === undefined || takes !== undefined) return
  if (!step.each) await validateArgs(definition.schema, step.args, name)
  else for (const item of step.args[0] as unknown[]) await validateArgs(definition.schema, [item, ...step.args.slice(1)], name)
}
