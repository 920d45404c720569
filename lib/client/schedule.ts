import { RqtsError } from '../errors.ts'
import type { ScheduleOptions } from '../schedule/options.ts'
import type { AnyFunction, ArgsOf } from '../task/infer.ts'
import { draftSchedule, putSchedule } from './schedule-draft.ts'
import { type Schedule, showSchedules } from './schedule-view.ts'
import { type ConnectOptions, sharedStore } from './shared-store.ts'

/**
 * Runs a task again and again: `schedule('report', report, ['daily'], { cron: '30 8 * * MON-FRI', tz: 'Europe/Berlin' })`. To be called at every
 * start: what is registered unchanged stays as it is. Any worker fires it.
 */
export async function schedule<F extends AnyFunction = AnyFunction>(
  name: string,
  fn: F | string,
  args: Readonly<ArgsOf<F>>,
  options: ScheduleOptions,
  where: ConnectOptions = {},
): Promise<Schedule> {
  const draft = await draftSchedule(name, fn, args, options)
  const store = sharedStore(where)
  const written = await putSchedule(store, draft)
  const [made] = await showSchedules(store, [name])
  if (!made) throw notFound(name)
  if (written !== 'unchanged') warn(made)
  return made
}

export function notFound(name: string): RqtsError {
  return new RqtsError('RQTS_SCHEDULE_NOT_FOUND', `There is no schedule '${name}': it was never registered, or was removed`)
}

/** On the console, once: whoever reads it wrote the schedule. */
export function warn({ name, state, warnings }: Schedule): void {
  const ended = state === 'ended' ? ['it has no run ahead: its time, its endAt or its limit is past'] : []
  for (const text of [...warnings, ...ended])
    process.emitWarning(`Schedule '${name}': ${text}`, { type: 'RqtsWarning', code: 'RQTS_SCHEDULE' })
}
