import { createHash } from 'node:crypto'
import { show } from '../duration.ts'
import { RqtsError } from '../errors.ts'
import { newJobId, newToken } from '../job/id.ts'
import { type NormalOptions, normalizeOptions } from '../job/options.ts'
import type { JobFields } from '../job/record.ts'
import type { JobStatus } from '../job/state.ts'
import { encode } from '../payload/payload.ts'
import { type Control, firstFields, type NewJob } from '../store/enqueue.ts'
import { refOf } from '../store/keys.ts'
import type { Target } from '../task/call.ts'
import { type ResolvedTask, resolveTask } from '../task/resolve.ts'
import { validateArgs } from '../task/schema.ts'
import type { Step } from '../workflow/spec.ts'
import { callbackText } from './callbacks.ts'

export const MAX_META_BYTES = 262_144

/** A job on its way to Redis: checked and encoded, not yet written. */
export interface Draft {
  readonly id: string
  readonly task: ResolvedTask
  /** What was enqueued, as given. */
  readonly target: Target
  readonly argsText: string
  readonly options: NormalOptions
  /** Parents as the script wants them: `id` of this queue, `queue/id` of another. */
  refs: readonly string[]
  /** Of whoever enqueues, for those who trace. */
  trace?: string
}

const NO_REFS: readonly string[] = []
/** What a job without any options has. */
const PLAIN: NormalOptions = normalizeOptions(undefined)

/** Options that ask for nothing become the one value that `toNewJob` recognises at a glance. */
export function orPlain(options: NormalOptions): NormalOptions {
  const names = Object.keys(options) as (keyof NormalOptions)[]
  return names.every((name) => options[name] === PLAIN[name]) ? PLAIN : options
}

/** Everything that can be wrong with a call is found here, before Redis is touched. */
export function draftJob(queue: string, target: Target, task: ResolvedTask, args: unknown, options: NormalOptions): Draft | Promise<Draft> {
  const list = listOf(task, args)
  const schema = task.definition?.schema
  if (schema === undefined) return finishDraft(queue, target, task, list, options)
  // The worker validates again and hands on what the schema makes of them; here they are only checked.
  const checked = validateArgs(schema, list, task.name)
  if (checked instanceof Promise) return checked.then(() => finishDraft(queue, target, task, list, options))
  return finishDraft(queue, target, task, list, options)
}

/** What was meant as a further argument stands where the options do, so this is to be asked before those are looked at. */
export function listOf({ name }: ResolvedTask, args: unknown): unknown[] {
  const list = args ?? []
  if (Array.isArray(list)) return list
  throw new RqtsError('RQTS_BAD_ARGS', `The arguments of task '${name}' must be a list, as in enqueue(${name}, [1, 2]); got ${show(args)}`)
}

function finishDraft(queue: string, target: Target, task: ResolvedTask, args: unknown[], options: NormalOptions): Draft {
  const draft: Draft = { id: options.jobId ?? newJobId(), task, target, argsText: encode(args, 'args'), options, refs: NO_REFS }
  if (options.parents.length > 0) {
    const refs = new Set(options.parents.map((parent) => refOf(parent.queue ?? queue, parent.id, queue)))
    if (refs.has(draft.id)) throw new RqtsError('RQTS_DEPENDENCY_CYCLE', `Job ${draft.id} depends on itself, so it could never run`)
    draft.refs = [...refs]
  }
  return draft
}

/** What the script gets. A plain job, and most are, carries three fields and no control. */
export function toNewJob(draft: Draft): NewJob {
  const { id, task, argsText, options, refs, trace } = draft
  const fields = firstFields(task.name, argsText, options.timeoutMs)
  if (options === PLAIN && trace === undefined) return { id, fields }
  const put = (name: string, value: string | number | undefined): boolean => value !== undefined && fields.push(name, String(value)) > 0
  put('ttl', options.ttlMs)
  put('failure_ttl', options.failureTtlMs)
  put('description', options.description)
  put('priority', options.priority)
  put('concurrency_key', options.concurrencyKey)
  put('repeat_times', options.repeat?.times)
  put('repeat_every', options.repeat?.everyMs)
  // 'm' tells the worker that there is more to read than task, args and timeout.
  let more = put('result_ttl', options.resultTtlMs)
  more = put('retry', options.retry && JSON.stringify(options.retry)) || more
  more = put('tags', options.tags && JSON.stringify(options.tags)) || more
  more = put('meta', options.meta && encode(options.meta, 'meta', MAX_META_BYTES)) || more
  more = put('parents', refs.length > 0 ? JSON.stringify(refs) : undefined) || more
  more = put('trace', trace) || more
  more = more || options.delayMs !== undefined || options.runAtMs !== undefined
  const control = controlOf(options, refs)
  if (control.unique) {
    control.unique.key = uniqueKeyOf(draft)
    put('unique', control.unique.key)
  }
  if (options.jobId !== undefined) {
    control.nonce = newToken()
    put('nonce', control.nonce)
  }
  const calls = putCallbacks(put, options)
  const own = options.resultTtlMs === undefined ? '' : 't'
  const flags =
    (more ? 'm' : '') + own + (control.unique ? 'u' : '') + (calls ? 'c' : '') + (control.line ?? '') + (options.repeat ? 'n' : '')
  put('flags', flags === '' ? undefined : flags)
  return Object.keys(control).length === 0 ? { id, fields } : { id, control, fields }
}

function putCallbacks(put: (name: string, value: string) => boolean, { onSuccess, onFailure }: NormalOptions): boolean {
  if (onSuccess !== undefined) put('on_success', callbackText('onSuccess', onSuccess, callbackJob))
  if (onFailure !== undefined) put('on_failure', callbackText('onFailure', onFailure, callbackJob))
  return onSuccess !== undefined || onFailure !== undefined
}

function callbackJob({ task: target }: Step, options: NormalOptions): NewJob {
  return toNewJob({ id: '', task: resolveTask(target), target, argsText: '', options, refs: NO_REFS })
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

function controlOf(options: NormalOptions, refs: readonly string[]): Mutable<Control> {
  const control: Mutable<Control> = {}
  if (options.atFront) control.front = 1
  const line = (options.priority === undefined ? '' : 'l') + (options.concurrencyKey === undefined ? '' : 'k')
  if (line !== '') control.line = line
  if (options.delayMs !== undefined) control.delay = options.delayMs
  if (options.runAtMs !== undefined) control.runAt = options.runAtMs
  if (options.ttlMs !== undefined) control.ttl = options.ttlMs
  if (options.ifExists === 'return') control.exists = 'return'
  if (options.allowFailure) control.allowFailure = 1
  if (refs.length > 0) control.parents = refs
  if (options.unique !== undefined) {
    const { mode, ttlMs, maxWaitMs, throttleMs } = options.unique
    control.unique = {
      key: '',
      mode,
      ...(ttlMs !== undefined && { ttl: ttlMs }),
      ...(maxWaitMs !== undefined && { maxWait: maxWaitMs }),
      ...(throttleMs !== undefined && { throttle: throttleMs }),
    }
  }
  return control
}

/** As given; else the same call has the same key. */
export function uniqueKeyOf({ task, argsText, options }: Draft): string {
  return options.unique?.key ?? createHash('sha256').update(`${task.name}\n${argsText}`).digest('base64url').slice(0, 22)
}

/** The hash of a job that was just written, as far as the writer knows it. */
export function birthRecord(job: NewJob, status: JobStatus, now: number): JobFields {
  const record: Record<string, string> = { status, created_at: String(now) }
  for (let i = 0; i < job.fields.length; i += 2) record[job.fields[i]!] = job.fields[i + 1]!
  const { control = {} } = job
  const runAt = control.runAt ?? (control.delay === undefined ? undefined : now + control.delay)
  if (runAt !== undefined) record['run_at'] = String(runAt)
  if (status === 'queued') record['enqueued_at'] = String(now)
  if (control.front) record['front'] = '1'
  if (control.allowFailure) record['allow_failure'] = '1'
  if (status !== 'canceled' && control.ttl !== undefined) record['expires_at'] = String(now + control.ttl)
  if (status === 'canceled') Object.assign(record, { ended_at: String(now), reason: 'dependency' })
  return record
}
