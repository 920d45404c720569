import { RqtsError } from '../errors.ts'
import type { Callback, NormalOptions } from '../job/options.ts'
import { encode } from '../payload/payload.ts'
import type { CallbackSpec } from '../store/callbacks.ts'
import type { NewJob } from '../store/enqueue.ts'
import { jobOptions } from '../task/job-options.ts'
import { resolveTask } from '../task/resolve.ts'
import type { FlowSpec, Step } from '../workflow/spec.ts'

/** The job that a step makes, without its arguments; given by draft.ts, which needs this file itself. */
export type JobOf = (step: Step, options: NormalOptions) => NewJob

// The same few callbacks go with job after job.
const known = new WeakMap<object, string>()

/** What is stored with a job that has `onSuccess` or `onFailure`. It runs on its own queue, else on its task's, else on that of the job. */
export function callbackText(name: string, callback: Callback, jobOf: JobOf): string {
  const key = typeof callback === 'string' ? undefined : callback
  const before = key && known.get(key)
  if (before !== undefined) return before
  const text = JSON.stringify(specOf(name, callback, jobOf))
  if (key) known.set(key, text)
  return text
}

function specOf(name: string, callback: Callback, jobOf: JobOf): CallbackSpec {
  const { step, options, queue } = readCallback(name, callback)
  const { control, fields } = jobOf(step, options)
  const { line, ...timed } = control ?? {}
  if (Object.keys(timed).length > 0) {
    throw new RqtsError(
      'RQTS_BAD_OPTION',
      `${name}: a callback is queued when the job ends, so it takes no jobId, delay, runAt, ttl, unique or atFront. Enqueue such a job from a handler`,
    )
  }
  return {
    ...(queue !== undefined && { queue }),
    args: encode(step.args, 'args'),
    ...(step.immutable && { plain: 1 }),
    ...(line !== undefined && { line }),
    fields: withFlags(
      fields.flatMap((field, i) => (i % 2 === 0 && field !== 'args' ? [field, fields[i + 1]!] : [])),
      'm',
    ),
  }
}

/** The call that a callback stands for, and the options of its job. */
export function readCallback(name: string, callback: Callback): { step: Step; options: NormalOptions; queue: string | undefined } {
  const step = stepOf(name, callback)
  const { definition } = resolveTask(step.task)
  const { queue = definition?.queue, allowFailure: _, ...given } = step.options
  const options = { ...jobOptions(definition, undefined, given) }
  // A task that is its own onFailure must not go on for ever: a callback has only the callbacks that its signature names.
  if (given.onSuccess === undefined) delete options.onSuccess
  if (given.onFailure === undefined) delete options.onFailure
  return { step, options, queue }
}

function stepOf(name: string, callback: Callback): Step {
  if (typeof callback !== 'object') return { kind: 'task', task: callback, args: [], immutable: false, options: {} }
  const spec = callback.spec as FlowSpec
  if (spec.kind === 'task') return spec
  throw new RqtsError(
    'RQTS_BAD_OPTION',
    `${name} takes a task or a signature, not a ${spec.kind}: enqueue a workflow from the handler of one`,
  )
}

/** Names and values of hash fields, with these letters among the flags. */
export function withFlags(fields: readonly string[], letters: string): string[] {
  const copy = [...fields]
  const at = copy.findIndex((name, i) => i % 2 === 0 && name === 'flags')
  if (at === -1) return letters === '' ? copy : [...copy, 'flags', letters]
  copy[at + 1] = [...new Set(copy[at + 1]! + letters)].join('')
  return copy
}
