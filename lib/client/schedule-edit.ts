import { RqtsError } from '../errors.ts'
import { newToken } from '../job/id.ts'
import { checkName } from '../names.ts'
import { encode } from '../payload/payload.ts'
import { nextRun } from '../schedule/occurrence.ts'
import { normalizeSchedule, type ScheduleOptions } from '../schedule/options.ts'
import type { ScheduleSpec } from '../schedule/spec.ts'
import { readSchedules, writeSchedule } from '../store/schedules.ts'
import type { Store } from '../store/store.ts'
import { busy, limitReached } from './schedule-draft.ts'

export interface ScheduleEdit {
  cron?: string
  every?: string
  tz?: string
  args?: unknown[]
  queue?: string
}

const MAX_TRIES = 20

/**
 * Changes a schedule from outside of the program that made it: what is not named stays. The program wins: when it registers the
 * schedule again, it is as the program says, so such an edit holds until the next deployment.
 */
export async function editSchedule(store: Store, name: string, edit: ScheduleEdit): Promise<void> {
  checkName('schedule', name)
  if (edit.cron !== undefined && edit.every !== undefined) throw new RqtsError('RQTS_BAD_OPTION', 'Give cron or every, not both')
  const queue = edit.queue === undefined ? undefined : checkName('queue', edit.queue)
  const args = edit.args === undefined ? undefined : encode(edit.args, 'args')
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const { now, records } = await readSchedules(store, [name])
    const record = records[0]
    if (!record) throw new RqtsError('RQTS_SCHEDULE_NOT_FOUND', `There is no schedule '${name}'`)
    if (record.spec === undefined) throw new RqtsError('RQTS_CORRUPT', `The record of schedule '${name}' cannot be read: register it again`)
    const spec = withEdit(record.spec, edit)
    const same = JSON.stringify(spec.trigger) === JSON.stringify(record.spec.trigger)
    const anchor = same ? record.anchor : (spec.startAt ?? now)
    const next = record.paused || limitReached(spec, record) ? null : nextRun(spec, anchor, now)
    const fields = {
      spec: JSON.stringify(spec),
      anchor,
      // Not what the program registered, so that its next start writes over it.
      digest: `edited ${newToken()}`,
      ...(queue !== undefined && { queue }),
      ...(args !== undefined && { job: withArgs(record.job, args) }),
    }
    const custom = spec.trigger.kind === 'custom'
    if (custom) throw new RqtsError('RQTS_BAD_STATE', `Schedule '${name}' takes its times from a function of its program: edit it there`)
    if (await writeSchedule(store, name, { rev: record.rev, next, paused: record.paused, custom, fields })) return
  }
  throw busy(name)
}

function withEdit(spec: ScheduleSpec, { cron, every, tz = spec.tz }: ScheduleEdit): ScheduleSpec {
  const { trigger } = spec
  const when =
    cron !== undefined ? { cron } : every !== undefined ? { every } : trigger.kind === 'cron' ? { cron: trigger.cron } : undefined
  if (when === undefined && tz === spec.tz) return spec
  // The one place that knows what a schedule may be checks it.
  const checked = normalizeSchedule({ ...(when ?? { every: '1h' }), tz } as ScheduleOptions).spec
  return { ...spec, tz: checked.tz, ...(when !== undefined && { trigger: checked.trigger }) }
}

function withArgs(job: string, args: string): string {
  const { fields = [], ...rest } = JSON.parse(job) as { fields?: string[] }
  const kept = fields.flatMap((_, i) => (i % 2 === 0 && fields[i] !== 'args' ? [fields[i]!, fields[i + 1]!] : []))
  return JSON.stringify({ ...rest, fields: [...kept, 'args', args] })
}
