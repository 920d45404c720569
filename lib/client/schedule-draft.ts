import { createHash } from 'node:crypto'
import { RqtsError } from '../errors.ts'
import type { Callback } from '../job/options.ts'
import { checkName } from '../names.ts'
import { encode } from '../payload/payload.ts'
import { customSchedules } from '../schedule/custom.ts'
import { nextRun } from '../schedule/occurrence.ts'
import { normalizeSchedule, type ScheduledJobOptions, type ScheduleOptions } from '../schedule/options.ts'
import type { CustomNext, ScheduleSpec } from '../schedule/spec.ts'
import { readSchedules, type ScheduleRecord, writeSchedule } from '../store/schedules.ts'
import type { Store } from '../store/store.ts'
import type { Target } from '../task/call.ts'
import { jobOptions } from '../task/job-options.ts'
import { resolveTask } from '../task/resolve.ts'
import { draftJob, toNewJob } from './draft.ts'

/** A schedule that was checked and encoded, not yet written. */
export interface ScheduleDraft {
  name: string
  task: string
  queue: string
  spec: ScheduleSpec
  /** A `NewJob` without id, as JSON. */
  job: string
  options: string
  digest: string
  paused: boolean | undefined
  custom: CustomNext | undefined
}

export async function draftSchedule(name: string, fn: Target, args: unknown, given: ScheduleOptions): Promise<ScheduleDraft> {
  checkName('schedule', name)
  const { spec, queue: named, options = {}, paused, custom } = normalizeSchedule(given)
  const task = resolveTask(fn)
  const queue = named ?? task.definition?.queue ?? 'default'
  const { control, fields } = toNewJob(await draftJob(queue, fn, task, args, jobOptions(task.definition, undefined, options)))
  const job = JSON.stringify({ control, fields })
  const digest = createHash('sha256')
    .update(JSON.stringify([task.name, queue, job, spec]))
    .digest('base64url')
  return { name, task: task.name, queue, spec, job, options: encode(shownOptions(options), 'options'), digest, paused, custom }
}

/** For those who look at the schedule later: functions and signatures cannot be stored, names can. */
function shownOptions({ onSuccess, onFailure, ...rest }: ScheduledJobOptions): ScheduledJobOptions {
  const nameOf = (callback: Callback): string => (typeof callback === 'object' ? 'a signature' : resolveTask(callback).name)
  return {
    ...rest,
    ...(onSuccess !== undefined && { onSuccess: nameOf(onSuccess) }),
    ...(onFailure !== undefined && { onFailure: nameOf(onFailure) }),
  }
}

export type Written = 'created' | 'changed' | 'unchanged'

const MAX_TRIES = 20

/**
 * Writes what differs. An unchanged schedule keeps its next run, and one that was paused by hand stays so; a changed one goes on from now, so
 * that no change ever fires a run that was due.
 */
export async function putSchedule(store: Store, draft: ScheduleDraft): Promise<Written> {
  const { name, custom } = draft
  if (custom === undefined) customSchedules.delete(store.keys.prefix, name)
  else customSchedules.set(store.keys.prefix, name, custom)
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const { now, records } = await readSchedules(store, [name])
    const before = records[0] ?? null
    const pausedOption = draft.paused === undefined ? '' : draft.paused ? '1' : '0'
    if (before?.digest === draft.digest && before.pausedOption === pausedOption) return 'unchanged'
    // Said anew it counts; said as before it must not undo what was done by hand since.
    const paused = draft.paused !== undefined && pausedOption !== before?.pausedOption ? draft.paused : (before?.paused ?? false)
    const anchor = anchorOf(draft.spec, before, now)
    const next = paused || limitReached(draft.spec, before) ? null : nextRun(draft.spec, anchor, now, custom)
    const fields = {
      spec: JSON.stringify(draft.spec),
      task: draft.task,
      queue: draft.queue,
      job: draft.job,
      options: draft.options,
      digest: draft.digest,
      paused_option: pausedOption,
      anchor,
    }
    if (!(await writeSchedule(store, name, { rev: before?.rev ?? '', next, paused, custom: custom !== undefined, fields }))) continue
    return before === null ? 'created' : 'changed'
  }
  throw busy(name)
}

/** A schedule whose interval has not changed goes on in its step. */
function anchorOf(spec: ScheduleSpec, before: ScheduleRecord | null, now: number): number {
  if (spec.startAt !== undefined) return spec.startAt
  const same = before?.spec?.startAt === undefined && JSON.stringify(before?.spec?.trigger) === JSON.stringify(spec.trigger)
  return same && before !== null ? before.anchor : now
}

export function limitReached(spec: ScheduleSpec, record: ScheduleRecord | null): boolean {
  return spec.limit !== undefined && (record?.fired ?? 0) >= spec.limit
}

export function busy(name: string): RqtsError {
  return new RqtsError('RQTS_BAD_STATE', `Schedule '${name}' changes all the time, faster than this call could: try again`)
}
