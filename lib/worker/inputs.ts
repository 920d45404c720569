import { RqtsError } from '../errors.ts'
import { decode } from '../payload/payload.ts'
import type { ClaimedJob } from '../store/attempts.ts'
import { definePlain, type TaskDefinition } from '../task/task.ts'
import { decodeTakes, EACH, mapShape } from '../workflow/shape.ts'
import { COLLECT } from '../workflow/spec.ts'

/** The arguments of a step: what it takes of the steps before it, then its own. */
export function withInputs(job: ClaimedJob, own: unknown[]): unknown[] {
  const { takes, parents, inputs = [] } = job.more ?? {}
  if (takes === undefined || takes === EACH) return own
  const texts = new Map<string, string>()
  for (let i = 0; i + 1 < inputs.length; i += 2) texts.set(inputs[i]!, inputs[i + 1]!)
  try {
    const refs = parents === undefined ? [] : (JSON.parse(parents) as string[])
    const read = (at: number): unknown => {
      const text = texts.get(refs[at]!)
      return text === undefined ? undefined : decode(text)
    }
    return [mapShape(decodeTakes(takes, refs.length), read), ...own]
  } catch (error) {
    throw new RqtsError('RQTS_CORRUPT', `What job ${job.id} takes from the steps before it cannot be read`, { cause: error, jobId: job.id })
  }
}

/** The calls that a job stands for: nearly always one; a chunk has one for each item of its list, and the list of results is its own. */
export function callsOf(job: ClaimedJob, args: unknown[]): unknown[][] | undefined {
  if (job.more?.takes !== EACH) return undefined
  const [items, ...rest] = args
  if (!Array.isArray(items)) throw new RqtsError('RQTS_CORRUPT', `Job ${job.id} is a chunk without a list of items`, { jobId: job.id })
  return items.map((item: unknown) => [item, ...rest])
}

const collect = definePlain(COLLECT, ((results: unknown) => results) as (...args: never[]) => unknown, 'rqts')

/** A task that every worker brings along. */
export function builtinTask(name: string): TaskDefinition | undefined {
  return name === COLLECT ? collect : undefined
}

/** Where a running job stands in its workflow. */
export interface WorkflowPlace {
  readonly id: string
  /** 1 for the first step. */
  readonly step: number
  /** Steps of the longest way through. */
  readonly steps: number
  /** Steps still to come after this one. */
  readonly remaining: number
}

export function placeOf(job: ClaimedJob): WorkflowPlace | undefined {
  return job.more?.workflow === undefined ? undefined : (JSON.parse(job.more.workflow) as WorkflowPlace)
}
