import { readableValue } from '../client/inspector.ts'
import { editSchedule } from '../client/schedule-edit.ts'
import type { Schedule, ScheduleRun } from '../client/schedule-view.ts'
import { RqtsError } from '../errors.ts'
import { cronWarnings } from '../schedule/cron.ts'
import type { ScheduleRunView, ScheduleView } from './contract.ts'
import type { Handlers, Tools } from './handlers.ts'
import { payloadView } from './payload.ts'
import { Refusal } from './refusal.ts'

type ScheduleRoutes =
  | 'GET /schedules'
  | 'GET /schedule'
  | 'POST /schedule/run'
  | 'POST /schedule/pause'
  | 'POST /schedule/resume'
  | 'POST /schedule/skip'
  | 'POST /schedule/remove'
  | 'POST /schedule/edit'

const NEXT_RUNS = 5
const MAX_ARGS = 1_000

export function scheduleRoutes(tools: Tools): Handlers<ScheduleRoutes> {
  return { ...lookRoutes(tools), ...changeRoutes(tools), 'POST /schedule/edit': editRoute(tools) }
}

function lookRoutes({ schedules, options: { redaction } }: Tools) {
  return {
    'GET /schedules': async () => {
      const [list, { lateMs, ticker }] = await Promise.all([schedules.list(), schedules.health()])
      return { schedules: list.map(scheduleView), health: { lateMs, ticker } }
    },
    'GET /schedule': async (input) => {
      const name = input.name('schedule', 'name')
      const schedule = await schedules.get(name)
      if (schedule === null) throw notFound(name)
      const next = await schedules.next(name, NEXT_RUNS).catch(() => [])
      const { task, queue } = schedule
      const args = payloadView(readableValue(schedule.args), { part: 'args', task, queue, id: name }, redaction)
      return { ...scheduleView(schedule), args, next: next.map((at) => at.toISOString()), history: schedule.history.map(runView) }
    },
  } satisfies Partial<Handlers>
}

function changeRoutes({ schedules, log }: Tools) {
  return {
    'POST /schedule/run': async (input, visitor) => {
      const { queue, id } = await schedules.runNow(input.name('schedule', 'name'))
      log(visitor, 'run schedule', { schedule: input.name('schedule', 'name'), queue, id })
      return { queue, id }
    },
    'POST /schedule/pause': async (input, visitor) => {
      const schedule = await schedules.pause(input.name('schedule', 'name'))
      log(visitor, 'pause schedule', { schedule: schedule.name })
      return scheduleView(schedule)
    },
    'POST /schedule/resume': async (input, visitor) => {
      const schedule = await schedules.resume(input.name('schedule', 'name'))
      log(visitor, 'resume schedule', { schedule: schedule.name })
      return scheduleView(schedule)
    },
    'POST /schedule/skip': async (input, visitor) => {
      const schedule = await schedules.skipNext(input.name('schedule', 'name'))
      log(visitor, 'skip a run', { schedule: schedule.name })
      return scheduleView(schedule)
    },
    'POST /schedule/remove': async (input, visitor) => {
      const name = input.name('schedule', 'name')
      if (!(await schedules.remove(name))) throw notFound(name)
      log(visitor, 'remove schedule', { schedule: name })
      return { ok: true }
    },
  } satisfies Partial<Handlers>
}

function editRoute({ store, schedules, log }: Tools): Handlers['POST /schedule/edit'] {
  return async (input, visitor) => {
    const name = input.name('schedule', 'name')
    const [cron, every, tz] = [input.optionalText('cron', 200), input.optionalText('every', 40), input.optionalText('tz', 60)]
    const [args, queue] = [input.optionalList('args', MAX_ARGS), input.optionalName('queue')]
    await editSchedule(store, name, {
      ...(cron !== undefined && { cron }),
      ...(every !== undefined && { every }),
      ...(tz !== undefined && { tz }),
      ...(args !== undefined && { args }),
      ...(queue !== undefined && { queue }),
    }).catch((error: unknown) => {
      // Names, arguments and what is gone have codes of their own: it is the times that cannot be.
      const times = error instanceof RqtsError && (error.code === 'RQTS_BAD_OPTION' || error.code === 'RQTS_BAD_DURATION')
      if (!times) throw error
      const facts = { ...(cron !== undefined && { cron }), ...(every !== undefined && { every }), ...(tz !== undefined && { tz }) }
      throw new Refusal(400, error.code, error.message, { what: 'times', facts })
    })
    log(visitor, 'edit schedule', { schedule: name, cron, every, tz, queue, args: args !== undefined })
    const schedule = await schedules.get(name)
    if (schedule === null) throw notFound(name)
    return scheduleView(schedule)
  }
}

function notFound(name: string): RqtsError {
  return new RqtsError('RQTS_SCHEDULE_NOT_FOUND', `There is no schedule '${name}'`)
}

const KINDS = { every: 'every', cron: 'cron', sun: 'sun', at: 'custom', custom: 'custom' } as const

function scheduleView(schedule: Schedule): ScheduleView {
  const { name, task, queue, expression, words, tz, state, runs, overlap, misfire, limit } = schedule
  return {
    name,
    task,
    queue,
    expression,
    words,
    tz,
    state,
    runs,
    overlap,
    misfire,
    trigger: KINDS[schedule.trigger.kind],
    nextRunAt: schedule.nextRunAt?.toISOString() ?? null,
    lastRun: schedule.lastRun === undefined ? null : runView(schedule.lastRun),
    jitterMs: schedule.jitter,
    startAt: schedule.startAt?.toISOString() ?? null,
    endAt: schedule.endAt?.toISOString() ?? null,
    limit: limit ?? null,
    updatedAt: schedule.updatedAt.toISOString(),
    warnings: schedule.trigger.kind === 'cron' ? cronWarnings(schedule.trigger.cron) : [],
  }
}

function runView({ id, queue, at, firedAt, outcome, endedAt }: ScheduleRun): ScheduleRunView {
  return { id, queue, at: at.toISOString(), firedAt: firedAt.toISOString(), outcome, endedAt: endedAt?.toISOString() ?? null }
}
